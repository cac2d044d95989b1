import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { PostgresDoor } from '../../../doors/postgres/door.ts';
import { LoginRefusedError } from '../../../doors/postgres/errors.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { type Pharmacy, rotationOf, startPharmacy } from './pharmacy.ts';

let pharmacy: Pharmacy;
let strategy: DatabaseStrategy;
beforeAll(async () => {
  pharmacy = await startPharmacy({
    settings: { log_statement: 'all', shared_preload_libraries: 'pg_stat_statements' },
  });
  strategy = new DatabaseStrategy(pharmacy.singleUser);
  await pharmacy.sql('create extension pg_stat_statements');
  await pharmacy.sql('create role rds_iam nologin');
  await pharmacy.sql('create role rds_superuser nologin');
  await pharmacy.sql('create role between_them nologin');
  await pharmacy.sql('grant rds_iam to between_them');
});
afterAll(() => pharmacy?.server.stop());

const current = () =>
  strategy.parse(
    JSON.stringify({
      engine: 'postgres',
      host: 'localhost',
      username: 'pharmacy_legacy',
      password: pharmacy.legacyPassword,
    }),
  );
const pending = async () =>
  strategy.createSecret({ current: current() }, rotationOf('planned', pharmacy.admin));
const verifier = async () =>
  (
    await pharmacy.sql(
      `select rolpassword, rolcanlogin from pg_authid where rolname = 'pharmacy_legacy'`,
    )
  )[0];

const traps: Record<string, [string, string]> = {
  'a superuser': ['alter role pharmacy_legacy superuser', 'alter role pharmacy_legacy nosuperuser'],
  CREATEROLE: ['alter role pharmacy_legacy createrole', 'alter role pharmacy_legacy nocreaterole'],
  REPLICATION: [
    'alter role pharmacy_legacy replication',
    'alter role pharmacy_legacy noreplication',
  ],
  BYPASSRLS: ['alter role pharmacy_legacy bypassrls', 'alter role pharmacy_legacy nobypassrls'],
  'VALID UNTIL': [
    `alter role pharmacy_legacy valid until '2030-01-01'`,
    `alter role pharmacy_legacy valid until 'infinity'`,
  ],
  'rds_iam, through another role': [
    'grant between_them to pharmacy_legacy',
    'revoke between_them from pharmacy_legacy',
  ],
  rds_superuser: [
    'grant rds_superuser to pharmacy_legacy',
    'revoke rds_superuser from pharmacy_legacy',
  ],
  'CONNECTION LIMIT 0': [
    'alter role pharmacy_legacy connection limit 0',
    'alter role pharmacy_legacy connection limit -1',
  ],
};

describe('before a role is set', () => {
  test.each(Object.entries(traps))(
    '%s is refused, and nothing changes',
    async (_what, [set, undo]) => {
      const before = await verifier();
      await pharmacy.sql(set);
      const versions = { current: current(), pending: await pending() };
      for (const intent of ['planned', 'emergency'] as const) {
        expect(
          await failureOf(strategy.setSecret(versions, rotationOf(intent, pharmacy.admin))),
        ).toMatchObject({ code: 'ERR_ROTATION_ROLE_REFUSED' });
      }
      await pharmacy.sql(undo);
      expect(await verifier()).toEqual(before);
    },
  );

  test('BYPASSRLS is no reason to refuse the login that rewrites rows', async () => {
    const settings = { ...pharmacy.singleUser.settings, REWRITES_ROWS: 'true' as const };
    const rewriter = new DatabaseStrategy({ ...pharmacy.singleUser, settings });
    await pharmacy.sql('alter role pharmacy_legacy bypassrls');
    const before = await verifier();
    const versions = { current: current(), pending: await pending() };
    // By the rotator, which has CREATEROLE and neither is a superuser nor has BYPASSRLS itself.
    await rewriter.setSecret(versions, rotationOf('planned', pharmacy.admin));
    await pharmacy.sql('alter role pharmacy_legacy nobypassrls');
    const after = await verifier();
    expect(after?.rolpassword === before?.rolpassword).toBe(false);
    const back = `alter role pharmacy_legacy password '${String(before?.rolpassword)}'`;
    await pharmacy.sql(back);
  });

  test('a role that does not exist is named', async () => {
    const settings = { ...pharmacy.singleUser.settings, ROLES: ['nobody_made_me'] };
    const other = new DatabaseStrategy({ ...pharmacy.singleUser, settings });
    const value = await other.createSecret({}, rotationOf('planned', pharmacy.admin));
    expect(
      await failureOf(other.setSecret({ pending: value }, rotationOf('planned', pharmacy.admin))),
    ).toMatchObject({ code: 'ERR_ROTATION_NO_SUCH_ROLE' });
  });

  test('an admin without ADMIN OPTION is told about its bootstrap', async () => {
    await pharmacy.sql('revoke admin option for pharmacy_legacy from rotator');
    const versions = { current: current(), pending: await pending() };
    const error = await failureOf(
      strategy.setSecret(versions, rotationOf('planned', pharmacy.admin)),
    );
    expect(error).toMatchObject({ name: 'PostgresError', sqlstate: '42501' });
    expect(error.message).toContain('bootstrap');
    await pharmacy.sql(
      'grant pharmacy_legacy to rotator with admin option, inherit false, set false',
    );
  });

  test('an admin whose own rotation is under way is read and tried once more', async () => {
    let reads = 0;
    let pauses = 0;
    const tools = {
      ...pharmacy.singleUser,
      sleep: async () => {
        pauses += 1;
      },
    };
    const rotation = rotationOf('planned', undefined, {
      companion: async () =>
        reads++ === 0 ? { ...pharmacy.admin, password: 'old' } : pharmacy.admin,
    });
    const versions = { current: current(), pending: await pending() };
    await new DatabaseStrategy(tools).setSecret(versions, rotation);
    expect([reads, pauses]).toEqual([2, 1]);

    const never = rotationOf('planned', { ...pharmacy.admin, password: 'wrong' });
    const error = await failureOf(new DatabaseStrategy(tools).setSecret(versions, never));
    expect(error.name).toBe('LoginRefusedError');
    expect(error.message).toContain('rotator');
  });
});

