/** The operations by name, with those whose calls the trail records. */
import type { Operation } from '../../service.ts';
import type { Backend } from '../backend.ts';
import { createSecret } from './create-secret.ts';
import { describeSecret } from './describe-secret.ts';
import { getSecretValue } from './get-secret-value.ts';
import { putSecretValue } from './put-secret-value.ts';
import { rotateSecret } from './rotate-secret.ts';
import { updateSecretVersionStage } from './update-secret-version-stage.ts';

export function allOperations(backend: Backend): Readonly<Record<string, Operation>> {
  return {
    DescribeSecret: describeSecret(backend),
    GetSecretValue: getSecretValue(backend),
    ...recorded(backend, {
      CreateSecret: createSecret(backend),
      PutSecretValue: putSecretValue(backend),
      RotateSecret: rotateSecret(backend),
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
