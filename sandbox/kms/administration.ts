/** What changes a key, and what ends it. */
import type { SandboxClock } from '../clock.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import { assertSupportedPolicy } from '../iam/validate.ts';
import { type AccessCheck, type Caller, type Operation, ServiceException } from '../service.ts';
import { requiredString, validation } from './input.ts';
import type { Key } from './key.ts';
import type { KeyStore } from './key-store.ts';

export interface Administration {
  store: KeyStore;
  clock: SandboxClock;
  check(action: string, key: Key, caller: Caller): AccessCheck;
}

const DAY = 86_400_000;

export function administrationOperations({
  store,
  clock,
  check,
}: Administration): Record<string, Operation> {
  const operation = (
    name: string,
    run: (key: Key, input: Record<string, unknown>) => object,
  ): Operation => ({
    authorize: (input, caller) => [
      check(`kms:${name}`, store.find(requiredString(input, 'KeyId')), caller),
    ],
    run: async (input) => run(store.find(requiredString(input, 'KeyId')), input),
  });
  return {
    GetKeyPolicy: operation('GetKeyPolicy', (key) => ({
      Policy: JSON.stringify(key.policy),
      PolicyName: 'default',
    })),
    PutKeyPolicy: operation('PutKeyPolicy', (key, input) => {
      const policy = JSON.parse(requiredString(input, 'Policy')) as PolicyDocument;
      assertSupportedPolicy(policy, `key policy of ${key.keyId}`, 'resource');
      key.policy = policy;
      return {};
    }),
    UpdateKeyDescription: operation('UpdateKeyDescription', (key, { Description }) => {
      key.description = String(Description ?? '');
      return {};
    }),
    EnableKeyRotation: operation('EnableKeyRotation', (key) => {
      key.rotationEnabled = true;
      return {};
    }),
    DisableKeyRotation: operation('DisableKeyRotation', (key) => {
      key.rotationEnabled = false;
      return {};
    }),
    ScheduleKeyDeletion: operation('ScheduleKeyDeletion', (key, input) => {
      const days = input.PendingWindowInDays === undefined ? 30 : Number(input.PendingWindowInDays);
      if (!Number.isInteger(days) || days < 7 || days > 30) {
        throw validation('PendingWindowInDays must be between 7 and 30 days (inclusive).');
      }
      if (key.state === 'PendingDeletion') {
        throw new ServiceException('KMSInvalidStateException', `${key.arn} is pending deletion.`);
      }
      const due = new Date(clock.now().getTime() + days * DAY);
      key.state = 'PendingDeletion';
      key.deletionDate = due;
      clock.at(due, `deletion of ${key.arn}`, async () => {
        if (key.deletionDate === due) {
          store.remove(key);
        }
      });
      return {
        KeyId: key.arn,
        DeletionDate: due.getTime() / 1000,
        KeyState: 'PendingDeletion',
        PendingWindowInDays: days,
      };
    }),
    CancelKeyDeletion: operation('CancelKeyDeletion', (key) => {
      if (key.state !== 'PendingDeletion') {
        throw new ServiceException(
          'KMSInvalidStateException',
          `${key.arn} is not pending deletion.`,
        );
      }
      // "If this operation is successful, the key state of the KMS key is Disabled".
      key.state = 'Disabled';
      key.deletionDate = undefined;
      return { KeyId: key.arn };
    }),
  };
}