describe('setting a role', () => {
  test('waits for a rotation of the same role that works in another database', async () => {
    const settings = { ...pharmacy.singleUser.settings, DBNAME: 'postgres' };
    const elsewhere = new DatabaseStrategy({ ...pharmacy.singleUser, settings });
    const values = await Promise.all([pending(), pending(), pending(), pending()]);
    await Promise.all(
      values.map((value, index) =>
        (index % 2 === 0 ? strategy : elsewhere).setSecret(
          { current: current(), pending: value },
          rotationOf('planned', pharmacy.admin),
        ),
      ),
    );
    const working = await Promise.all(
      values.map((value) =>
        pharmacy.sql('select 1', value).then(
          () => 1,
          () => 0,
        ),
      ),
    );
    expect(working.reduce<number>((sum, one) => sum + one, 0)).toBe(1);
  });

  test('decides by a login: a lost answer of ALTER ROLE is found to have been carried out', async () => {
    const value = await pending();
    let cut = true;
    const door: PostgresDoor = {
      withSession: (endpoint, credential, work) =>
        nodePostgres.withSession(endpoint, credential, (session) =>
          work({
            ...session,
            transaction: async (inner) => {
              const result = await session.transaction(inner);
              if (cut) {
                cut = false;
                throw new Error('the answer was lost');
              }
              return result;
            },
          }),
        ),
    };
    const flaky = new DatabaseStrategy({ ...pharmacy.singleUser, door });
    const versions = { current: current(), pending: value };
    await failureOf(flaky.setSecret(versions, rotationOf('planned', pharmacy.admin)));
    const rotation = rotationOf('planned', pharmacy.admin);
    await flaky.setSecret(versions, rotation);
    expect(rotation.facts[0]).toMatchObject({ fact: 'verifierAlreadySet' });
  });

  test('fails when the server goes on refusing the new credential', async () => {
    const value = await pending();
    const door: PostgresDoor = {
      withSession: (endpoint, credential, work) => {
        if (credential.username === 'pharmacy_legacy') {
          throw new LoginRefusedError('here');
        }
        return nodePostgres.withSession(endpoint, credential, work);
      },
    };
    const deaf = new DatabaseStrategy({ ...pharmacy.singleUser, door });
    const error = await failureOf(
      deaf.setSecret({ current: current(), pending: value }, rotationOf('planned', pharmacy.admin)),
    );
    expect(error.code).toBe('ERR_ROTATION_CREDENTIAL_NOT_ACCEPTED');
    expect(inspect(error, { depth: 10 })).not.toContain(value.password);
  });

  test('leaves no password in the log, in the statistics or in the evidence', async () => {
    const value = await pending();
    for (const intent of ['planned', 'emergency'] as const) {
      const rotation = rotationOf(intent, pharmacy.admin);
      const next = await strategy.createSecret({ current: value }, rotation);
      await strategy.setSecret({ current: value, pending: next }, rotation);
      await strategy.testSecret({ current: value, pending: next }, rotation);
      const statements = await pharmacy.sql('select query from pg_stat_statements');
      const sinks = [
        await pharmacy.server.log(),
        JSON.stringify([statements, rotation.facts]),
      ].join();
      expect(sinks).toContain('ALTER ROLE pharmacy_legacy LOGIN PASSWORD');
      for (const secret of [next.password, pharmacy.admin.password, pharmacy.legacyPassword]) {
        expect(sinks).not.toContain(secret);
      }
    }
  });
});
