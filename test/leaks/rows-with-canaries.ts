/** Rows whose plaintexts are looked for: sealed, damaged, and never sealed. What is in a field is a secret, too. */
import { seedDatabase } from '../../demo/data/seed.ts';
import type { World } from '../integration/world.ts';
import { canary } from './rooms.ts';

/** What the server may not write down either: the test's own statements hold the plaintexts. */
const unseen = `SET log_statement = 'none'; SET log_min_duration_statement = -1; SET pg_stat_statements.track = 'none';
  SET log_min_error_statement = 'panic'; SET track_activities = off`;

const plaintexts: Readonly<Record<string, string>> = {
  'a sealed field': `sealed ${canary('a sealed field', 18).toString('base64')}`,
  'a damaged field': `damaged ${canary('a damaged field', 18).toString('base64')}`,
  'a field that was never sealed': `plain ${canary('a plain field', 18).toString('base64')}`,
};

/**
 * First values, the rows sealed with them, and three of them as they should not be.
 * @returns what must be nowhere, by what it is
 */
export async function rowsWithCanaries(world: World): Promise<Record<string, string>> {
  const { operator, application, data, asSuperuser } = world.stage;
  for (const key of ['db', 'legacyDb', 'rowsDb', 'jwt', 'pii']) {
    await world.later();
    await operator.rotate(key);
  }
  const { statements } = await operator.planRows('pii');
  const cipher = await application.cipher();
  const [sealed = '', damaged = '', plain = ''] = Object.values(plaintexts);
  const ids = data.patients.slice(0, 3).map(({ id }) => id);
  const [first = 0, second = 0, third = 0] = ids;
  await asSuperuser(async (session) => {
    for (const { sql } of statements) await session.query(sql);
    await seedDatabase(session, data, cipher);
    await session.query(unseen);
    const set = (id: number, phone: string) =>
      session.query('UPDATE public.patients SET phone = $1 WHERE id = $2', [phone, id]);
    await set(first, cipher.seal('patients.phone', first, sealed));
    await set(second, `${cipher.seal('patients.phone', second, damaged).slice(0, -6)}AAAAAA`);
    await set(third, plain);
  });
  return plaintexts;
}
