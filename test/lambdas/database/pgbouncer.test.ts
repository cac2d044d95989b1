import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { scramVerifier } from '../../../doors/postgres/scram.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { type PgBouncer, pgbouncerProgram, startPgBouncer } from './pgbouncer.ts';
import { type Pharmacy, rotationOf, startPharmacy } from './pharmacy.ts';

/** As docs/connections.md says. */
const lookup = `
  create role pgbouncer login password '%';
  create schema pgbouncer;
  grant usage on schema pgbouncer to pgbouncer;
  create function pgbouncer.verifier_of(role text) returns table (usename text, passwd text)
    language sql security definer set search_path = '' as $$
      select s.usename::text, s.passwd::text from pg_catalog.pg_shadow s
       where s.usename = $1 and s.usename in ('pharmacy_app', 'pharmacy_app_a', 'pharmacy_app_b') $$;
  revoke all on function pgbouncer.verifier_of(text) from public;
  grant execute on function pgbouncer.verifier_of(text) to pgbouncer;
`;
const authQuery = {
  database: 'auth_user=pgbouncer',
  settings: { auth_query: 'select usename, passwd from pgbouncer.verifier_of($1)' },
};
const poolerPassword = 'the password of the pooler itself';

let pharmacy: Pharmacy;
const started: PgBouncer[] = [];

beforeAll(async () => {
  if (pgbouncerProgram === undefined) {
    console.warn('PgBouncer is not installed: its own answers are not tested here.');
    return;
  }
  pharmacy = await startPharmacy();
  await pharmacy.sql(lookup.replace('%', scramVerifier(poolerPassword)));
});
afterAll(async () => {
  for (const pooler of started) await pooler.stop();
  await pharmacy?.server.stop();
});

async function bouncer(more: Omit<Parameters<typeof startPgBouncer>[0], 'server' | 'dbname'>) {
  const pooler = await startPgBouncer({ server: pharmacy.server, dbname: 'pharmacy', ...more });
  started.push(pooler);
  const tools = {
    ...pharmacy.multiUser,
    settings: {
      ...pharmacy.multiUser.settings,
      CONNECTION: 'pgbouncer' as const,
      ENDPOINTS: [{ host: 'localhost', port: pooler.port }],
    },
    poolerCa: pooler.ca,
  };
  return { pooler, tools, strategy: new DatabaseStrategy(tools) };
}

/** A rotation up to testSecret, the next role in turn. */
async function setPending(strategy: DatabaseStrategy, username: string, password: string) {
  const rotation = rotationOf('planned', pharmacy.admin);
  const current = strategy.parse(
    JSON.stringify({ engine: 'postgres', host: 'localhost', username, password }),
  );
  const pending = await strategy.createSecret({ current }, rotation);
  await strategy.setSecret({ current, pending }, rotation);
  return { versions: { current, pending }, rotation };
}
const asIdentity = (strategy: DatabaseStrategy) =>
  setPending(strategy, 'pharmacy_app', pharmacy.identityPassword);

const onPgBouncer = pgbouncerProgram === undefined ? test.skip : test;

onPgBouncer.each(['transaction', 'session', 'statement'])(
  'PgBouncer with auth_query follows at once, whatever the password was before (pool_mode %s)',
  async (pool_mode) => {
    const { strategy, tools, pooler } = await bouncer({
      users: { pgbouncer: poolerPassword },
      database: authQuery.database,
      settings: { ...authQuery.settings, pool_mode },
    });
    for (let twice = 0; twice < 2; twice++) {
      const { versions, rotation } = await asIdentity(strategy);
      await strategy.testSecret(versions, rotation);
      await strategy.testSecret(versions, rotation);
      expect(rotation.facts.at(-1)).toMatchObject({
        fact: 'loginAcceptedThroughPooler',
        detail: { role: 'pharmacy_app_a', port: pooler.port, through: 'pgbouncer' },
      });
      // The next client of the same server session finds it as it was.
      const place = { ...pharmacy.at(), port: pooler.port, ca: pooler.ca, pooled: true as const };
      const [row] = await tools.door.withSession(place, versions.pending, (session) =>
        session.query(`select current_setting('statement_timeout') as timeout`),
      );
      expect(row).toEqual({ timeout: '40s' });
    }
  },
);

onPgBouncer(
  'PgBouncer with a userlist.txt refuses the new password of a role it knows: nothing is promoted',
  async () => {
    const before = 'x'.repeat(32);
    const verifier = scramVerifier(before);
    await pharmacy.sql(`alter role pharmacy_app_a login password '${verifier}'`);
    const { strategy, pooler } = await bouncer({ users: { pharmacy_app_a: verifier } });
    const { versions, rotation } = await asIdentity(strategy);
    const failure = await failureOf(strategy.testSecret(versions, rotation));
    expect(failure).toMatchObject({
      code: 'ERR_ROTATION_POOLER_REFUSED',
      message: expect.stringContaining(
        `PgBouncer at localhost:${pooler.port} does not let pharmacy_app_a in (08P01: SASL authentication failed)`,
      ),
    });
    // A role it does not know is answered in the same way: who exists is not told.
    await pharmacy.sql(`alter role pharmacy_app_a nologin`);
    const next = await setPending(strategy, 'pharmacy_app_a', before);
    expect(await failureOf(strategy.testSecret(next.versions, next.rotation))).toMatchObject({
      code: 'ERR_ROTATION_POOLER_REFUSED',
      message: expect.stringContaining('pharmacy_app_b in (08P01: SASL authentication failed)'),
    });
  },
);

onPgBouncer(
  'PgBouncer whose sessions run as another role than the application is found',
  async () => {
    const { strategy } = await bouncer({
      users: { pgbouncer: poolerPassword },
      database: `${authQuery.database} connect_query='set role none'`,
      settings: authQuery.settings,
    });
    const { versions, rotation } = await asIdentity(strategy);
    const failure = await failureOf(strategy.testSecret(versions, rotation));
    expect(failure).toMatchObject({
      code: 'ERR_ROTATION_POOLER_REFUSED',
      message: expect.stringContaining('does not run as pharmacy_app'),
    });
  },
);
