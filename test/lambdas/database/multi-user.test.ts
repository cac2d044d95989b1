import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import type { DatabaseValue } from '../../../lambdas/database/value.ts';
import type { Rotation, Versions } from '../../../lambdas/rotation/strategy.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { type Pharmacy, rotationOf, startPharmacy } from './pharmacy.ts';

let pharmacy: Pharmacy;
let strategy: DatabaseStrategy;
/** The labels, as the core would move them. */
let current: DatabaseValue;
let previous: DatabaseValue | undefined;

beforeAll(async () => {
  pharmacy = await startPharmacy();
  strategy = new DatabaseStrategy(pharmacy.multiUser);
  current = adopted();
});
afterAll(() => pharmacy?.server.stop());

function adopted(): DatabaseValue {
  return strategy.parse(
    JSON.stringify({
      engine: 'postgres',
      host: 'localhost',
      port: String(pharmacy.server.port),
      username: 'pharmacy_app',
      password: pharmacy.identityPassword,
      poolSize: 20,
    }),
  );
}
const versions = (pending?: DatabaseValue): Versions<DatabaseValue> => ({
  current,
  ...(previous && { previous }),
  ...(pending && { pending }),
});

/** Every step twice, as after a crash whose answer was lost. */
async function rotate(rotation: Rotation<DatabaseValue>): Promise<DatabaseValue> {
  const created = await strategy.createSecret(versions(), rotation);
  const pending = strategy.parse(strategy.serialize(created));
  for (let twice = 0; twice < 2; twice++) {
    await strategy.setSecret(versions(pending), rotation);
  }
  for (let twice = 0; twice < 2; twice++) {
    await strategy.testSecret(versions(pending), rotation);
  }
  previous = current;
  current = pending;
  return pending;
}
const verifierOf = async (role: string) =>
  (
    await pharmacy.server.session((client) =>
      client.query(`select rolpassword, rolcanlogin from pg_authid where rolname = $1`, [role]),
    )
  ).rows[0];

