import { expect, jest, test } from '@jest/globals';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { seededCrypto } from './seeded-crypto.ts';

jest.unstable_mockModule('node:crypto', seededCrypto);
const { baselineRoom } = await import('./baseline.ts');
const { lockoutsOf } = await import('./lockouts.ts');
const { methodsInUse } = await import('./methods-in-use.ts');
const { databaseRoom } = await import('./rooms/databases.ts');
const { seed } = await import('./seeded-random.ts');
const { expectSound } = await import('./sound.ts');

/** Sources of stack frames are looked up at every error otherwise, which costs more than a schedule. */
Error.stackTraceLimit = 0;

/** Of a value that was taken over and never rotated (test/lambdas/database/restoring-logins.ts). */
const ofAdopted = ['controlTable.getAdoption'];

test('rooms of a PostgreSQL login: every call fails in every way, and every recovery ends well', async () => {
  const inUse = methodsInUse('database');
  expect(inUse.size).toBeGreaterThan(5);
  const used = [...inUse].filter((method) => !ofAdopted.includes(method));
  await expectSound([databaseRoom('multiUser'), databaseRoom('singleUser')], used);
}, 3_600_000);

test("AWS's own single-user algorithm shows its lockouts here, and ours has none that stays", async () => {
  const baseline = await lockoutsOf(baselineRoom);
  recordFigures('crash-matrix-baseline', seed, { ...baseline });
  // From the ALTER until AWSCURRENT moves; cancelled then, nobody knows the password any more.
  expect(baseline).toEqual({ crashes: 46, untilRecovery: 14, afterSameToken: 0, forGood: 14 });
  const every = isFull ? 1 : 12;
  expect(await lockoutsOf(databaseRoom('singleUser'), every)).toMatchObject({
    afterSameToken: 0,
    forGood: 0,
  });
  expect(await lockoutsOf(databaseRoom('multiUser'), every)).toMatchObject({
    untilRecovery: 0,
    afterSameToken: 0,
    forGood: 0,
  });
}, 300_000);
