import type { Caller, Operation } from '../../service.ts';
import { checkSecret } from '../access.ts';
import type { Backend } from '../backend.ts';
import { changeSecret } from '../change.ts';
import { optionalString, requestToken, secretId, secretValue } from '../input.ts';
import type { Secret, SecretState } from '../secret.ts';
import { CURRENT, PENDING, PREVIOUS } from '../versions.ts';
import { putValue, tokenInUse } from './put-value.ts';

export function updateSecret(backend: Backend): Operation {
  return {
    authorize: (input) => [
      checkSecret('UpdateSecret', backend.store.get(secretId(input)), input, {
        ...(typeof input.KmsKeyId === 'string'
          ? { 'secretsmanager:KmsKeyId': input.KmsKeyId }
          : {}),
      }),
    ],
    run: async (input, caller) => {
      const value = secretValue(input);
      const token = value === undefined ? undefined : requestToken(input);
      const description = optionalString(input, 'Description', 0);
      const kmsKeyId = optionalString(input, 'KmsKeyId', 0);
      const secret = backend.store.live(secretId(input));
      // Unlike PutSecretValue this is not idempotent: a token that has a value is refused, the same or not.
      if (token !== undefined && secret.state.versions.get(token)?.value !== undefined) {
        throw tokenInUse(token, secret);
      }
      if (description !== undefined || kmsKeyId !== undefined) {
        changeSecret(backend, secret, (draft) => {
          if (description !== undefined) {
            draft.description = description;
          }
          if (kmsKeyId === '' || kmsKeyId === 'alias/aws/secretsmanager') {
            delete draft.kmsKeyId;
          } else if (kmsKeyId !== undefined) {
            draft.kmsKeyId = kmsKeyId;
          }
          if (kmsKeyId !== undefined) {
            reencrypt(backend, caller, secret, draft);
          }
        });
      }
      if (value !== undefined && token !== undefined) {
        putValue(backend, caller, secret, { token, value, stages: [CURRENT] });
      }
      return {
        ARN: secret.arn,
        Name: secret.name,
        ...(token === undefined ? {} : { VersionId: token }),
      };
    },
  };
}

/** "If you change the KMS key, Secrets Manager re-encrypts AWSCURRENT, AWSPENDING, and AWSPREVIOUS". */
function reencrypt(backend: Backend, caller: Caller, secret: Secret, draft: SecretState): void {
  for (const version of draft.versions.values()) {
    const kept = [CURRENT, PENDING, PREVIOUS].some((label) => version.labels.has(label));
    if (kept && version.value !== undefined) {
      const plain = backend.values.open(caller, secret, version.value);
      version.value = backend.values.seal(
        caller,
        secret.arn,
        draft.kmsKeyId,
        version.versionId,
        plain,
      );
    }
  }
}
