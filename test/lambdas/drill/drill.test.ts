/** Which copy a drill takes, and what it refuses; rows are opened for real in test/integration/escrow.test.ts. */
import { beforeEach, expect, test } from '@jest/globals';
import type { EscrowCopy } from '../../../domain/secrets/escrow-copy.ts';
import type { StoredCopy } from '../../../doors/escrow.ts';
import type { Session } from '../../../doors/postgres/door.ts';
import { drill } from '../../../lambdas/drill/drill.ts';
import { EncryptionStrategy } from '../../../lambdas/encryption/encryption-strategy.ts';
import { rotate, rotation } from '../rotation-in-memory.ts';

const secretName = 'pharmacy/prod/pii';
const format = { field: 'ENCRYPTION_KEY', bits: 256, encoding: 'base64' } as const;
const strategy = new EncryptionStrategy(format);
const first = await rotate(strategy, {}, rotation('planned'));
const secretString = strategy.serialize(first);
const id = (letter: string) => letter.repeat(32);

const stored = (letter: string, storedAt: string): StoredCopy => ({
  versionId: id(letter),
  objectVersion: `object-${letter}`,
  storedAt: new Date(storedAt),
});
const copy = (letter: string, createdAt: string): EscrowCopy => ({
  secretName,
  versionId: id(letter),
  createdAt,
  secretString,
});

let copies: Map<StoredCopy, EscrowCopy>;
let credential: string | undefined;
let statements: string[];
beforeEach(() => {
  statements = [];
  credential = '{"username":"u","password":"canary-password"}';
  copies = new Map([
    [stored('b', '2027-01-10T12:00:05Z'), copy('b', '2027-01-10T12:00:05.010Z')],
    [stored('c', '2027-01-10T12:00:05Z'), copy('c', '2027-01-10T12:00:05.020Z')],
    [stored('a', '2027-01-10T12:00:04Z'), copy('a', '2027-01-10T12:00:05.030Z')],
  ]);
});

const session: Session = {
  query: async (text) => {
    statements.push(text);
    return [];
  },
  transaction: (work) => work(),
};

const held = (request?: unknown) =>
  drill(
    {
      escrow: {
        list: async () => [...copies.keys()],
        read: async (wanted) => ({ ...(copies.get(wanted) as EscrowCopy), bytes: 1 }),
      },
      secretsManager: { getCurrentValue: async () => credential },
      postgres: { withSession: async (_endpoint, _credential, work) => work(session) },
      clock: { now: () => new Date('2027-01-11T00:00:00Z'), sleep: async () => undefined },
    },
    {
      ...format,
      secretName,
      columns: [{ id: 'n.b', table: 'public.n', column: 'b', format: 'qt1', profile: 'column' }],
      databaseSecretArn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:db-AbCdEf',
      endpoint: { host: 'h', port: 5432, dbname: 'd', ca: '' },
    },
    request,
  );

test('the newest copy is taken: by the second it was stored in, then by when its value was made', async () => {
  expect((await held()).copy).toMatchObject({ versionId: id('c'), copies: 3 });
  expect((await held({ versionId: id('a') })).copy.versionId).toBe(id('a'));
});

test('of two copies of one second, the one made from the other is the newer, whatever the clocks said', async () => {
  const keyset = JSON.parse(secretString);
  keyset.keyset.basedOn = id('c');
  const [b] = [...copies.keys()];
  copies.set(b as StoredCopy, {
    ...copy('b', '2027-01-10T12:00:05.010Z'),
    secretString: JSON.stringify(keyset),
  });
  expect((await held()).copy.versionId).toBe(id('b'));
});

test('a column that cannot be read makes the drill fail; every statement of it reads only', async () => {
  expect(await held()).toMatchObject({
    outcome: 'failed',
    columns: [{ id: 'n.b', sampled: 0, problem: 'table public.n does not exist' }],
  });
  expect(statements[0]).toBe('set transaction read only');
});

test.each([
  ['no copy at all', () => copies.clear(), undefined, 'ERR_ROTATION_NO_ESCROW_COPY'],
  ['no copy of that version', () => {}, { versionId: id('d') }, 'ERR_ROTATION_NO_ESCROW_COPY'],
  [
    'a copy of another secret',
    () => replace({ secretName: 'other' }),
    undefined,
    'ERR_ROTATION_ESCROW_COPY_FOREIGN',
  ],
  [
    'a copy of another version',
    () => replace({ versionId: id('e') }),
    undefined,
    'ERR_ROTATION_ESCROW_COPY_FOREIGN',
  ],
  [
    'one plain key',
    () => replace({ secretString: Buffer.alloc(32, 7).toString('base64') }),
    undefined,
    'ERR_ROTATION_ESCROW_NO_KEYSET',
  ],
  [
    'a damaged keyset',
    () => replace({ secretString: '{"ENCRYPTION_KEY":"canary"}' }),
    undefined,
    'ERR_ROTATION_SECRET_INVALID',
  ],
  [
    'no credential of the database',
    () => {
      credential = 'canary-password';
    },
    undefined,
    'ERR_ROTATION_DATABASE_CREDENTIAL',
  ],
  ['a request it does not know', () => {}, { rows: 5 }, 'ERR_ROTATION_DRILL_REQUEST'],
])('%s is refused before any row is read', async (_title, arrange, request, code) => {
  arrange();
  const outcome = held(request);
  await expect(outcome).rejects.toMatchObject({ code });
  await expect(outcome).rejects.not.toThrow('canary');
  expect(statements).toEqual([]);
});

function replace(change: Partial<EscrowCopy>): void {
  copies = new Map([...copies].map(([key, value]) => [key, { ...value, ...change }]));
}
