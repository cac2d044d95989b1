import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type BootstrapPlan,
  executeBootstrap,
  planBootstrap,
  renderBootstrap,
} from '../../../doors/postgres/bootstrap.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { readSettings } from '../../../doors/postgres/role-settings.ts';
import { scramVerifier } from '../../../doors/postgres/scram.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import {
  bootstrapPlan,
  type Pharmacy,
  rotationOf,
  startPharmacy,
} from '../../lambdas/database/pharmacy.ts';

const versions: [string, { bin: string } | 'embedded'][] = [['18', 'embedded']];
const bin15 = '/usr/lib/postgresql/15/bin';
// A second server for each of its files: with `npm run proof`.
if (process.env.PROOF === 'full' && existsSync(`${bin15}/postgres`)) {
  versions.push(['15', { bin: bin15 }]);
} else if (process.env.PROOF === 'full') {
  process.stderr.write(
    `PostgreSQL 15 is not in ${bin15}: its bootstrap is not tested on it here.\n`,
  );
}

describe.each(versions)('the bootstrap on PostgreSQL %s', (name, version) => {
  let pharmacy: Pharmacy;
  beforeAll(async () => {
    pharmacy = await startPharmacy({ version });
  });
  afterAll(() => pharmacy?.server.stop());
  const inPostgres = <T>(work: Parameters<typeof nodePostgres.withSession<T>>[2]) =>
    nodePostgres.withSession(pharmacy.at('postgres'), pharmacy.server.superuser, work);
  const plan = (change: Partial<BootstrapPlan> = {}) =>
    inPostgres((session) => planBootstrap(session, { ...bootstrapPlan, ...change }));

  test('has nothing to do on a prepared cluster', async () => {
    expect(await plan()).toEqual([]);
  });

  test('copies settings, lists among them, and the connection limit; login roles start NOLOGIN', async () => {
    const { identity, login } = await inPostgres(async (session) => ({
      identity: await readSettings(session, 'pharmacy_app'),
      login: await readSettings(session, 'pharmacy_app_b'),
    }));
    expect([...identity.values()]).toContainEqual({
      name: 'search_path',
      value: '"$user", public, "odd ""name"""',
    });
    expect([...identity.values()]).toContainEqual({
      database: 'pharmacy',
      name: 'app.tenant',
      value: 'lindenhof',
    });
    const byName = (settings: typeof login) =>
      [...settings.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(byName(login)).toEqual(
      byName(new Map([...identity, ['role', { name: 'role', value: 'pharmacy_app' }]])),
    );
    expect(
      await pharmacy.sql(
        `select rolcanlogin, rolconnlimit from pg_roles where rolname = 'pharmacy_app_b'`,
      ),
    ).toEqual([{ rolcanlogin: false, rolconnlimit: 40 }]);
  });

  test('plans exactly what is missing, and repairs it', async () => {
    await pharmacy.sql('revoke pharmacy_app from pharmacy_app_b');
    await pharmacy.sql(`alter role pharmacy_app_b set search_path = 'elsewhere'`);
    await pharmacy.sql('alter role pharmacy_app_b connection limit 1');
    await pharmacy.sql('revoke pg_signal_backend from rotator');
    const missing = await plan();
    expect(missing.map(({ sql }) => sql)).toEqual([
      'GRANT pg_signal_backend TO "rotator"',
      `GRANT "pharmacy_app" TO "pharmacy_app_b"${name === '15' ? '' : ' WITH INHERIT TRUE, SET TRUE'}`,
      `ALTER ROLE "pharmacy_app_b" SET "search_path" = '$user', 'public', 'odd "name"'`,
      'ALTER ROLE "pharmacy_app_b" CONNECTION LIMIT 40',
    ]);
    await inPostgres((session) => executeBootstrap(session, missing));
    expect(await plan()).toEqual([]);
  });

  test('gives the admin none of the rights of the roles it sets, and no data', async () => {
    const rights = `select has_table_privilege('patients', 'select') as data,
      pg_has_role('pharmacy_app', 'usage') as identity, pg_has_role('pharmacy_app_a', 'usage') as login`;
    expect(await pharmacy.sql(rights, pharmacy.admin)).toEqual([
      { data: false, identity: false, login: false },
    ]);
    expect(await failureOf(pharmacy.sql('set role pharmacy_app', pharmacy.admin))).toMatchObject({
      sqlstate: '42501',
    });
  });

  test('shows people no verifier', async () => {
    const verifier = scramVerifier('A'.repeat(32));
    const statements = await plan({ admin: { username: 'rotator', verifier } });
    expect(statements.map(({ sql }) => sql).join()).toContain(verifier);
    expect(renderBootstrap(statements)).toMatch(
      /-- the rotator's password.*\nALTER ROLE "rotator"/,
    );
    expect(renderBootstrap(statements)).not.toContain('4096:');
  });

  test('refuses an identity the application did not log in as, or that is privileged', async () => {
    const refused = [
      { identity: 'migrations', roles: ['new_a', 'new_b'] },
      { identity: 'postgres' },
    ];
    for (const change of refused) {
      expect(await failureOf(plan(change))).toMatchObject({
        code: 'ERR_ROTATION_UNUSABLE_IDENTITY',
      });
    }
    expect(await failureOf(plan({ identity: 'missing' }))).toMatchObject({
      code: 'ERR_ROTATION_NO_SUCH_ROLE',
    });
    for (const role of ['', 'x'.repeat(64), 'a\nb', 'é'.repeat(32)]) {
      expect(await failureOf(plan({ roles: [role, 'new_b'] }))).toMatchObject({
        code: 'ERR_ROTATION_UNUSABLE_NAME',
      });
    }
  });

  test('takes names that need quoting as names', async () => {
    const odd = `a"b'); DROP ROLE pharmacy_app_a; --\\é`;
    const statements = await plan({ roles: [odd, 'UPPER'] });
    await inPostgres((session) => executeBootstrap(session, statements));
    expect(await plan({ roles: [odd, 'UPPER'] })).toEqual([]);
    expect(
      await pharmacy.sql(
        `select count(*)::int as found from pg_roles where rolname = any (array['UPPER', 'pharmacy_app_a'])`,
      ),
    ).toEqual([{ found: 2 }]);
  });

  test('lets three rotations of alternating users go through, up to the end of the identity', async () => {
    const strategy = new DatabaseStrategy(pharmacy.multiUser);
    let current = strategy.parse(
      JSON.stringify({
        engine: 'postgres',
        host: 'localhost',
        username: 'pharmacy_app',
        password: pharmacy.identityPassword,
      }),
    );
    let previous: typeof current | undefined;
    const used: string[] = [];
    for (const intent of ['planned', 'emergency', 'planned'] as const) {
      const rotation = rotationOf(intent, pharmacy.admin);
      const pending = await strategy.createSecret({ current }, rotation);
      const all = { current, pending, ...(previous && { previous }) };
      await strategy.setSecret(all, rotation);
      await strategy.testSecret(all, rotation);
      used.push(pending.username);
      previous = current;
      current = pending;
    }
    expect(used).toEqual(['pharmacy_app_a', 'pharmacy_app_b', 'pharmacy_app_a']);
    expect(
      await pharmacy.sql(`select rolcanlogin from pg_roles where rolname = 'pharmacy_app'`),
    ).toEqual([{ rolcanlogin: false }]);
    expect(await plan()).toEqual([]);
  });
});
