import type { Operation } from '../../service.ts';
import { checkSecret } from '../access.ts';
import type { Backend } from '../backend.ts';
import { changeSecret } from '../change.ts';
import { invalidParameter } from '../errors.ts';
import { optionalBoolean, requiredString, secretId } from '../input.ts';
import type { Secret } from '../secret.ts';
import { seconds } from './describe-secret.ts';

const DAY = 86_400_000;

export function deleteSecret(backend: Backend): Operation {
  return {
    authorize: (input) => {
      const secret = backend.store.find(secretId(input));
      const force = optionalBoolean(input, 'ForceDeleteWithoutRecovery');
      if (secret === undefined && force === true) {
        // "Secrets Manager doesn't return ResourceNotFoundException" when deletion is forced.
        return [
          {
            action: 'secretsmanager:DeleteSecret',
            resource: backend.store.futureArn(secretId(input)),
          },
        ];
      }
      return [
        checkSecret('DeleteSecret', backend.store.get(secretId(input)), input, {
          ...(force === undefined
            ? {}
            : { 'secretsmanager:ForceDeleteWithoutRecovery': String(force) }),
          ...(input.RecoveryWindowInDays === undefined
            ? {}
            : { 'secretsmanager:RecoveryWindowInDays': String(input.RecoveryWindowInDays) }),
        }),
      ];
    },
    run: async (input) => {
      const days = input.RecoveryWindowInDays;
      const force = optionalBoolean(input, 'ForceDeleteWithoutRecovery') ?? false;
      if (force && days !== undefined) {
        throw invalidParameter(
          "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        );
      }
      const recovery = typeof days === 'number' ? days : 30;
      if (recovery < 7 || recovery > 30 || !Number.isInteger(recovery)) {
        throw invalidParameter(
          'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
        );
      }
      const now = backend.clock.now();
      const id = secretId(input);
      if (force) {
        const secret = backend.store.find(id);
        if (secret !== undefined) {
          end(backend, secret);
        }
        const name = secret?.name ?? requiredString(input, 'SecretId');
        const arn = secret?.arn ?? (id.startsWith('arn:') ? id : backend.store.futureArn(id));
        return { ARN: arn, Name: name, DeletionDate: seconds(now) };
      }
      const secret = backend.store.live(id);
      const due = new Date(now.getTime() + recovery * DAY);
      const deletion = { requested: now, due };
      stopWork(backend, secret);
      changeSecret(backend, secret, (draft) => {
        draft.deletion = deletion;
      });
      backend.serviceEvents.deletion('StartSecretVersionDelete', secret);
      backend.clock.at(due, `end of the recovery window of ${secret.name}`, async () => {
        if (secret.state.deletion?.due === due) {
          end(backend, secret);
        }
      });
      return { ARN: secret.arn, Name: secret.name, DeletionDate: seconds(due) };
    },
  };
}

export function restoreSecret(backend: Backend): Operation {
  return {
    authorize: (input) => [checkSecret('RestoreSecret', backend.store.get(secretId(input)), input)],
    run: async (input) => {
      const secret = backend.store.get(secretId(input));
      if (secret.state.deletion !== undefined) {
        changeSecret(backend, secret, (draft) => {
          delete draft.deletion;
        });
        backend.serviceEvents.deletion('CancelSecretVersionDelete', secret);
        backend.schedule.arm(secret);
      }
      return { ARN: secret.arn, Name: secret.name };
    },
  };
}

function end(backend: Backend, secret: Secret): void {
  stopWork(backend, secret);
  backend.serviceEvents.deletion('EndSecretVersionDelete', secret);
  backend.store.remove(secret);
}

function stopWork(backend: Backend, secret: Secret): void {
  backend.rotations.stop(secret);
  backend.schedule.disarm(secret);
}
