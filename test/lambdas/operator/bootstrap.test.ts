import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { scramVerifier } from '../../../doors/postgres/scram.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { rotationOf } from '../database/pharmacy.ts';
import { type Application, Cluster, newPassword, versions } from './cluster.ts';

describe.each(versions)(
  'the bootstrap by a master user that is no superuser, PostgreSQL %s',
  (major, version) => {
    let cluster: Cluster;
    beforeAll(async () => {
      cluster = await Cluster.start({ version });
    });
    afterAll(() => cluster?.stop());
    const recent = major !== '15';
    const roles = () =>
      cluster.superuser(
        'select rolname, rolcanlogin, rolpassword, rolcreaterole, rolconnlimit from pg_authid order by 1',
      );
    const codes = (answer: { findings: { code: string; level: string }[] }) =>
      answer.findings.filter(({ level }) => level === 'blocks').map(({ code }) => code);

    test('is planned with a reason for each statement, and changes nothing', async () => {
      const app = await cluster.application('planned');
      const before = await roles();
      const plan = await app.plan();
      expect(plan).toMatchObject({
        secret: 'pharmacy/prod/planned',
        host: 'localhost',
        database: 'postgres',
        runBy: 'master',
        storesPassword: true,
      });
      expect(plan.statements.map(({ sql }: { sql: string }) => sql)).toEqual([
        'CREATE ROLE "planned_rotator" LOGIN CREATEROLE NOSUPERUSER NOCREATEDB NOREPLICATION NOBYPASSRLS',
        `ALTER ROLE "planned_rotator" PASSWORD '<SCRAM-SHA-256 verifier>'`,
        'GRANT pg_signal_backend TO "planned_rotator"',
        ...['planned_a', 'planned_b'].flatMap((role) => [
          `CREATE ROLE "${role}" NOLOGIN`,
          `GRANT "planned" TO "${role}"${recent ? ' WITH INHERIT TRUE, SET TRUE' : ''}`,
          `ALTER ROLE "${role}" SET "statement_timeout" = '40s'`,
          `ALTER ROLE "${role}" SET "role" = 'planned'`,
          `ALTER ROLE "${role}" CONNECTION LIMIT 40`,
        ]),
        ...(recent ? ['planned_a', 'planned_b', 'planned'] : []).map(
          (role) =>
            `GRANT "${role}" TO "planned_rotator" WITH ADMIN OPTION, INHERIT FALSE, SET FALSE`,
        ),
      ]);
      expect(plan.statements.every(({ why }: { why: string }) => why.length > 10)).toBe(true);
      expect(codes(plan)).toEqual([]);
      expect(plan.unchecked.join()).toContain('pg_hba.conf');
      expect((await app.plan()).digest).toBe(plan.digest);
      expect(await roles()).toEqual(before);
      expect(app.puts).toEqual([]);
    });

    test("executes the confirmed plan, keeps the rotator's password in its secret alone, and proves its login", async () => {
      const app = await cluster.application('executed');
      const { digest } = await app.plan();
      const executed = await app.execute(digest);
      expect(executed).toEqual({
        secret: 'pharmacy/prod/executed',
        outcome: 'executed',
        statements: recent ? 16 : 13,
        passwordStored: true,
        proven: { role: 'executed_rotator', host: 'localhost', database: 'postgres' },
      });
      expect(app.rotator).toEqual({
        username: 'executed_rotator',
        password: expect.stringMatching(/^[A-Za-z0-9_-]{32}$/),
      });
      expect(await cluster.sql('select current_user::text as me', app.rotator)).toEqual([
        { me: 'executed_rotator' },
      ]);
      const told = JSON.stringify([executed, app.log.lines]);
      expect(told).not.toContain(app.rotator.password);
      expect(told).not.toContain('SCRAM-SHA-256$');
      expect(await cluster.server.log()).not.toContain(app.rotator.password);
    });

    test('executed twice, or by two at once, it is executed once', async () => {
      const app = await cluster.application('twice');
      const { digest } = await app.plan();
      const both = await Promise.all([app.execute(digest), app.execute(digest)]);
      expect(both.map(({ outcome }) => outcome).sort()).toEqual(['executed', 'nothingToDo']);
      expect(app.puts).toHaveLength(1);
      const after = await roles();
      expect(await app.execute(digest)).toMatchObject({ outcome: 'nothingToDo', statements: 0 });
      expect((await app.plan()).statements).toEqual([]);
      expect(await roles()).toEqual(after);
      expect(app.puts).toHaveLength(1);
    });

    test('refuses every plan but the one that was confirmed', async () => {
      const app = await cluster.application('digest');
      const { digest } = await app.plan();
      const before = await roles();
      expect(await failureOf(app.execute('0'.repeat(64)))).toMatchObject({
        code: 'ERR_ROTATION_PLAN_CHANGED',
      });
      for (const bad of [
        '',
        'x'.repeat(64),
        `${digest} `,
        digest.toUpperCase().replace(/\d/g, 'G'),
      ]) {
        expect(await failureOf(app.execute(bad))).toMatchObject({
          code: 'ERR_ROTATION_INVALID_EVENT',
        });
      }
      await cluster.sql('create role digest_a nologin');
      expect(await failureOf(app.execute(digest))).toMatchObject({
        code: 'ERR_ROTATION_PLAN_CHANGED',
      });
      await cluster.sql('drop role digest_a');
      expect(await roles()).toEqual(before);
      expect(app.puts).toEqual([]);
    });

    test('knows the databases it was deployed for, and no other secret or operation', async () => {
      const app = await cluster.application('known');
      expect(
        await failureOf(app.ask({ operation: 'planBootstrap', secret: 'pharmacy/prod/other' })),
      ).toMatchObject({ code: 'ERR_ROTATION_UNKNOWN_DATABASE' });
      for (const request of [
        { operation: 'dropEverything' },
        { operation: 'planBootstrap', role: 'postgres' },
        { operation: 'executeBootstrap' },
      ]) {
        expect(await failureOf(app.ask(request))).toMatchObject({
          code: 'ERR_ROTATION_INVALID_EVENT',
        });
      }
    });

    test('a run that died after storing the password is healed by the next one', async () => {
      const app = await cluster.application('died');
      const { digest } = await app.plan();
      app.afterPut = () => {
        throw new Error('the answer was lost');
      };
      await failureOf(app.execute(digest));
      const [first] = app.puts;
      expect(await cluster.sql(`select 1 from pg_roles where rolname = 'died_rotator'`)).toEqual(
        [],
      );
      app.afterPut = () => undefined;
      expect(await app.execute(digest)).toMatchObject({
        outcome: 'executed',
        passwordStored: true,
      });
      expect(app.puts).toHaveLength(2);
      expect(app.puts[1] === first).toBe(false);
      await cluster.sql('select 1', app.rotator);
    });

    test('a rotator whose stored password is refused gets a new one, and nothing else is done', async () => {
      const app = await cluster.application('refused');
      await app.execute((await app.plan()).digest);
      await cluster.sql(`alter role refused_rotator password '${scramVerifier(newPassword())}'`);
      const plan = await app.plan();
      expect(plan.statements).toHaveLength(1);
      expect(await app.execute(plan.digest)).toMatchObject({ statements: 1, passwordStored: true });
      await cluster.sql('select 1', app.rotator);
    });

    test('a rotator that another deployment works with keeps its password', async () => {
      const first = await cluster.application('shared');
      await first.execute((await first.plan()).digest);
      const second = await cluster.application('sharing');
      const rotator = first.rotator.username;
      const plan = await second.plan({ rotator });
      expect(codes(plan)).toEqual(['ADMIN_IN_USE']);
      expect(await failureOf(second.execute(plan.digest, { rotator }))).toMatchObject({
        code: 'ERR_ROTATION_BOOTSTRAP_BLOCKED',
      });
      await cluster.sql('select 1', first.rotator);
      expect(second.puts).toEqual([]);
      // The way out it names, for a role that nobody uses.
      await cluster.sql(`alter role ${rotator} nologin`);
      const taken = await second.plan({ rotator });
      expect(await second.execute(taken.digest, { rotator })).toMatchObject({
        passwordStored: true,
      });
      await cluster.sql('select 1', second.rotator);
    });

    test('a custom setting of the identity is copied, and its value is told to nobody', async () => {
      const app = await cluster.application('custom');
      await cluster.superuser('grant set on parameter pgrst.jwt_secret to master');
      await cluster.superuser(`alter role custom set pgrst.jwt_secret = 'reallyverysafe'`);
      const plan = await app.plan();
      expect(plan.statements.map(({ sql }: { sql: string }) => sql)).toContain(
        'ALTER ROLE "custom_a" SET "pgrst"."jwt_secret" = <its value, not shown>',
      );
      const executed = await app.execute(plan.digest);
      expect(JSON.stringify([plan, executed, app.log.lines])).not.toContain('reallyverysafe');
      expect(
        await cluster.superuser(
          `select count(*)::int as copies from pg_db_role_setting where 'pgrst.jwt_secret=reallyverysafe' = any(setconfig)`,
        ),
      ).toEqual([{ copies: 3 }]);
    });

    test('lets the rotator take a one-role database through three rotations, until the identity is closed', async () => {
      const app = await cluster.application('rotated');
      await app.execute((await app.plan()).digest);
      const strategy = new DatabaseStrategy({
        settings: {
          SCHEME: 'multiUser',
          HOST: 'localhost',
          PORT: cluster.server.port,
          DBNAME: 'rotated',
          MAINTENANCE_DATABASE: 'postgres',
          ROLES: ['rotated_a', 'rotated_b'],
          IDENTITY: 'rotated',
          ADMIN_SECRET_ARN: app.adminArn,
          DATABASE_URL: 'false',
          VERIFY_TABLES: ['public.patients'],
        },
        door: nodePostgres,
        ca: cluster.server.ca,
        sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      });
      let current = strategy.parse(
        JSON.stringify({
          engine: 'postgres',
          host: 'localhost',
          username: 'rotated',
          password: app.password,
          dbInstanceIdentifier: 'pharmacy',
        }),
      );
      let previous: typeof current | undefined;
      for (const expected of ['rotated_a', 'rotated_b', 'rotated_a']) {
        const rotation = rotationOf('planned', app.rotator);
        const pending = await strategy.createSecret({ current }, rotation);
        const all = { current, pending, ...(previous && { previous }) };
        await strategy.setSecret(all, rotation);
        await strategy.testSecret(all, rotation);
        expect(pending.username).toBe(expected);
        expect(await cluster.sql('select tenant from patients', pending, 'rotated')).toEqual([
          { tenant: 'lindenhof' },
        ]);
        previous = current;
        current = pending;
      }
      const made = `create table made_after (id int)`;
      await cluster.sql(made, current, 'rotated');
      expect(
        await cluster.superuser(`select rolcanlogin from pg_roles where rolname = 'rotated'`),
      ).toEqual([{ rolcanlogin: false }]);
      expect(
        await cluster.sql(
          `select tableowner::text as owner from pg_tables where tablename = 'made_after'`,
          current,
          'rotated',
        ),
      ).toEqual([{ owner: 'rotated' }]);
      expect((await app.plan()).statements).toEqual([]);
    });

    test('can be backed out of: what it made is dropped, and the application is as before', async () => {
      const app = await cluster.application('backed_out');
      const before = await roles();
      await app.execute((await app.plan()).digest);
      await cluster.sql('drop role backed_out_a, backed_out_b, backed_out_rotator');
      expect(await roles()).toEqual(before);
      const login = { username: 'backed_out', password: app.password };
      await cluster.sql('select * from patients', login, 'backed_out');
    });

    describe('what would end in a lockout is found before anything is changed:', () => {
      const traps: [string, string, (role: string) => string][] = [
        ['a VALID UNTIL', 'ROLE_EXPIRES', (role) => `alter role ${role} valid until '2031-01-01'`],
        ['membership in rds_iam', 'ROLE_USES_IAM', (role) => `grant rds_iam to ${role}`],
        [
          'CONNECTION LIMIT 0',
          'ROLE_WITHOUT_CONNECTIONS',
          (role) => `alter role ${role} connection limit 0`,
        ],
        ['CREATEROLE', 'ROLE_PRIVILEGED', (role) => `alter role ${role} createrole`],
        ['BYPASSRLS', 'ROLE_PRIVILEGED', (role) => `alter role ${role} bypassrls`],
        [
          'a member of a role that reads files of the server',
          'ROLE_PRIVILEGED',
          (role) => `grant pg_read_server_files to ${role}`,
        ],
        [
          'a member of a superuser',
          'ROLE_PRIVILEGED',
          (role) => `create role mightiest superuser; grant mightiest to ${role}`,
        ],
        [
          'an identity that never logged in',
          'ROLE_UNUSABLE_AS_IDENTITY',
          (role) => `alter role ${role} nologin`,
        ],
        [
          'a setting only a superuser may copy',
          'SETTING_NOT_COPYABLE',
          (role) => `alter role ${role} set app.tenant = 'x'`,
        ],
      ];
      let app: Application;
      let digest: string;
      beforeAll(async () => {
        app = await cluster.application('trap');
        ({ digest } = await app.plan());
      });

      test.each(traps)('%s', async (_what, code, sql) => {
        const undo = [
          `alter role trap login nocreaterole nobypassrls valid until 'infinity' connection limit 40`,
          'alter role trap reset app.tenant',
          'revoke rds_iam from trap',
          'revoke pg_read_server_files from trap',
          'drop role if exists mightiest',
        ];
        await cluster.superuser(sql('trap'));
        const before = await roles();
        try {
          expect(codes(await app.plan())).toContain(code);
          expect(await failureOf(app.execute(digest))).toMatchObject({
            code: 'ERR_ROTATION_BOOTSTRAP_BLOCKED',
          });
          expect(await roles()).toEqual(before);
        } finally {
          for (const statement of undo) {
            await cluster.superuser(statement);
          }
        }
        expect(codes(await app.plan())).toEqual([]);
      });

      test('an identity that does not exist', async () => {
        expect(codes(await app.plan({ identity: 'nobody_here' }))).toContain('ROLE_MISSING');
      });

      test('a role with a name the server would cut', async () => {
        expect(codes(await app.plan({ roles: ['x'.repeat(64), 'y'] }))).toContain(
          'ROLE_NAME_UNUSABLE',
        );
      });

      test('a rotator that is a superuser, or a role it is to rotate', async () => {
        await cluster.superuser('create role mighty superuser');
        expect(codes(await app.plan({ rotator: 'mighty' }))).toContain('ADMIN_UNUSABLE');
        expect(codes(await app.plan({ rotator: 'trap_a' }))).toContain('ADMIN_UNUSABLE');
        await cluster.superuser('drop role mighty');
      });

      test('an identity the master did not make: from 16 on it may not grant it', async () => {
        await cluster.superuser('create role foreign_app login');
        // Being its member is not enough.
        await cluster.superuser('grant foreign_app to master');
        const plan = await app.plan({ identity: 'foreign_app', roles: ['foreign_a', 'foreign_b'] });
        expect(codes(plan)).toEqual(recent ? ['RUNNER_WITHOUT_ADMIN_OPTION'] : []);
        if (recent) {
          expect(JSON.stringify(plan.findings)).toContain(
            'GRANT foreign_app TO master WITH ADMIN OPTION',
          );
        }
      });

      test('a master without CREATEROLE', async () => {
        await cluster.superuser('alter role master nocreaterole');
        const plan = await app
          .plan()
          .finally(() => cluster.superuser('alter role master createrole'));
        expect(codes(plan)).toEqual(['RUNNER_WITHOUT_CREATEROLE']);
      });

      test('md5, and too few connections, are warnings', async () => {
        await cluster.superuser(`alter role trap set password_encryption = 'md5'`);
        const plan = await app.plan({ bootstrapArn: `${app.facts.bootstrapArn}` });
        expect(plan.findings.every(({ level }: { level: string }) => level === 'warns')).toBe(true);
        expect(plan.unchecked.join()).toContain('md5');
        await cluster.superuser('alter role trap reset password_encryption');
      });
    });

    describe('an admin that is taken as it is:', () => {
      test('an RDS-managed master user runs the bootstrap itself and is granted nothing', async () => {
        const app = await cluster.application('managed');
        app.values[app.adminArn] = JSON.stringify(cluster.master);
        const { bootstrapArn: _, ...facts } = app.facts;
        const managed = { ...facts, admin: { ...app.facts.admin, kind: 'rdsManaged' as const } };
        const ask = (request: object) =>
          app.ask(request, { ...managed, bootstrapArn: undefined } as never);
        const plan = await ask({ operation: 'planBootstrap' });
        expect(codes(plan)).toEqual([]);
        expect(plan).toMatchObject({ runBy: 'master', storesPassword: false });
        expect(JSON.stringify(plan.statements)).not.toContain('rotator');
        expect(await ask({ operation: 'executeBootstrap', digest: plan.digest })).toMatchObject({
          outcome: 'executed',
          passwordStored: false,
          proven: { role: 'master' },
        });
        expect(app.puts).toEqual([]);
      });

      test('its secret is read once more after a pause, because RDS may be changing it', async () => {
        const app = await cluster.application('weekly');
        const wrong = JSON.stringify({ ...cluster.master, password: newPassword() });
        const right = app.values[app.facts.bootstrapArn ?? ''] ?? '';
        let reads = 0;
        app.beforeRead = (secretArn) => {
          if (secretArn === app.facts.bootstrapArn) {
            reads += 1;
            app.values[secretArn] = reads === 1 ? wrong : right;
          }
        };
        expect(codes(await app.plan())).toEqual([]);
        expect(app.sleeps).toContain(2_000);
        expect(reads).toBe(2);
        app.beforeRead = (secretArn) => {
          app.values[secretArn] = wrong;
        };
        expect(await failureOf(app.plan())).toMatchObject({ code: 'ERR_ROTATION_LOGIN_REFUSED' });
      });

      test('a role of the owners is told what it lacks', async () => {
        const app = await cluster.application('owners');
        const own = { username: 'own_admin', password: newPassword() };
        await cluster.superuser(
          `create role own_admin login password '${scramVerifier(own.password)}'`,
        );
        app.values[app.adminArn] = JSON.stringify(own);
        expect(codes(await app.plan())).toEqual(
          expect.arrayContaining([
            'ADMIN_WITHOUT_CREATEROLE',
            'ADMIN_WITHOUT_SIGNAL',
            ...(recent ? ['ADMIN_WITHOUT_ADMIN_OPTION'] : []),
          ]),
        );
        expect(app.puts).toEqual([]);
      });
    });

    describe('without a `bootstrap` secret a person runs it:', () => {
      const own = (app: Application) =>
        ({ bootstrapArn: undefined, admin: { ...app.facts.admin } }) as never;

      test('before anybody can log in, the whole script, and what is missing', async () => {
        const app = await cluster.application('blind');
        const plan = await app.plan(own(app));
        expect(plan.runBy).toBeUndefined();
        expect(plan.serverVersion).toBeUndefined();
        expect(codes(plan)).toEqual(['ADMIN_CANNOT_LOG_IN']);
        expect(plan.statements.length).toBeGreaterThan(8);
        expect(await failureOf(app.execute(plan.digest, own(app)))).toMatchObject({
          code: 'ERR_ROTATION_NO_BOOTSTRAP',
        });
        // The script is one that runs: the master executes it as it is printed.
        for (const { sql } of plan.statements) {
          if (recent || !sql.includes('ADMIN OPTION')) {
            await cluster.sql(sql);
          }
        }
        const password = newPassword();
        await cluster.sql(`alter role blind_rotator password '${scramVerifier(password)}'`);
        app.values[app.adminArn] = JSON.stringify({ username: 'blind_rotator', password });
        const rest = await app.plan(own(app));
        expect(codes(rest)).toEqual([]);
        expect(rest.runBy).toBeUndefined();
        expect(rest.statements.map(({ sql }: { sql: string }) => sql)).toEqual(
          ['blind_a', 'blind_b'].flatMap((role) => [
            `ALTER ROLE "${role}" SET "statement_timeout" = '40s'`,
            `ALTER ROLE "${role}" CONNECTION LIMIT 40`,
          ]),
        );
      });
    });

    test('where RDS restricts password commands, the rotator is made a member of rds_password', async () => {
      const app = await cluster.application('restricted');
      await cluster.superuser('create role rds_password nologin');
      await cluster.superuser('grant rds_password to master with admin option');
      await cluster.superuser(`alter role master set rds.restrict_password_commands = 'on'`);
      try {
        const plan = await app.plan();
        expect(plan.statements.map(({ sql }: { sql: string }) => sql)).toContain(
          'GRANT rds_password TO "restricted_rotator"',
        );
        expect(await app.execute(plan.digest)).toMatchObject({ outcome: 'executed' });
      } finally {
        await cluster.superuser('alter role master reset rds.restrict_password_commands');
      }
    });

    test('a secret that names another server is refused before a connection is made', async () => {
      const app = await cluster.application('elsewhere');
      app.values[app.adminArn] = JSON.stringify({ ...cluster.master, host: 'evil.example.com' });
      expect(await failureOf(app.plan())).toMatchObject({
        code: 'ERR_ROTATION_CREDENTIAL_INVALID',
      });
      app.values[app.adminArn] = 'not json with a s3cret in it';
      const failure = await failureOf(app.plan());
      expect(failure.code).toBe('ERR_ROTATION_CREDENTIAL_INVALID');
      expect(failure.message).not.toContain('s3cret');
    });
  },
);
