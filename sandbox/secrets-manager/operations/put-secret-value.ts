import type { Operation } from '../../service.ts';
import { checkSecret } from '../access.ts';
import type { Backend } from '../backend.ts';
import { invalidRequest } from '../errors.ts';
import { optionalString, requestToken, secretId, secretValue, versionStages } from '../input.ts';
import { CURRENT } from '../versions.ts';
import { putValue } from './put-value.ts';

export function putSecretValue(backend: Backend): Operation {
  return {
    authorize: (input) => [
      checkSecret('PutSecretValue', backend.store.get(secretId(input)), input),
    ],
    run: async (input, caller) => {
      const token = requestToken(input);
      const value = secretValue(input);
      const stages = versionStages(input) ?? [CURRENT];
      const rotationToken = optionalString(input, 'RotationToken', 36, 256);
      if (value === undefined) {
        throw invalidRequest('You must provide either SecretString or SecretBinary.');
      }
      const secret = backend.store.live(secretId(input));
      if (rotationToken !== undefined) {
        backend.rotations.verify(secret, rotationToken);
      }
      putValue(backend, caller, secret, { token, value, stages });
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: token,
        VersionStages: [...(secret.state.versions.get(token)?.labels ?? [])],
      };
    },
  };
}
