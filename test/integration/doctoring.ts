/**
 * `quarterturn doctor` as on-call runs it, with on-call's policy and no other right: the stuck rotations that users of
 * Secrets Manager report, each made here, told, and repaired.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteResourcePolicyCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
  RotateSecretCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
  type UpdateSecretVersionStageCommandInput,
} from '@aws-sdk/client-secrets-manager';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { OpenDeployment } from '../../cli/command.ts';
import { alarmTopicName } from '../../domain/config/names.ts';
import { type DoctorReport, doctorReportSchema } from '../../domain/reports/doctor-report.ts';
import {
  controlTableWith,
  emergenciesWith,
  secretsManagerWith,
  stepFunctionsWith,
  triggersWith,
} from '../../doors/explicit-access.ts';
import { functions } from '../../doors/functions.ts';
import { rolloutRecords } from '../../doors/rollout-records.ts';
import { subscriptions } from '../../doors/subscriptions.ts';
import { runCommand } from '../cli/run-command.ts';
import { eyes } from './eyes.ts';
import type { SecretKey, World } from './world.ts';

const role = 'pharmacy_legacy';
/** Shown on the command line and at the rotation function, too. */
const inFull = process.env.PROOF === 'full' ? test : test.skip;

export function doctoring(theWorld: () => World): void {
  let onCall: OpenDeployment;
  beforeAll(() => {
    onCall = openedBy(theWorld());
  });

  interface Seen {
    exitCode: number;
    secret: DoctorReport['secrets'][number];
    /** Of what needs a person. */
    codes: string[];
    told: string;
    repairs: string[][];
    /** Progress. */
    said: string;
  }

  async function doctor(key: SecretKey, ...options: string[]): Promise<Seen> {
    const { exitCode, said, complained } = await runCommand(onCall, [
      ...['doctor', key, '--json'],
      ...options,
    ]);
    if (said === '') throw new Error(complained);
    const report = doctorReportSchema.parse(JSON.parse(said));
    const [secret] = report.secrets;
    if (secret === undefined) throw new Error('no secret in the report');
    return {
      exitCode,
      secret,
      codes: secret.findings.filter(({ level }) => level === 'blocks').map(({ code }) => code),
      told: secret.findings.map(({ message }) => message).join('\n'),
      repairs: report.repairs.map(({ repair, outcome }) => [repair.kind, outcome]),
      said: complained,
    };
  }
  const repair = (key: SecretKey, ...options: string[]) =>
    doctor(key, '--repair', '--yes', ...options);
  const asSuperuser = (text: string) =>
    theWorld().stage.asSuperuser((session) => session.query(text));

  /** As a person who "just fixes it": the secret's own policy is in the way, and is put back afterwards. */
  async function byHand(
    key: SecretKey,
    move: Omit<UpdateSecretVersionStageCommandInput, 'SecretId'>,
  ): Promise<void> {
    const world = theWorld();
    const SecretId = world.name(key);
    const runbook = new SecretsManagerClient(world.accessOf(powerful(world)));
    const { ResourcePolicy } = await runbook.send(new GetResourcePolicyCommand({ SecretId }));
    await runbook.send(new DeleteResourcePolicyCommand({ SecretId }));
    await runbook.send(new UpdateSecretVersionStageCommand({ SecretId, ...move }));
    await runbook.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }));
  }

  /** Told as such; repaired by these; afterwards everything is as if nothing had happened. */
  async function expectRepaired(
    key: SecretKey,
    repairs: string[],
    token: string,
    ...options: string[]
  ): Promise<void> {
    const world = theWorld();
    const done = await repair(key, ...options);
    if (done.repairs.some(([, outcome]) => outcome !== 'done')) throw new Error(done.said);
    expect(done.repairs).toEqual(repairs.map((kind) => [kind, 'done']));
    // As it was found afterwards.
    expect(done).toMatchObject({ exitCode: 0, codes: [] });
    await world.settle();
    expect(await world.holder(key, 'AWSCURRENT')).toBe(token);
    expect(await world.holder(key, 'AWSPENDING')).toBeUndefined();
    expect(await world.afterRotation(key)).toBe('finished');
    await (await eyes[key](world))();
  }

  describe('doctor tells what is wrong, and repairs it', () => {
    test('nothing, of a secret that rotates as it should; a database meets one login', async () => {
      const world = theWorld();
      const logged = (await world.stage.server.log()).length;
      const { exitCode, secret, codes } = await doctor('db');
      expect({ exitCode, codes }).toEqual({ exitCode: 0, codes: [] });
      expect(Object.keys(secret.reaches).sort()).toEqual(['dynamodb', 'kms', 'secretsmanager']);
      const attempts = secret.versions.flatMap((version) => version.attempts ?? []);
      expect(attempts.map(({ answer }) => answer)).toEqual(['accepted']);
      expect(secret.roles?.filter(({ exists }) => exists)).toHaveLength(3);
      expect((await world.stage.server.log()).slice(logged)).not.toMatch(/FATAL/);
    });

    test('a first rotation that began before its role was there (#6)', async () => {
      const world = theWorld();
      await asSuperuser(`alter role ${role} rename to ${role}_later`);
      const token = await world.begin('legacyDb', 'planned');
      const seen = await doctor('legacyDb');
      expect(seen.exitCode).toBe(3);
      expect(seen.codes).toEqual(expect.arrayContaining(['ROLE_MISSING', 'rotationStuck']));
      expect(seen.told).toContain(`Rotation ${token} (planned) is stuck at setSecret`);
      expect(seen.told).toContain('ERR_ROTATION_NO_SUCH_ROLE');
      // Tried while the reason is still there, it says so.
      expect((await repair('legacyDb')).repairs).toEqual([['resume', 'failed']]);
      await asSuperuser(`alter role ${role}_later rename to ${role}`);
      await expectRepaired('legacyDb', ['resume'], token);
    });

    test('AWSPENDING that blocks every later rotation, because a function was cut off (#3)', async () => {
      const world = theWorld();
      const token = await world.newToken();
      const fault = world.fault('db', 'setSecret', 'before', { times: 6 });
      await world.begin('db', 'planned', { token });
      await world.later(600_000);
      const again = new RotateSecretCommand({ SecretId: world.name('db') });
      const operator = new SecretsManagerClient(world.accessOf(world.stage.operatorKey));
      await expect(operator.send(again)).rejects.toThrow("A previous rotation isn't complete");
      const { told, secret } = await doctor('db');
      expect(told).toContain(`Rotation ${token} (planned) is stuck at setSecret`);
      const [pending] = secret.versions.filter(({ labels }) => labels.includes('AWSPENDING'));
      expect(pending).toMatchObject({ value: 'text', attempts: [{ answer: 'refused' }] });
      fault.remove();
      await expectRepaired('db', ['resume'], token);
    });

    inFull(
      'the same, given up: what nobody accepts goes, and the next rotation comes',
      async () => {
        const world = theWorld();
        const before = await world.holder('db', 'AWSCURRENT');
        const fault = world.fault('db', 'setSecret', 'before', { times: 6 });
        await world.begin('db', 'planned');
        await world.later(600_000);
        fault.remove();
        expect((await repair('db', '--abandon')).repairs).toEqual([['abandon', 'done']]);
        expect(await world.holder('db', 'AWSPENDING')).toBeUndefined();
        expect(await world.holder('db', 'AWSCURRENT')).toBe(before);
        await world.rotate('db', 'planned');
        expect(await doctor('db')).toMatchObject({ exitCode: 0 });
      },
    );

    test('AWSPENDING left on AWSCURRENT (#4)', async () => {
      const world = theWorld();
      const token = (await world.holder('db', 'AWSCURRENT')) ?? '';
      await byHand('db', { VersionStage: 'AWSPENDING', MoveToVersionId: token });
      const { secret } = await doctor('db');
      expect(secret.findings).toContainEqual(
        expect.objectContaining({ code: 'pendingOnCurrent', level: 'warns' }),
      );
      expect((await repair('db')).repairs).toEqual([['clearPending', 'done']]);
      expect(await world.holder('db', 'AWSPENDING')).toBeUndefined();
      expect(await world.holder('db', 'AWSCURRENT')).toBe(token);
    });

    test('one role between setSecret and finishSecret: new logins fail until it is finished (#14)', async () => {
      const world = theWorld();
      const { application } = world.stage;
      const before = await application.credential('legacyDb');
      const token = await world.newToken();
      const fault = world.fault('legacyDb', 'testSecret', 'before', { times: 6 });
      await world.begin('legacyDb', 'planned', { token });
      await world.later(600_000);
      expect(await application.isRefused(before)).toBe(true);
      const { codes, told } = await doctor('legacyDb');
      expect(codes).toContain('promotedInTarget');
      expect(told).toContain('(28P01)');
      fault.remove();
      // Also who would rather give it up finishes it: AWSCURRENT would stay locked out.
      await expectRepaired('legacyDb', ['resume'], token, '--abandon');
    });

    test('the real error, with its SQLSTATE, and what the admin lacks (#21)', async () => {
      const world = theWorld();
      const admin = (await asSuperuser(
        `select r.rolname::text as name from pg_auth_members m join pg_roles r on r.oid = m.member
          join pg_roles g on g.oid = m.roleid where g.rolname = 'pg_signal_backend'`,
      )) as { name: string }[];
      const name = admin[0]?.name;
      await asSuperuser(`alter role ${name} nocreaterole`);
      const token = await world.begin('legacyDb', 'planned');
      const { codes, told } = await doctor('legacyDb');
      expect(codes).toEqual(expect.arrayContaining(['ADMIN_WITHOUT_CREATEROLE', 'rotationStuck']));
      expect(told).toContain('answered 42501');
      await asSuperuser(`alter role ${name} createrole`);
      await expectRepaired('legacyDb', ['resume'], token);
    });

    test('AWSPENDING that is not found between two steps (#23)', async () => {
      const world = theWorld();
      const token = await world.newToken();
      const { sandbox } = world.stage;
      const fault = sandbox.injectFault({
        ...{ service: 'secretsmanager', operation: 'GetSecretValue', when: 'before', times: 5 },
        match: { VersionId: token },
        error: {
          code: 'ResourceNotFoundException',
          message: "Secrets Manager can't find the specified secret value for VersionId",
        },
      });
      await world.begin('db', 'planned', { token });
      expect(fault.fired()).toBe(5);
      const { told } = await doctor('db');
      expect(told).toContain('is stuck at setSecret');
      expect(told).toContain('ERR_ROTATION_VALUE_MISSING');
      fault.remove();
      await expectRepaired('db', ['resume'], token);
    });

    test('a database that was restored: both slots are locked out, AWSCURRENT is set again', async () => {
      const world = theWorld();
      await asSuperuser(
        `do $$ declare r text; begin
           for r in select rolname from pg_roles where rolname like 'pharmacy_app\\_%' loop
             execute format('alter role %I password %L', r, 'of-an-older-backup-' || r);
           end loop; end $$`,
      );
      const { codes, told } = await doctor('db');
      expect(codes).toEqual(['currentRefused']);
      expect(told).toContain('as after a restore');
      const token = (await world.holder('db', 'AWSCURRENT')) ?? '';
      await expectRepaired('db', ['restoreLogin'], token);
    });

    test('a label that was rolled back without its database (#25)', async () => {
      const world = theWorld();
      const [from, to] = await Promise.all(
        ['AWSCURRENT', 'AWSPREVIOUS'].map((label) => world.holder('legacyDb', label)),
      );
      await world.later();
      await byHand('legacyDb', {
        ...{ VersionStage: 'AWSCURRENT', RemoveFromVersionId: from, MoveToVersionId: to },
      });
      const { application } = world.stage;
      expect(await application.isRefused(await application.credential('legacyDb'))).toBe(true);
      expect((await doctor('legacyDb')).codes).toContain('labelMovedAlone');
      expect((await repair('legacyDb')).repairs).toEqual([['restoreLogin', 'done']]);
      await (await eyes.legacyDb(world))();
    });

    test('an AfterRotation that nobody started', async () => {
      const world = theWorld();
      await world.later();
      world.stage.sandbox.dropNextEvent('Secret Label Updated', { labelUpdated: 'AWSCURRENT' });
      const token = await world.rotate('db');
      expect(await world.afterRotation('db', token)).toBe('due');
      await world.later(11 * 60_000);
      expect((await doctor('db')).codes).toEqual(['afterRotationLost']);
      await expectRepaired('db', ['restartAfterRotation'], token);
    });

    inFull('an address that never confirmed hears no alarm', async () => {
      const world = theWorld();
      const { stage } = world;
      const { account, region } = stage.sandbox;
      const infra = stage.sandbox.createPrincipal('infra', {
        policies: [{ Statement: [{ Effect: 'Allow', Action: 'sns:Subscribe', Resource: '*' }] }],
      });
      const topic = alarmTopicName(onCall.manifest, 'on-call');
      await new SNSClient(world.accessOf(infra)).send(
        new SubscribeCommand({
          ...{ TopicArn: `arn:aws:sns:${region}:${account}:${topic}`, Protocol: 'email' },
          Endpoint: 'on-call@example.com',
        }),
      );
      const { said } = await runCommand(onCall, ['doctor', '--json']);
      const { paths } = doctorReportSchema.parse(JSON.parse(said));
      expect(paths.find((path) => path.topic === topic)).toMatchObject({
        listening: 0,
        findings: [
          {
            code: 'subscriptionPending',
            message: expect.stringContaining('on-call@example.com (email) has not confirmed'),
          },
        ],
      });
    });

    test('a secret that others may write, since its resource policy is gone', async () => {
      const world = theWorld();
      await new SecretsManagerClient(world.accessOf(powerful(world))).send(
        new DeleteResourcePolicyCommand({ SecretId: world.name('jwt') }),
      );
      const { codes, told } = await doctor('jwt');
      expect(codes).toContain('policyChanged');
      expect(told).toContain('PutResourcePolicy');
    });
  });
}

