/** The operations by name, with those whose calls the trail records. */
import type { Operation } from '../../service.ts';
import type { Backend } from '../backend.ts';
import { assertOursToChange } from '../foreign-owner.ts';
import { batchGetSecretValue } from './batch-get-secret-value.ts';
import { cancelRotateSecret } from './cancel-rotate-secret.ts';
import { createSecret } from './create-secret.ts';
import { deleteSecret, restoreSecret } from './delete-secret.ts';
import { describeSecret } from './describe-secret.ts';
import { getRandomPassword } from './get-random-password.ts';
import { getSecretValue } from './get-secret-value.ts';
import { listSecretVersionIds } from './list-secret-version-ids.ts';
import { listSecrets } from './list-secrets.ts';
import { putSecretValue } from './put-secret-value.ts';
import {
  deleteResourcePolicy,
  getResourcePolicy,
  putResourcePolicy,
  validateResourcePolicy,
} from './resource-policy.ts';
import { rotateSecret } from './rotate-secret.ts';
import { tagResource, untagResource } from './tag-resource.ts';
import { updateSecret } from './update-secret.ts';
import { updateSecretVersionStage } from './update-secret-version-stage.ts';

export function allOperations(backend: Backend): Readonly<Record<string, Operation>> {
  return {
    BatchGetSecretValue: batchGetSecretValue(backend),
    DescribeSecret: describeSecret(backend),
    GetRandomPassword: getRandomPassword(),
    GetResourcePolicy: getResourcePolicy(backend),
    GetSecretValue: getSecretValue(backend),
    ListSecretVersionIds: listSecretVersionIds(backend),
    ListSecrets: listSecrets(backend),
    ValidateResourcePolicy: validateResourcePolicy(backend),
    ...recorded(backend, {
      CancelRotateSecret: cancelRotateSecret(backend),
      CreateSecret: createSecret(backend),
      DeleteResourcePolicy: deleteResourcePolicy(backend),
      DeleteSecret: deleteSecret(backend),
      PutResourcePolicy: putResourcePolicy(backend),
      PutSecretValue: putSecretValue(backend),
      RestoreSecret: restoreSecret(backend),
      RotateSecret: rotateSecret(backend),
      TagResource: tagResource(backend),
      UntagResource: untagResource(backend),
      UpdateSecret: updateSecret(backend),
      UpdateSecretVersionStage: updateSecretVersionStage(backend),
    }),
  };
}

/** Calls that change something reach EventBridge through the trail, the refused ones too. */
function recorded(
  backend: Backend,
  operations: Readonly<Record<string, Operation>>,
): Record<string, Operation> {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [
      name,
      {
        authorize: operation.authorize,
        run: async (input, caller) => {
          try {
            assertOursToChange(backend, name, input);
            const output = (await operation.run(input, caller)) as { ARN?: string };
            const arn = output.ARN === undefined ? {} : { arn: output.ARN };
            backend.serviceEvents.apiCall(name, caller, input, arn);
            return output;
          } catch (error) {
            const { name: errorCode, message: errorMessage } = error as Error;
            backend.serviceEvents.apiCall(name, caller, input, { errorCode, errorMessage });
            throw error;
          }
        },
      } satisfies Operation,
    ]),
  );
}
