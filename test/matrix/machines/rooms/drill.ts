import type { StoredCopy } from '../../../../doors/escrow.ts';
import type { Session } from '../../../../doors/postgres/door.ts';
import { drill as restore } from '../../../../lambdas/drill/drill.ts';
import { EncryptionStrategy } from '../../../../lambdas/encryption/encryption-strategy.ts';
import { settableClock } from '../../../doors/recorded.ts';
import { rotate, rotation } from '../../../lambdas/rotation-in-memory.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

const format = { field: 'ENCRYPTION_KEY', bits: 256, encoding: 'base64' } as const;
const strategy = new EncryptionStrategy(format);
const secretString = strategy.serialize(await rotate(strategy, {}, rotation('planned')));
const password = 'canary-of-the-password-12';
const secretName = 'pharmacy/prod/pii';
const versionId = 'a'.repeat(32);

/** Asked by a person, who reads the answer; nothing of it is kept. */
function world(): FunctionWorld {
  const session: Session = { query: async () => [], transaction: (work) => work() };
  const copy: StoredCopy = { versionId, objectVersion: 'one', storedAt: new Date('2027-01-10') };
  const doors = {
    escrow: {
      list: async () => [copy],
      read: async () => ({
        secretName,
        versionId,
        createdAt: '2027-01-10T12:00:05.010Z',
        secretString,
        bytes: 1,
      }),
    },
    secretsManager: { getCurrentValue: async () => JSON.stringify({ username: 'u', password }) },
    postgres: {
      withSession: async <T>(_at: object, _as: object, work: (of: Session) => Promise<T>) =>
        work(session),
    },
    clock: settableClock('2027-01-11T00:00:00Z'),
  };
  const settings = {
    ...format,
    secretName,
    columns: [
      { id: 'n.b', table: 'public.n', column: 'b', format: 'qt1', profile: 'column' } as const,
    ],
    databaseSecretArn: 'arn:db',
    endpoint: { host: 'h', port: 5432, dbname: 'd', ca: '' },
  };
  let answer: unknown;
  return {
    invoke: async (at) => {
      answer = await restore(faultyDoors(at, doors), settings, undefined);
      return answer;
    },
    outcome: () => answer,
    told: () => undefined,
  };
}

const keyText = (JSON.parse(secretString) as { ENCRYPTION_KEY: string }).ENCRYPTION_KEY;
export const drill: readonly FunctionCase[] = [
  { name: 'restores', start: world, canaries: [password, keyText] },
];
