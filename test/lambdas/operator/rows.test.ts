import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { schemaVersion } from '../../../doors/postgres/ledger-schema.ts';
import type { DatabaseFacts } from '../../../lambdas/operator/environment.ts';
import { operate } from '../../../lambdas/operator/operate.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { Cluster, newPassword, versions } from './cluster.ts';
import { blocking, column, declared, Practice, secret, sqlOf } from './practice.ts';

describe.each(versions)(
  'the preparation of rows by a master user that is no superuser, PostgreSQL %s',
  (major, version) => {
    let cluster: Cluster;
    beforeAll(async () => {
      cluster = await Cluster.start({ version });
    });
    afterAll(() => cluster?.stop());
    const recent = major !== '15';

    test('is planned with a reason for each statement, and changes nothing', async () => {
      const practice = await Practice.open(cluster, 'planned');
      const plan = await practice.plan();
      expect(plan).toMatchObject({
        ...{ secret, role: 'planned_rows', host: 'localhost', database: 'planned' },
        ...{ runBy: 'master', findings: [], unchecked: [] },
      });
      const sql = sqlOf(plan);
      expect(sql.slice(0, 4)).toEqual([
        'create role "quarterturn_owner" nologin',
        `grant "quarterturn_owner" to current_user${recent ? ' with inherit false, set true' : ''}`,
        'create schema quarterturn authorization "quarterturn_owner"',
        'set role "quarterturn_owner"',
      ]);
      expect(sql.slice(-7)).toEqual([
        'grant usage on schema quarterturn to planned_rows',
        'grant select, insert, update, delete on all tables in schema quarterturn to planned_rows',
        'revoke insert, update, delete on quarterturn.migration from planned_rows',
        'reset role',
        'revoke "quarterturn_owner" from current_user',
        'grant select ("ctid", "id", "note", "name"), update ("note", "name") on "public"."visits" to planned_rows',
        'grant select ("ctid", "id", "day", "note"), update ("note") on "public"."events_25" to planned_rows',
      ]);
      expect(plan.statements.every(({ why }: { why: string }) => why.length > 10)).toBe(true);
      expect((await practice.plan()).digest).toBe(plan.digest);
      expect(
        await practice.sql(`select 1 from pg_namespace where nspname = 'quarterturn'`),
      ).toEqual([]);
    });

    test('executed, the engine may do what it needs, and nothing else', async () => {
      const practice = await Practice.open(cluster, 'executed');
      const plan = await practice.plan();
      expect(await practice.execute(plan.digest)).toEqual({
        ...{ secret, outcome: 'executed', statements: plan.statements.length },
      });
      const may = [
        'select ctid, id, note, name from visits for update',
        `update visits set note = 'x' where id = 1 and note = 'a'`,
        'select ctid, note from events_25',
        `insert into quarterturn.seal_count values ('s', '0123456789abcdef', 'c', 0, 1)`,
        'select max(version) from quarterturn.migration',
      ];
      expect(await Promise.all(may.map((text) => practice.tries(text)))).toEqual(
        may.map(() => 'done'),
      );
      const mayNot = [
        'select diagnosis from visits',
        'update visits set id = 2',
        'delete from visits',
        `insert into visits (id) values (9)`,
        'select note from events',
        'drop table quarterturn.job',
        'create table quarterturn.mine (id int)',
        'update quarterturn.migration set version = 9',
        'set role quarterturn_owner',
      ];
      expect(await Promise.all(mayNot.map((text) => practice.tries(text)))).toEqual(
        mayNot.map(() => '42501'),
      );
      const closed = ['select * from quarterturn.job', 'create table quarterturn.mine (id int)'];
      for (const as of [practice.owner, cluster.master]) {
        expect(await Promise.all(closed.map((text) => practice.tries(text, as)))).toEqual([
          '42501',
          '42501',
        ]);
      }
      expect(
        await cluster.sql(
          `select distinct tableowner::text as owner from pg_tables where schemaname = 'quarterturn'`,
          cluster.master,
          'executed',
        ),
      ).toEqual([{ owner: 'quarterturn_owner' }]);
      expect(
        await practice.sql('select max(version) as v from quarterturn.migration', practice.engine),
      ).toEqual([{ v: schemaVersion }]);
    });

    test('a second time nothing is missing; executed twice at once, it is executed once', async () => {
      const practice = await Practice.open(cluster, 'twice');
      const { digest } = await practice.plan();
      const both = await Promise.all([practice.execute(digest), practice.execute(digest)]);
      expect(both.map(({ outcome }) => outcome).sort()).toEqual(['executed', 'nothingToDo']);
      const again = await practice.plan();
      expect([again.statements, again.findings]).toEqual([[], []]);
      expect(await practice.execute('0'.repeat(64))).toMatchObject({ outcome: 'nothingToDo' });
    });

    test('after a new partition, a new column and a lost grant it is a small plan', async () => {
      const practice = await Practice.open(cluster, 'grown');
      await practice.prepare();
      await practice.sql(
        `create table events_26 partition of events for values from ('2026-01-01') to ('2027-01-01')`,
      );
      await practice.sql('revoke update (name) on visits from grown_rows');
      const more = [...declared, column('visits.diagnosis')];
      expect(await practice.prepare(more)).toEqual([
        'grant select ("diagnosis"), update ("name", "diagnosis") on "public"."visits" to grown_rows',
        'grant select ("ctid", "id", "day", "note"), update ("note") on "public"."events_26" to grown_rows',
      ]);
      expect((await practice.plan(more)).statements).toEqual([]);
    });

    test('a later release adds its tables, and the engine may use them', async () => {
      const practice = await Practice.open(cluster, 'upgraded');
      await practice.prepare();
      // As an earlier release left it.
      await cluster.sql(
        `drop table quarterturn.attestation; delete from quarterturn.migration;
         comment on schema quarterturn is 'Quarterturn ledger, version 0';
         drop table quarterturn.fence, quarterturn.seal_count, quarterturn.quarantine, quarterturn.range_count, quarterturn.range, quarterturn.leaf, quarterturn.job`,
        cluster.server.superuser,
        'upgraded',
      );
      const statements = await practice.prepare();
      expect(statements[0]).toMatch(/^grant "quarterturn_owner" to current_user/);
      expect(statements.some((sql) => sql.includes('create schema'))).toBe(false);
      expect(await practice.tries('select * from quarterturn.attestation')).toBe('done');
      expect((await practice.plan()).statements).toEqual([]);
    });

    test('row-level security takes BYPASSRLS, said so, and only a superuser gives it', async () => {
      const practice = await Practice.open(cluster, 'guarded');
      const guarded = [column('patients.tenant')];
      const plan = await practice.plan(guarded);
      expect(sqlOf(plan).at(-1)).toBe('alter role guarded_rows bypassrls');
      expect(plan.findings).toMatchObject([
        {
          code: 'BYPASSES_ROW_SECURITY',
          level: 'warns',
          message: expect.stringContaining('every row'),
        },
        { code: 'RUNNER_MAY_NOT_BYPASS', level: 'blocks' },
      ]);
      expect(await failureOf(practice.execute(plan.digest, guarded))).toMatchObject({
        code: 'ERR_ROTATION_BOOTSTRAP_BLOCKED',
      });
      await cluster.superuser('alter role guarded_rows bypassrls');
      expect(await practice.prepare(guarded)).not.toContain('alter role guarded_rows bypassrls');
      expect(await practice.tries('set row_security = off; select tenant from patients')).toBe(
        'done',
      );
      // It stays one that is rotated, as the login of an application with it would not be.
      const ofLogin = (change: object) =>
        practice.app.ask({ operation: 'planBootstrap' }, { ...practice.facts(), ...change });
      expect(blocking(await ofLogin({}))).toEqual([]);
      expect(blocking(await ofLogin({ rows: undefined }))).toEqual(['ROLE_PRIVILEGED']);
      // The tables without policies need none of it.
      expect((await practice.plan()).findings).toEqual([]);
    });

    test('whoever else could write the ledger stands in the way', async () => {
      const practice = await Practice.open(cluster, 'open');
      await practice.prepare();
      const asOwner = (text: string) => cluster.sql(text, cluster.server.superuser, 'open');
      await asOwner('grant usage on schema quarterturn to public');
      await asOwner('grant update on quarterturn.job to open');
      await asOwner('grant open_rows to open');
      const plan = await practice.plan();
      expect(blocking(plan)).toEqual(['SCHEMA_OPEN', 'SCHEMA_OPEN', 'SCHEMA_OPEN']);
      expect(plan.findings.map(({ message }: { message: string }) => message).join('\n')).toMatch(
        /Everybody has rights on schema quarterturn.*open has rights on quarterturn\.job.*open is a member of open_rows/s,
      );
      await asOwner('revoke usage on schema quarterturn from public');
      await asOwner('revoke all on quarterturn.job from open');
      await asOwner('revoke open_rows from open');
      expect((await practice.plan()).findings).toEqual([]);
    });

    test('another engine in the same database is no stranger to its ledger', async () => {
      const practice = await Practice.open(cluster, 'shared');
      await practice.prepare();
      const second = { username: 'shared_other', password: newPassword() };
      await cluster.sql('create role shared_other login');
      const tools = practice.app.tools(practice.facts());
      const [first] = tools.databases;
      if (first === undefined) throw new Error('no database');
      const other = {
        ...first,
        name: 'pharmacy/prod/other',
        roles: [second.username],
        rows: [
          { secret: 'pharmacy/prod/notes', dbname: 'shared', columns: [column('visits.name')] },
        ],
      };
      const both = { ...tools, databases: [first, other] };
      const ask = (request: object) => operate(both, practice.app.log, request);
      const plan = (await ask({
        operation: 'planRows',
        secret: 'pharmacy/prod/notes',
      })) as never as {
        digest: string;
        statements: { sql: string }[];
        findings: unknown[];
      };
      expect(plan.findings).toEqual([]);
      expect(sqlOf(plan)).toContain('grant usage on schema quarterturn to shared_other');
      await ask({ operation: 'executeRows', secret: 'pharmacy/prod/notes', digest: plan.digest });
      expect(await ask({ operation: 'planRows', secret })).toMatchObject({
        statements: [],
        findings: [],
      });
    });

    test('a role that may not grant is told so before anything is changed', async () => {
      const practice = await Practice.open(cluster, 'strange');
      await cluster.superuser('create role stranger nologin');
      await cluster.sql(
        'alter table visits owner to stranger',
        cluster.server.superuser,
        'strange',
      );
      const plan = await practice.plan();
      expect(plan.findings).toEqual([
        expect.objectContaining({
          code: 'RUNNER_MAY_NOT_GRANT',
          message: expect.stringContaining('"public"."visits" belongs to stranger'),
        }),
      ]);
      expect(await failureOf(practice.execute(plan.digest))).toMatchObject({
        code: 'ERR_ROTATION_BOOTSTRAP_BLOCKED',
      });
      expect(
        await practice.sql(`select 1 from pg_namespace where nspname = 'quarterturn'`),
      ).toEqual([]);
    });

    test('the role that owns the tables, a superuser, and what is not as declared are refused', async () => {
      const practice = await Practice.open(cluster, 'refused');
      const codes = async (change: Partial<DatabaseFacts>, columns = declared) =>
        blocking(await practice.plan(columns, change));
      expect(await codes({ roles: ['refused'] })).toEqual(['ENGINE_TOO_POWERFUL']);
      expect(await codes({ roles: ['postgres'] })).toEqual(['ENGINE_TOO_POWERFUL']);
      expect(await codes({ roles: ['nobody'] })).toEqual(['ROLE_MISSING']);
      expect(await codes({}, [column('nowhere.note'), column('visits.nothing')])).toEqual([
        'TABLE_MISSING',
        'COLUMN_MISSING',
      ]);
      await practice.sql('create table keyless (note text)');
      expect(sqlOf(await practice.plan([column('keyless.note')])).at(-1)).toBe(
        'grant select ("ctid", "note"), update ("note") on "public"."keyless" to refused_rows',
      );
    });

    test('refuses every plan but the one that was confirmed, and secrets it knows nothing of', async () => {
      const practice = await Practice.open(cluster, 'digest');
      const { digest } = await practice.plan();
      await practice.sql('grant select (note) on visits to digest_rows');
      expect(await failureOf(practice.execute(digest))).toMatchObject({
        code: 'ERR_ROTATION_PLAN_CHANGED',
      });
      const ask = (request: object) => failureOf(practice.app.ask(request, practice.facts()));
      expect(await ask({ operation: 'planRows', secret: 'pharmacy/prod/other' })).toMatchObject({
        code: 'ERR_ROTATION_UNKNOWN_ROWS',
        message: expect.stringContaining(secret),
      });
      expect(await ask({ operation: 'executeRows', secret })).toMatchObject({
        code: 'ERR_ROTATION_INVALID_EVENT',
      });
    });

    test('without a bootstrap secret the plan is for a person, who runs it as it is printed', async () => {
      const practice = await Practice.open(cluster, 'printed');
      const none = { bootstrapArn: undefined };
      expect(blocking(await practice.plan(declared, none))).toEqual(['NOBODY_LOGS_IN']);
      await practice.app.execute((await practice.app.plan()).digest);
      const plan = await practice.plan(declared, none);
      expect(plan.runBy).toBeUndefined();
      expect(plan.unchecked).toEqual([
        'whether the role that runs these statements has the rights they take',
      ]);
      expect(
        await failureOf(
          practice.app.ask(
            { operation: 'executeRows', secret, digest: plan.digest },
            { ...practice.facts(), ...none },
          ),
        ),
      ).toMatchObject({ code: 'ERR_ROTATION_NO_BOOTSTRAP' });
      await cluster.sql(`begin; ${sqlOf(plan).join(';\n')}; commit`, cluster.master, 'printed');
      // Also for who may not read the ledger: what its owner left says how far it is.
      expect((await practice.plan(declared, none)).statements).toEqual([]);
    });
  },
);
