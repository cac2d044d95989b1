import type { Operation } from '../../service.ts';
import { checkSecret } from '../access.ts';
import type { Backend } from '../backend.ts';
import { changeSecret } from '../change.ts';
import { invalidRequest } from '../errors.ts';
import { secretId } from '../input.ts';
import { pendingElsewhere } from '../versions.ts';

/**
 * Turns rotation off and ends a rotation under way after the step that is running. AWSPENDING stays where
 * it is and blocks the next rotation: "remove the AWSPENDING staging label" is the caller's (API reference).
 */
export function cancelRotateSecret(backend: Backend): Operation {
  return {
    authorize: (input) => [
      checkSecret('CancelRotateSecret', backend.store.get(secretId(input)), input),
    ],
    run: async (input) => {
      const secret = backend.store.live(secretId(input));
      if (secret.state.rotation === undefined) {
        throw invalidRequest('Rotation is not configured for this secret.');
      }
      backend.rotations.stop(secret);
      changeSecret(backend, secret, (draft) => {
        if (draft.rotation !== undefined) {
          draft.rotation.enabled = false;
        }
      });
      backend.schedule.disarm(secret);
      const partial = pendingElsewhere(secret.state);
      return {
        ARN: secret.arn,
        Name: secret.name,
        ...(partial === undefined ? {} : { VersionId: partial.versionId }),
      };
    },
  };
}
