/** From an account as it is to the first successful rotation of every kind, on the deployed artefacts. */
import { execFile } from 'node:child_process';
import { createDecipheriv } from 'node:crypto';
import { promisify } from 'node:util';
import {
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetResourcePolicyCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { jwtVerify, SignJWT } from 'jose';
import { acceptedKeys } from '../../domain/secrets/keyset.ts';
import { readKeyset } from '../../domain/secrets/secret-value.ts';
import { versions } from '../lambdas/operator/cluster.ts';
import {
  AdoptionStage,
  masterSecret,
  playedRefusals,
  sealedByApplication,
  unadoptable,
} from './adoption-stage.ts';

/** The operator itself is tested on both; the whole way with `npm run proof`. */
const played = process.env.PROOF === 'full' ? versions : versions.slice(0, 1);

const hasAws = await promisify(execFile)('aws', ['--version']).then(
  () => true,
  () => false,
);

describe.each(played)('adoption on PostgreSQL %s', (_major, version) => {
  let stage: AdoptionStage;
  beforeAll(async () => {
    stage = await AdoptionStage.start(version);
  }, 120_000);
  afterAll(() => stage?.stop());

  const owner = () => {
    const key = stage.sandbox.createPrincipal('admin', {
      policies: [
        {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Action: ['secretsmanager:*', 'kms:*', 'lambda:InvokeFunction'],
              Resource: '*',
            },
          ],
        },
      ],
    });
    return new SecretsManagerClient(stage.access(key));
  };

  describe('deployed, before anything is adopted', () => {
    test('nothing of the secrets has changed: no policy, no schedule, no tag', async () => {
      const client = owner();
      for (const SecretId of ['old/jwt', 'old/pii', 'old/db', 'old/legacy-db']) {
        const described = await client.send(new DescribeSecretCommand({ SecretId }));
        expect(described.RotationEnabled).toBeUndefined();
        expect(described.Tags).toBeUndefined();
        const { ResourcePolicy } = await client.send(new GetResourcePolicyCommand({ SecretId }));
        expect(ResourcePolicy).toBeUndefined();
      }
    });

    test('nobody rotates it by accident: the operator has no rotation to ask for', async () => {
      await expect(stage.rotate('old/jwt')).rejects.toThrow('No Lambda rotation function ARN');
    });
  });

  describe('what cannot be taken over is refused, with the command that resolves it:', () => {
    beforeAll(async () => {
      const client = owner();
      await client.send(new DeleteSecretCommand({ SecretId: unadoptable.deleted }));
      // Another team's schedule; any function of the account will do.
      const other = [...stage.sandbox.resources.values()].find(
        ({ type, physicalId }) => type === 'AWS::Lambda::Function' && physicalId.endsWith('-jwt'),
      );
      await client.send(
        new RotateSecretCommand({
          SecretId: unadoptable.scheduled,
          RotationLambdaARN: `arn:aws:lambda:eu-west-1:000000000000:function:${other?.physicalId}`,
          RotationRules: { AutomaticallyAfterDays: 30 },
          RotateImmediately: false,
        }),
      );
      await stage.sandbox.clock.idle();
    });

    const refused: [keyof typeof unadoptable, string, string][] = [
      ['owned', 'OWNED_BY_SERVICE', 'describe-secret'],
      ['replica', 'REPLICA', 'stop-replication-to-replica'],
      ['plainKey', 'NO_CUSTOMER_KEY', 'update-secret'],
      ['otherKey', 'OTHER_KEY', 'update-secret'],
      ['policied', 'RESOURCE_POLICY', 'delete-resource-policy'],
      ['deleted', 'SCHEDULED_FOR_DELETION', 'restore-secret'],
      ['scheduled', 'ROTATED_BY_ANOTHER', 'cancel-rotate-secret'],
      ['binary', 'BINARY_VALUE', 'put-secret-value'],
    ];
    test.each(refused.filter(([key]) => playedRefusals.includes(key)))(
      '%s: %s',
      async (key, code, command) => {
        const before = stage.sandbox.requests().length;
        const { exitCode, said } = await stage.adopt(key);
        expect(said).toContain(`Refused (${code})`);
        expect(said).toContain(`aws secretsmanager ${command} --secret-id`);
        expect(exitCode).toBe(1);
        expect(stage.changesSince(before)).toEqual([]);
      },
    );

    test('what the tags say another deployment keeps, until they are gone', async () => {
      const client = owner();
      const Tags = [
        { Key: 'quarterturn:name', Value: 'pharmacy' },
        { Key: 'quarterturn:environment', Value: 'staging' },
      ];
      await client.send(new TagResourceCommand({ SecretId: 'old/jwt', Tags }));
      const before = stage.sandbox.requests().length;
      expect((await stage.adopt('jwt')).said).toContain('Refused (OTHER_DEPLOYMENT)');
      expect(stage.changesSince(before)).toEqual([]);
      const TagKeys = Tags.map(({ Key }) => Key);
      await client.send(new UntagResourceCommand({ SecretId: 'old/jwt', TagKeys }));
      expect(await stage.adopt('jwt', '--dry-run')).toMatchObject({ exitCode: 0 });
    });

    const resolvable = ['plainKey', 'otherKey', 'policied', 'deleted', 'scheduled'] as const;
    const withAws = hasAws && process.env.PROOF === 'full' ? test : test.skip;
    withAws.each(resolvable)(
      '%s: once the printed command was run, it is adopted',
      async (key) => {
        const { said } = await stage.adopt(key);
        const command = said.split('\n').find((line) => line.startsWith('  aws ')) ?? '';
        await stage.shell(command.trim());
        expect(await stage.adopt(key)).toMatchObject({ exitCode: 0 });
      },
      60_000,
    );
  });

  describe('adopted by on-call, who reads no value', () => {
    const expectAdopted = async (key: string, ...said: string[]) => {
      const outcome = await stage.adopt(key);
      expect(`${outcome.complained}\n${outcome.said}`).toContain('Adopted: ');
      for (const text of said) {
        expect(outcome.said).toContain(text);
      }
      expect(outcome.said).toContain(`add  armed: true  to "${key}"`);
      expect(outcome.exitCode).toBe(0);
      return outcome;
    };

    test('an RDS-style secret of a one-role database: the master makes the rotator and two login roles', async () => {
      const { said } = await expectAdopted(
        'db',
        'a login of pharmacy, which the database accepts',
        'as master, in one transaction',
        'CREATE ROLE "pharmacy_a" NOLOGIN;',
        'ALTER ROLE "quarterturn_rotator" PASSWORD \'<SCRAM-SHA-256 verifier>\'',
        'quarterturn_rotator logs in.',
      );
      const rotator = await stage.credential('pharmacy/dev/dbAdmin');
      expect(await stage.cluster.sql('select current_user::text as me', rotator)).toEqual([
        { me: 'quarterturn_rotator' },
      ]);
      expect(said).not.toContain(rotator.password);
      expect(stage.sandbox.logs().join('\n')).not.toContain(rotator.password);
      // Whose password the application uses stays as it was.
      await stage.cluster.sql('select 1', { username: 'pharmacy', password: stage.passwords.app });
    });

    test('another of the same cluster: the rotator is there already', async () => {
      const { said } = await expectAdopted('legacyDb', 'a login of pharmacy_legacy');
      expect(said).not.toContain('CREATE ROLE "quarterturn_rotator"');
      expect(said).not.toContain('PASSWORD');
    });

    test('an encryption key whose rows do not open with it is not adopted', async () => {
      const insert = (id: number, text: string) =>
        stage.cluster.sql(
          `insert into cards values (${id}, '${text}')`,
          { username: 'pharmacy', password: stage.passwords.app },
          'pharmacy',
        );
      await insert(1, sealedByApplication(stage.fieldKey, '4111'));
      await insert(2, sealedByApplication(Buffer.alloc(32, 7), '4222'));
      const { exitCode, said } = await stage.adopt('pii');
      expect(exitCode).toBe(1);
      expect(said).toContain('ROWS_NOT_OPENED');
      expect(said).toContain('1 of 2 sampled values of public.cards.number do not open');
      await stage.cluster.sql(
        'delete from cards where id = 2',
        { username: 'pharmacy', password: stage.passwords.app },
        'pharmacy',
      );
    });

    test('an encryption key that opens the rows there are', async () => {
      await expectAdopted(
        'pii',
        'a plain key of 256 bits',
        '1 sampled values opened with this key',
      );
    });

    test('a plain JWT value, and what its first rotation makes of it is told', async () => {
      await expectAdopted(
        'jwt',
        'a plain key of 512 bits in base64, nothing around it',
        'VALUE_BECOMES_JSON',
      );
    });

    test('run again, nothing is changed', async () => {
      for (const key of ['jwt', 'pii', 'db', 'legacyDb']) {
        const before = stage.sandbox.requests().length;
        expect(await stage.adopt(key)).toMatchObject({ exitCode: 0 });
        expect(stage.changesSince(before)).toEqual([]);
      }
    });

    test('it is tagged, and still unarmed: no schedule, no rotation in a week', async () => {
      const described = await owner().send(new DescribeSecretCommand({ SecretId: 'old/jwt' }));
      expect(described.Tags).toContainEqual({ Key: 'quarterturn:kind', Value: 'jwt' });
      expect(described.RotationEnabled).toBeUndefined();
      const { clock } = stage.sandbox;
      await clock.advanceTo(new Date(clock.now().getTime() + 7 * 86_400_000), 'last');
      expect(await stage.value('old/jwt')).toBe(stage.jwtKey);
      const stray = stage.sandbox
        .requests()
        .filter(
          ({ operation, principal }) =>
            operation === 'RotateSecret' && /Cadence/.test(principal ?? ''),
        );
      expect(stray).toEqual([]);
    });
  });

  describe('armed, and rotated for the first time', () => {
    beforeAll(() => stage.arm(), 60_000);

    test('policy and schedule come with the deployment', async () => {
      const client = owner();
      for (const SecretId of ['old/jwt', 'old/pii', 'old/db', 'old/legacy-db']) {
        const { RotationEnabled } = await client.send(new DescribeSecretCommand({ SecretId }));
        expect(RotationEnabled).toBe(true);
        const { ResourcePolicy } = await client.send(new GetResourcePolicyCommand({ SecretId }));
        expect(ResourcePolicy).toContain('OnlyRotationWrites');
      }
    });

    test('jwt: a token signed with the plain value is still accepted', async () => {
      const key = Buffer.from(stage.jwtKey, 'base64');
      const now = Math.floor(stage.sandbox.clock.now().getTime() / 1000);
      const token = await new SignJWT()
        .setProtectedHeader({ alg: 'HS512' })
        .setIssuedAt(now)
        .setExpirationTime(now + 86_400)
        .sign(key);
      const promoted = await stage.rotate('old/jwt');
      const keyset = readKeyset(await stage.value('old/jwt'), 'JWT_SECRET');
      expect(keyset.keys.map(({ state }) => state).sort()).toEqual(['primary', 'verifyOnly']);
      const currentDate = stage.sandbox.clock.now();
      const accepted = await Promise.all(
        acceptedKeys(keyset, currentDate).map((entry) =>
          jwtVerify(token, entry.key, { currentDate }).then(
            () => true,
            () => false,
          ),
        ),
      );
      expect(accepted).toContain(true);
      const { VersionIdsToStages } = await owner().send(
        new DescribeSecretCommand({ SecretId: 'old/jwt' }),
      );
      expect(Object.keys(VersionIdsToStages ?? {})).toContain(promoted);
      expect(
        Object.values(VersionIdsToStages ?? {})
          .flat()
          .join(),
      ).toMatch(/rotated-2026/);
    });

    test('encryption: the rows of the application open with a key of the keyset, as before', async () => {
      await stage.rotate('old/pii');
      const value = await stage.value('old/pii');
      expect(JSON.parse(value)).toMatchObject({ other: 1 });
      const keyset = readKeyset(value, 'ENCRYPTION_KEY');
      expect(keyset.keys.map(({ state }) => state).sort()).toEqual(['decryptOnly', 'primary']);
      const [row] = await stage.cluster.sql(
        'select number from cards',
        await stage.credential('old/db'),
        'pharmacy',
      );
      const [iv, tag, sealed] = String(row?.number)
        .split(':')
        .map((part) => Buffer.from(part, 'hex')) as [Buffer, Buffer, Buffer];
      const opened = acceptedKeys(keyset, stage.sandbox.clock.now()).flatMap(({ key }) => {
        try {
          const decipher = createDecipheriv('aes-256-gcm', key, iv);
          decipher.setAuthTag(tag);
          return [Buffer.concat([decipher.update(sealed), decipher.final()]).toString()];
        } catch {
          return [];
        }
      });
      expect(opened).toEqual(['4111']);
    });

    test('multiUser: the identity keeps ownership and row-level security, and loses LOGIN once no value names it', async () => {
      const canLogIn = () =>
        stage.cluster.superuser(`select rolcanlogin from pg_roles where rolname = 'pharmacy'`);
      const roles: string[] = [];
      for (let rotation = 0; rotation < 3; rotation++) {
        await stage.rotate('old/db');
        const login = await stage.credential('old/db');
        roles.push(login.username);
        expect(await stage.cluster.sql('select tenant from patients', login, 'pharmacy')).toEqual([
          { tenant: 'lindenhof' },
        ]);
        expect(await canLogIn()).toEqual([{ rolcanlogin: rotation < 2 }]);
      }
      expect(roles).toEqual(['pharmacy_a', 'pharmacy_b', 'pharmacy_a']);
      const login = await stage.credential('old/db');
      await stage.cluster.sql('create table made_after (id int)', login, 'pharmacy');
      expect(
        await stage.cluster.sql(
          `select distinct tableowner::text as owner from pg_tables where schemaname = 'public'`,
          login,
          'pharmacy',
        ),
      ).toEqual([{ owner: 'pharmacy' }]);
      expect(JSON.parse(await stage.value('old/db'))).toMatchObject({
        engine: 'postgres',
        dbInstanceIdentifier: 'pharmacy',
      });
    });

    test('singleUser: the new password logs in, the old one does not', async () => {
      await stage.rotate('old/legacy-db');
      const login = await stage.credential('old/legacy-db');
      await stage.cluster.sql('select id from patients', login, 'pharmacy');
      await expect(
        stage.cluster.sql('select 1', { ...login, password: stage.passwords.legacy }, 'pharmacy'),
      ).rejects.toThrow('28P01');
    });
  });

  test('the master secret of RDS is read by the operator alone, and written by nobody', () => {
    const touched = stage.sandbox
      .requests()
      .filter(({ input }) => JSON.stringify(input).includes(masterSecret))
      .filter(({ operation }) => /^(Get|Put|Update|Rotate)/.test(operation));
    const readers = touched.filter(({ operation }) => operation === 'GetSecretValue');
    expect(readers.length).toBeGreaterThan(0);
    for (const { principal, operation } of touched.filter(({ status }) => status === 200)) {
      expect(`${operation} ${principal}`).toMatch(
        /^(GetSecretValue .*DatabaseOperators|GetSecretValue .*SecretownedRotation|GetResourcePolicy |GetItem )/,
      );
    }
  });
});