describe('alternating users', () => {
  test('the first rotation of an adopted secret sets the first login role and leaves the identity alone', async () => {
    const before = await verifierOf('pharmacy_app');
    const rotation = rotationOf('planned', pharmacy.admin);
    const pending = await rotate(rotation);

    expect(pending.username).toBe('pharmacy_app_a');
    expect(pending.password).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(pending.fields).toMatchObject({ poolSize: 20, port: String(pharmacy.server.port) });
    expect(pending.fields.DATABASE_URL).toBe(
      `postgresql://pharmacy_app_a:${pending.password}@localhost:${pharmacy.server.port}/pharmacy?sslmode=verify-full`,
    );
    expect(await verifierOf('pharmacy_app')).toEqual(before);
    const facts = rotation.facts.map(({ fact }) => fact);
    expect(facts).toEqual([
      'verifierSet',
      'verifierAlreadySet',
      ...Array(2).fill(['runsAsIdentity', 'rowSecurityUnchanged', 'loginAccepted']).flat(),
    ]);
  });

  test('a login role sees the rows, settings and ownership the identity had, not those of a table owner', async () => {
    const asIdentity = { username: 'pharmacy_app', password: pharmacy.identityPassword };
    const seen = `select current_user::text, current_setting('search_path') as path,
      current_setting('app.tenant') as tenant,
      (select array_agg(name) from patients) as names, row_security_active('patients') as active`;
    const before = await pharmacy.sql(seen, asIdentity);
    expect(await pharmacy.sql(seen, current)).toEqual(before);
    expect(before).toMatchObject([{ names: ['A'], tenant: 'lindenhof', active: true }]);
    await pharmacy.sql('create table made_by_a ()', current);
    expect(
      await pharmacy.sql(`select tableowner::text from pg_tables where tablename = 'made_by_a'`),
    ).toEqual([{ tableowner: 'pharmacy_app' }]);
  });

  test('the next rotation sets the other role while the one in use keeps its verifier', async () => {
    const before = await verifierOf('pharmacy_app_a');
    const pending = await rotate(rotationOf('planned', pharmacy.admin));
    expect(pending.username).toBe('pharmacy_app_b');
    expect(await verifierOf('pharmacy_app_a')).toEqual(before);
    // AWSPREVIOUS still names the identity: it stays open.
    expect(await verifierOf('pharmacy_app')).toMatchObject({ rolcanlogin: true });
  });

  test('the identity is closed in the first rotation in which no value names it any more', async () => {
    // Once B is current and A previous: the labels before this rotation still hold the identity.
    expect(previous?.username).toBe('pharmacy_app_a');
    const before = await verifierOf('pharmacy_app');
    const rotation = rotationOf('planned', pharmacy.admin);
    await rotate(rotation);
    const after = await verifierOf('pharmacy_app');
    expect(after.rolcanlogin).toBe(false);
    expect(after.rolpassword).not.toBe(before.rolpassword);
    expect(rotation.facts).toContainEqual({
      fact: 'identityClosed',
      detail: { role: 'pharmacy_app' },
    });
    expect(await failureOf(pharmacy.sql('select 1', adopted()))).toMatchObject({
      name: 'LoginRefusedError',
    });
    expect(await pharmacy.sql('select 1 as one', current)).toEqual([{ one: 1 }]);
  });

  test('the first value of a new secret is made from the deployment, for the first role', async () => {
    const value = await strategy.createSecret({}, rotationOf('planned', pharmacy.admin));
    expect(strategy.parse(strategy.serialize(value))).toMatchObject({
      username: 'pharmacy_app_a',
      fields: { engine: 'postgres', host: 'localhost', dbname: 'pharmacy' },
    });
  });

  test('a restored setting, changed by a session of the role, does not survive the next rotation of that role', async () => {
    const other = current.username === 'pharmacy_app_a' ? 'pharmacy_app_b' : 'pharmacy_app_a';
    await pharmacy.sql(`alter role ${other} set search_path = 'evil'`);
    await pharmacy.sql(`alter role ${other} set work_mem = '1MB'`);
    const rotation = rotationOf('planned', pharmacy.admin);
    const pending = await rotate(rotation);
    expect(pending.username).toBe(other);
    expect(rotation.facts).toContainEqual({
      fact: 'settingsRestored',
      detail: { role: other, changed: 2 },
    });
  });

  test('testSecret alone tests AWSCURRENT, and finds settings and memberships that have drifted', async () => {
    await strategy.testSecret({ current }, rotationOf('planned', pharmacy.admin));
    await strategy.testSecret({}, rotationOf('planned', pharmacy.admin));
    const role = current.username;
    const check = () =>
      failureOf(strategy.testSecret({ current }, rotationOf('planned', pharmacy.admin)));

    await pharmacy.sql(`alter role ${role} set work_mem = '1MB'`);
    expect(await check()).toMatchObject({ code: 'ERR_ROTATION_TEST_FAILED' });
    expect((await check()).message).toContain('work_mem');
    await pharmacy.sql(`alter role ${role} reset work_mem`);

    await pharmacy.sql(`alter role ${role} reset role`);
    expect((await check()).message).toContain('does not run as pharmacy_app');
    await pharmacy.sql(`alter role ${role} set role = 'pharmacy_app'`);

    // Membership in the tables' owner switches row-level security off for the identity's sessions only
    // when the identity has it; what must not happen is a difference between the two.
    await pharmacy.sql(`alter table patients disable row level security`);
    await strategy.testSecret({ current }, rotationOf('planned', pharmacy.admin));
    await pharmacy.sql(`alter table patients enable row level security`);
  });

  test('rollback restores the other role, never the one in use, and names the nearest that can be', async () => {
    const rotation = rotationOf('rollback', pharmacy.admin, { restore: previous as DatabaseValue });
    const restored = previous as DatabaseValue;
    const pending = await rotate(rotation);
    expect([pending.username, pending.password]).toEqual([restored.username, restored.password]);
    expect(strategy.material(pending)).toEqual(strategy.material(restored));

    const refused = await failureOf(
      strategy.createSecret(
        { current, previous: previous as DatabaseValue, labelled: [] },
        rotationOf('rollback', pharmacy.admin, { restore: current }),
      ),
    );
    expect(refused.code).toBe('ERR_ROTATION_RESTORE_REFUSED');
    expect(refused.message).toContain(`${strategy.material(previous as DatabaseValue).primary}`);
    expect(refused.message).not.toContain(current.password);
  });

  test('rollback sets a verifier that a later rotation of the role has overwritten', async () => {
    const old = previous as DatabaseValue;
    await pharmacy.sql(`alter role ${old.username} password 'overwritten-by-a-later-rotation'`);
    await rotate(rotationOf('rollback', pharmacy.admin, { restore: old }));
    expect(current.password).toBe(old.password);
    expect(await pharmacy.sql('select 1 as one', current)).toEqual([{ one: 1 }]);
  });

  test('refuses compromised material, a closed identity and activation', async () => {
    const restore = previous as DatabaseValue;
    const material = strategy.material(restore).primary as string;
    const compromised = new Set([material]);
    expect(
      await failureOf(
        strategy.createSecret(
          versions(),
          rotationOf('rollback', pharmacy.admin, { restore, compromised }),
        ),
      ),
    ).toMatchObject({ code: 'ERR_ROTATION_COMPROMISED_MATERIAL' });
    expect(
      await failureOf(
        strategy.setSecret(
          versions(restore),
          rotationOf('rollback', pharmacy.admin, { compromised }),
        ),
      ),
    ).toMatchObject({ code: 'ERR_ROTATION_COMPROMISED_MATERIAL' });
    expect(
      await failureOf(
        strategy.createSecret(
          versions(),
          rotationOf('rollback', pharmacy.admin, { restore: adopted() }),
        ),
      ),
    ).toMatchObject({ code: 'ERR_ROTATION_RESTORE_REFUSED' });
    expect(
      await failureOf(strategy.createSecret(versions(), rotationOf('activate', pharmacy.admin))),
    ).toMatchObject({ code: 'ERR_ROTATION_NOT_APPLICABLE' });
  });

  test('never sets the role AWSCURRENT logs in with', async () => {
    const before = await verifierOf(current.username);
    expect(
      await failureOf(strategy.setSecret(versions(current), rotationOf('planned', pharmacy.admin))),
    ).toMatchObject({ code: 'ERR_ROTATION_ROLE_IN_USE' });
    expect(await verifierOf(current.username)).toEqual(before);
  });
});
