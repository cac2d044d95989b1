/** `quarterturn offboard`: IAM's simulation is the sandbox's, over the wire; the audit answers as the function does. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OpenDeployment } from '../../../cli/command.ts';
import { type Manifest, manifestOf } from '../../../domain/config/manifest.ts';
import type {
  AccessAnswer,
  AccessAudit,
  AccessQuestion,
} from '../../../domain/events/access-audit.ts';
import { offboardingReportSchema } from '../../../domain/reports/offboarding-report.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import { permissionsSimulation } from '../../../doors/permissions-simulation.ts';
import exampleConfig from '../../../rotation.config.ts';
import type { Statement } from '../../../sandbox/iam/policy.ts';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import { account, allow, policy, startWorld, type World } from '../../sandbox/iam/world.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';

const read = 'secretsmanager:GetSecretValue';
const secret = (key: string) => `pharmacy/prod/${key}`;
const arn = (key: string) => arnOf(secret(key));
const role = `arn:aws:iam::${account}:role/api`;
const user = `arn:aws:iam::${account}:user/ada`;
const key = 'arn:aws:kms:eu-west-1:000000000000:key/11111111-1111-4111-8111-111111111111';
const current = 'a'.repeat(32);
const keys = ['jwt', 'pii', 'db', 'dbAdmin'];

const audit = (readers: AccessAudit['readers'] = []): AccessAudit => ({
  version: 1,
  at: '2026-05-17T17:00:00Z',
  asked: { from: '2026-02-16T17:00:00Z', to: '2026-05-17T17:00:00Z', secrets: ['jwt'] },
  covered: [
    {
      region: 'eu-west-1',
      source: 'lookupEvents',
      from: '2026-02-16T17:00:00Z',
      to: '2026-05-17T16:45:00Z',
      events: 4_100,
    },
  ],
  readers,
  moreReaders: 0,
  notVisible: [{ what: 'sync', detail: 'jwt is copied to GitHub' }],
  notes: [],
});
const reader = (secretKey: string, reads: number, denied = 0): AccessAudit['readers'][number] => ({
  principal: role,
  standing: 'unknown',
  firstAt: '2026-04-01T00:00:00Z',
  lastAt: '2026-05-01T00:00:00Z',
  sources: [],
  moreSources: 0,
  secrets: [{ key: secretKey, reads, denied, versions: [] }],
  readNew: false,
});

let world: World;
let answers: AccessAnswer[];
let base: InMemoryDeployment;
let deployment: OpenDeployment;
beforeEach(async () => {
  world = await startWorld();
  answers = [{ done: true, audit: audit() }];
  deploy();
});
afterEach(() => world.stop());

function deploy(more: Partial<Manifest> = {}): void {
  const manifest = manifestOf(exampleConfig);
  const secrets = manifest.secrets.filter((one) => keys.includes(one.key));
  base = inMemoryDeployment({
    manifest: { ...manifest, secrets, people: { ada: ['jwt', 'db'] }, ...more },
    answer: (functionName) => {
      expect(functionName).toBe('quarterturn-pharmacy-prod-audit-access');
      return (answers.length > 1 ? answers.shift() : answers[0]) ?? { error: 'no answer' };
    },
  });
  for (const { name } of base.manifest.secrets) {
    base.secrets.add(name, { [current]: ['AWSCURRENT', 'rotated-20260201T000000Z'] });
  }
  deployment = { ...base, permissions: permissionsSimulation(world.administrator()) };
}
const questions = () => base.invocations.map(({ request }) => request as AccessQuestion);
const holds = (...statements: Statement[]) =>
  void world.iam.putRole('api', [policy(...statements)], []);
const look = async (...argv: string[]) => {
  const { said, exitCode, complained } = await runCommand(deployment, [
    ...['offboard', ...argv],
    ...['--json', '--dry-run'],
  ]);
  if (!said.startsWith('{')) throw new Error(complained);
  return { exitCode, report: offboardingReportSchema.parse(JSON.parse(said)) };
};
const could = async (...argv: string[]) => {
  const { report } = await look(...argv);
  const of = report.secrets.filter(({ couldRead }) => couldRead !== 'no');
  return Object.fromEntries(of.map((one) => [one.key, one.couldRead]));
};

describe('what a principal could read', () => {
  test('is what IAM’s simulation lets it, secret by secret', async () => {
    holds(allow(read, [arn('jwt'), arn('db')]), {
      Effect: 'Deny',
      Action: read,
      Resource: arn('db'),
    });
    const { report, exitCode } = await look(role);
    expect(
      report.secrets.map(({ key: one, couldRead, rotates }) => [one, couldRead, rotates]),
    ).toEqual([
      ['jwt', 'yes', 'planned'],
      ['pii', 'no', 'no'],
      ['db', 'no', 'no'],
      ['dbAdmin', 'no', 'no'],
    ]);
    expect(report.secrets[0]?.because).toEqual(['policy-1']);
    expect(report.secrets[2]?.because).toEqual(['denied by policy-1']);
    expect(report).toMatchObject({ outcome: 'looked', rotations: [] });
    expect(exitCode).toBe(3);
    expect(base.secrets.rotations).toEqual([]);
  });

  test('needs its key as well, as Secrets Manager asks for it; whether the key’s own policy gives it is not seen', async () => {
    const more = base.secrets.more;
    base.secrets.more = (name) => ({ ...more(name), kmsKeyId: key });
    const reads = allow(read, '*');
    holds(reads);
    expect(await could(role)).toEqual({
      jwt: 'perhaps',
      pii: 'perhaps',
      db: 'perhaps',
      dbAdmin: 'perhaps',
    });
    const viaSecretsManager = {
      StringEquals: {
        'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com',
        'kms:EncryptionContext:SecretARN': arn('jwt'),
      },
    };
    world.iam.putRolePolicy('api', 'Key', policy(allow('kms:Decrypt', key, viaSecretsManager)));
    expect(await could(role)).toMatchObject({ jwt: 'yes', pii: 'perhaps' });
    const never = policy({ Effect: 'Deny', Action: 'kms:*', Resource: '*' });
    world.iam.putRolePolicy('api', 'NoKey', never);
    expect(await could(role)).toEqual({});
  });

  test('is “perhaps” where a condition decides that nobody can judge here', async () => {
    holds(allow(read, arn('jwt'), { StringEquals: { 'aws:SourceArn': 'arn:aws:ec2:::vpc/1' } }));
    const { report } = await look(role);
    expect(report.secrets[0]).toMatchObject({
      couldRead: 'perhaps',
      because: [expect.stringContaining('aws:SourceArn')],
      rotates: 'planned',
    });
  });

  test('counts the secret’s own policy, of a user as IAM simulates it, of a role where it names the role', async () => {
    const names = (principal: string) =>
      JSON.stringify(policy({ ...allow(read, '*'), Principal: { AWS: principal } }));
    world.user('ada');
    base.resourcePolicies.set(arn('jwt'), names(user));
    base.resourcePolicies.set(arn('db'), names(role));
    expect(await could(user)).toEqual({ jwt: 'yes' });
    holds(allow('s3:GetObject', '*'));
    expect(await could(role)).toEqual({ db: 'yes' });
  });

  test('of a person is what the configuration says, and the audit is not asked', async () => {
    const { report } = await look('ada');
    expect(report.secrets.filter(({ rotates }) => rotates !== 'no').map((one) => one.key)).toEqual([
      'jwt',
      'db',
    ]);
    expect(report.audits).toEqual([]);
    expect(report.notSeen.join()).toContain('name their roles and users, too');
  });

  test('of several is what any of them could', async () => {
    holds(allow(read, arn('pii')));
    expect(await could('ada', role)).toEqual({ jwt: 'yes', pii: 'yes', db: 'yes' });
  });

  test('is not known of somebody IAM does not know any more: what it read still is', async () => {
    answers = [{ done: true, audit: audit([reader('jwt', 3)]) }];
    const { report } = await look(role);
    expect(report.secrets.slice(0, 2)).toMatchObject([
      { key: 'jwt', couldRead: 'unknown', reads: 3, rotates: 'planned' },
      { key: 'pii', couldRead: 'unknown', reads: 0, rotates: 'no' },
    ]);
    expect(report.notSeen[0]).toContain('IAM does not know');
  });

  test('cannot be asked without the policy for emergencies, which is named', async () => {
    holds(allow(read, '*'));
    deployment = { ...base, permissions: permissionsSimulation(world.iamAs(world.user('nobody'))) };
    const { exitCode, complained } = await runCommand(deployment, ['offboard', role, '--dry-run']);
    expect(exitCode).toBe(1);
    expect(complained).toContain('quarterturn-pharmacy-prod-emergency-policy');
  });

  test('of a secret that these credentials may not look at is not known, and the others are', async () => {
    holds(allow(read, '*'));
    base.refuse(secret('dbAdmin'), 'AccessDeniedException');
    expect(await could(role)).toEqual({ jwt: 'yes', pii: 'yes', db: 'yes', dbAdmin: 'unknown' });
  });
});

describe('what a principal did read', () => {
  test('is asked of the audit until it is done, and rotates as well', async () => {
    holds(allow('s3:GetObject', '*'));
    answers = [
      { done: false, progress: { page: 2 }, seen: 2_000 },
      { done: true, audit: audit([reader('db', 7), reader('pii', 0, 2)]) },
    ];
    const { report } = await look(role, '--since', '2026-05-01');
    expect(questions()).toMatchObject([
      {
        operation: 'readers',
        principal: role,
        since: '2026-05-01T00:00:00.000Z',
        secrets: ['jwt', 'pii', 'db', 'dbAdmin'],
      },
      { progress: { page: 2 } },
    ]);
    expect(report.secrets.slice(1, 3)).toMatchObject([
      { key: 'pii', reads: 0, denied: 2, rotates: 'no' },
      {
        key: 'db',
        couldRead: 'no',
        reads: 7,
        lastReadAt: '2026-05-01T00:00:00Z',
        rotates: 'planned',
      },
    ]);
  });

  test('is said with what was looked at, and what such a look does not see', async () => {
    holds(allow(read, arn('jwt')));
    const { said } = await runCommand(deployment, ['offboard', role, '--dry-run']);
    expect(said).toMatch(/jwt +yes +not seen +rotates/);
    expect(said.replaceAll(/\s+/g, ' ')).toContain(
      'looked at from 2026-02-16T17:00:00Z to 2026-05-17T16:45:00Z (event history)',
    );
    expect(said).toContain('jwt is copied to GitHub');
    expect(said).toContain('as another role that they can assume');
    expect(said).not.toMatch(/nobody (has )?read/i);
  });

  test('keeps nothing from being rotated where it cannot be asked', async () => {
    holds(allow(read, arn('jwt')));
    base.functions.invoke = async () => {
      throw new AwsCallError('Invoke', 'AccessDeniedException', 'not allowed');
    };
    const { report } = await look(role);
    expect(report.audits).toMatchObject([
      { principal: role, problem: { code: 'ERR_ROTATION_AWS_CALL' } },
    ]);
    expect(report.secrets[0]?.rotates).toBe('planned');
  });

  test('that takes too long is told', async () => {
    holds(allow(read, arn('jwt')));
    answers = [{ done: false, progress: 1, seen: 9 }];
    const { report } = await look(role);
    expect(report.audits[0]?.problem?.code).toBe('ERR_ROTATION_ACCESS_AUDIT_TOO_LONG');
  });
});

describe('it rotates', () => {
  const rotated = () => base.secrets.rotations.map(({ secretId }) => secretId);
  const yes = ['--yes', '--no-wait'];

  test('what was or could be read, in the order of the configuration, as planned, and says why', async () => {
    holds(allow(read, [arn('db'), arn('jwt'), arn('dbAdmin')]));
    const { exitCode, said } = await runCommand(deployment, ['offboard', role, ...yes]);
    expect(rotated()).toEqual([arn('jwt'), arn('db')]);
    const [asked] = base.secrets.rotations;
    expect(
      await base.controlTable.getIntent(secret('jwt'), asked?.clientRequestToken ?? ''),
    ).toMatchObject({
      intent: 'planned',
      reason: 'offboarding of api',
    });
    expect(said).toContain('dbAdmin is left to a person');
    expect(said).toContain('They may read the new values as well');
    // Somebody has to change what is left to a person.
    expect(exitCode).toBe(3);
  });

  test('the others where one is refused', async () => {
    holds(allow(read, [arn('jwt'), arn('db')]));
    await base.controlTable.putAfterRotation(secret('jwt'), {
      versionId: current,
      state: 'running',
      intent: 'planned',
      basedOn: null,
      at: '2026-05-17T16:00:00Z',
    });
    const { exitCode, complained } = await runCommand(deployment, ['offboard', role, ...yes]);
    expect(rotated()).toEqual([arn('db')]);
    expect(complained).toContain('ERR_ROTATION_AFTER_ROTATION_PENDING');
    expect(exitCode).toBe(1);
  });

  test('again after a rotation that had begun before', async () => {
    holds(allow(read, arn('jwt')));
    const begun = 'b'.repeat(32);
    base.secrets.add(secret('jwt'), { [current]: ['AWSCURRENT'], [begun]: ['AWSPENDING'] });
    const finished = { state: 'finished', intent: 'planned', basedOn: null } as const;
    base.meanwhile = async () => {
      const pending = Object.entries(base.secrets.stages.get(secret('jwt')) ?? {}).find(
        ([, stages]) => stages.includes('AWSPENDING') && !stages.includes('AWSCURRENT'),
      );
      if (pending === undefined) return;
      const [versionId] = pending;
      const at = base.clock.now().toISOString();
      await base.controlTable.putAfterRotation(secret('jwt'), { versionId, ...finished, at });
      base.secrets.promote(secret('jwt'), versionId);
    };
    const { exitCode, said } = await runCommand(deployment, ['offboard', role, '--yes']);
    expect(rotated()).toEqual([arn('jwt')]);
    expect(said).toContain(`rotation ${begun} is in progress already`);
    expect(said).toContain('that one had begun before; another one follows');
    expect(exitCode).toBe(0);
  });

  test('nothing without a yes, and says that nobody could be asked', async () => {
    holds(allow(read, arn('jwt')));
    const silent = await runCommand(deployment, ['offboard', role]);
    expect(silent).toMatchObject({
      exitCode: 1,
      complained: expect.stringContaining('expected --yes'),
    });
    const no = recordedTerminal({ interactive: true, answer: false });
    expect((await runCommand(deployment, ['offboard', role], no)).exitCode).toBe(1);
    expect(no.asked).toEqual(['Rotate jwt now, as planned?']);
    expect(rotated()).toEqual([]);
  });

  test('nothing where nothing was or could be read, as far as it looked', async () => {
    holds(allow('s3:GetObject', '*'));
    const { exitCode, said } = await runCommand(deployment, ['offboard', role, '--yes']);
    expect(said).toContain('Nothing to rotate, as far as this looked.');
    expect(exitCode).toBe(0);
  });

  test('nothing of whom IAM does not know and nobody saw read: that is not told as if it were clear', async () => {
    const { exitCode, said } = await runCommand(deployment, ['offboard', `${role}-typo`, '--yes']);
    expect(said).toContain('Nothing is known of what they could read');
    expect(said).not.toContain('Nothing to rotate');
    expect(exitCode).toBe(3);
    expect(rotated()).toEqual([]);
  });

  test('as an emergency with --exposed, and cuts off whom the configuration lets it', async () => {
    const emergency = manifestOf(exampleConfig).emergency;
    if (emergency === undefined) throw new Error('expected the machine of emergencies');
    deploy({ emergency: { ...emergency, suspects: [role] } });
    holds(allow(read, [arn('jwt'), arn('dbAdmin')]));
    const command = ['offboard', role, 'ada', '--exposed', '--since', '30d', ...yes];
    const { exitCode } = await runCommand(deployment, command);
    expect(exitCode).toBe(0);
    expect(rotated()).toEqual([]);
    expect(base.started).toMatchObject([
      {
        stateMachineArn: expect.stringContaining('quarterturn-pharmacy-prod-emergency'),
        input: {
          secrets: ['jwt', 'db', 'dbAdmin'],
          reason: 'offboarding of api, ada',
          exposedSince: '2026-04-17T17:00:00.000Z',
          suspects: [role],
          drill: false,
        },
      },
    ]);
  });
});

test.each<[string, string[], RegExp]>([
  ['nobody', [], /Nobody was named/],
  ['somebody twice', ['ada', 'ada'], /named twice/],
  ['a person nobody knows', ['adda'], /did you mean "ada"/],
  ['a member of every object', ['constructor'], /is nobody/],
  ['a session', [`arn:aws:sts::${account}:assumed-role/api/me`], /expected its role/],
  [
    'a principal of another account',
    ['arn:aws:iam::999999999999:role/api'],
    /of its own account alone/,
  ],
  ['what is no principal', [`arn:aws:s3:::bucket`], /no role or user/],
  ['a day ahead', ['ada', '--since', '2030-01-01'], /--since is "2030-01-01", which is ahead/],
  ['a dry run that is to rotate', ['ada', '--dry-run', '--yes'], /without --yes/],
])('%s is refused before anything is looked at', async (_what, argv, complaint) => {
  const { exitCode, complained } = await runCommand(deployment, ['offboard', ...argv]);
  expect(complained).toMatch(complaint);
  expect(exitCode).toBe(2);
  expect(base.invocations).toEqual([]);
});