function powerful(world: World) {
  const actions = [
    ...['GetResourcePolicy', 'DeleteResourcePolicy', 'PutResourcePolicy'],
    'UpdateSecretVersionStage',
  ];
  return world.stage.sandbox.createPrincipal('runbook', {
    policies: [
      {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: actions.map((action) => `secretsmanager:${action}`),
            Resource: '*',
          },
        ],
      },
    ],
  });
}

/** The caller's own rights are those of the policy for on-call, and nothing else. */
function openedBy(world: World): OpenDeployment {
  const { sandbox, operator, operatorKey } = world.stage;
  const access = world.accessOf(operatorKey);
  const { manifest } = operator;
  return {
    manifest,
    caller: {
      arn: `arn:aws:iam::${sandbox.account}:user/on-call`,
      account: sandbox.account,
      region: sandbox.region,
      endpoint: sandbox.url,
    },
    secretsManager: secretsManagerWith(access),
    controlTable: controlTableWith(access, manifest.controlTable),
    functions: functions(new LambdaClient({ ...access, maxAttempts: 1 })),
    stepFunctions: stepFunctionsWith(access),
    auditLog: { read: async () => ({ lines: [], complete: true }) },
    triggers: triggersWith(access, manifest.controlTable),
    rolloutRecords: rolloutRecords(manifest.controlTable, new DynamoDBClient(access)),
    ...emergenciesWith(access, manifest),
    subscriptions: subscriptions(new SNSClient(access)),
    // What is under way goes on meanwhile.
    clock: { now: () => sandbox.clock.now(), sleep: () => sandbox.clock.idle() },
    newToken: () => world.newToken(),
  };
}
