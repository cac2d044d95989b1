import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  defineRotation,
  type RotationConfigInput,
} from '../../../domain/config/rotation-config.ts';
import type { CertificateRecord } from '../../../domain/events/certificate-records.ts';
import { statusReportSchema } from '../../../domain/reports/status-report.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import exampleConfig from '../../../rotation.config.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';
import { MachineInMemory } from './machine-in-memory.ts';

const label = 'rotated-20251118T090000Z';
const version = (letter: string) => letter.repeat(32);
const name = (key: string) => `pharmacy/prod/${key}`;

let deployment: InMemoryDeployment;
beforeEach(() => {
  deployment = inMemoryDeployment({ now: '2025-11-30T12:00:00Z' });
  for (const key of ['jwt', 'pii', 'db', 'legacyDb', 'rowsDb']) {
    deployment.secrets.add(name(key), { [version('a')]: ['AWSCURRENT', label] });
  }
});

const json = async (...argv: string[]) => {
  const { exitCode, said } = await runCommand(deployment, ['status', ...argv, '--json']);
  return { exitCode, report: statusReportSchema.parse(JSON.parse(said)) };
};
const one = async (key: string) => {
  const { exitCode, report } = await json(key);
  const [secret] = report.secrets;
  if (secret === undefined) throw new Error('no secret in the report');
  return { exitCode, ...secret };
};
const row = (said: string, key: string) =>
  said.split('\n').find((line) => line.startsWith(`${key} `)) ?? '';

describe('status', () => {
  test('shows age and next due date of every secret: 90 and 180 days after 2025-11-18', async () => {
    const { exitCode, said } = await runCommand(deployment, ['status']);
    expect(exitCode).toBe(0);
    expect(row(said, 'pii').split(/ {2,}/)).toEqual([
      'pii',
      'encryption',
      'current',
      '2025-11-18',
      '12 d',
      '90 d',
      '2026-02-16',
    ]);
    for (const key of ['jwt', 'db', 'legacyDb', 'rowsDb']) {
      expect(row(said, key)).toMatch(/current +2025-11-18 +12 d +180 d +2026-05-17$/);
    }
    expect(row(said, 'dbAdmin')).toMatch(/user-managed$/);
    expect(said).toContain('Nothing needs a person.');
    expect(said).toContain(
      'pharmacy/prod: account 000000000000, eu-west-1 at http://127.0.0.1:4566, as arn:aws:iam::000000000000:user/on-call',
    );
  });

  test('says for when a rotation is announced, what was changed behind its back, and what is a stray', async () => {
    const plannedAt = '2026-02-11T09:00:00.000Z';
    await deployment.controlTable.putNotice(
      name('pii'),
      { versionId: version('a'), at: '2026-02-11T06:20:00Z', plannedAt, told: true },
      () => true,
    );
    deployment.set('2026-02-11T07:00:00Z');
    const { more } = deployment.secrets;
    deployment.secrets.more = (secret) => ({
      ...more(secret),
      ...(secret === name('db') && { rotationRules: {} }),
      ...(secret !== name('db') && { tags: more(name('jwt')).tags ?? {} }),
      ...(secret === name('copy') && { primaryRegion: 'us-east-1' }),
    });
    for (const key of ['old', 'copy']) {
      deployment.secrets.add(name(key), { [version('a')]: ['AWSCURRENT'] });
    }
    const { exitCode, report } = await json();
    expect([exitCode, report.findings]).toEqual([3, 2]);
    expect(report.secrets.find(({ key }) => key === 'pii')).toMatchObject({ plannedAt });
    expect(report.secrets.find(({ key }) => key === 'db')?.findings).toMatchObject([
      { code: 'ruleMissing', command: 'npx cdk deploy' },
    ]);
    expect(report.strays?.map(({ name: stray, kind }) => [stray, kind])).toEqual([
      [name('old'), 'stray'],
      [name('copy'), 'replica'],
    ]);
    const { said } = await runCommand(deployment, ['status']);
    expect(said).toContain('pii: announced: rotates at 2026-02-11 09:00Z');
    expect(said).toContain('2 findings need a person:');
    expect(said).toContain('stray: pharmacy/prod/old carries the tags of this deployment');
    expect(said).toContain('pharmacy/prod/copy is a replica and rotates with its primary');
    // A look at one secret asks for that one alone.
    expect((await json('jwt')).report).not.toHaveProperty('strays');
  });

  test('a narrow terminal gets a block a secret, and no line of the table is cut', async () => {
    const terminal = recordedTerminal({ columns: 50 });
    const { said } = await runCommand(deployment, ['status'], terminal);
    expect(said).toContain(
      'pii\n  KIND         encryption\n  STATE        current\n  ROTATED      2025-11-18\n',
    );
    expect(said).not.toContain('SECRET');
  });

  test('80 columns still hold the table, without what matters least', async () => {
    const { said } = await runCommand(deployment, ['status'], recordedTerminal({ columns: 80 }));
    expect(row(said, 'SECRET')).toContain('NEXT DUE');
    expect(row(said, 'SECRET')).not.toContain('NATIVE RULE');
    const terminal = recordedTerminal({ columns: 80 });
    await runCommand(deployment, ['status'], terminal);
    const [, , ...table] = terminal.said;
    expect(Math.max(...table.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('colours only where they were asked for', async () => {
    const csi = '\u001b[';
    expect((await runCommand(deployment, ['status'])).said).not.toContain(csi);
    const terminal = recordedTerminal({ colours: true });
    expect((await runCommand(deployment, ['status'], terminal)).said).toContain(`${csi}32mcurrent`);
    const again = recordedTerminal({ colours: true });
    expect((await runCommand(deployment, ['status', '--json'], again)).said).not.toContain(csi);
  });

  test('is due five days before its limit, overdue at it, and then needs a person', async () => {
    deployment.set('2026-02-11T08:59:59Z');
    expect(await one('pii')).toMatchObject({ state: 'current', exitCode: 0 });
    deployment.set('2026-02-11T09:00:00Z');
    expect(await one('pii')).toMatchObject({ state: 'due', exitCode: 0, findings: [] });
    deployment.set('2026-02-16T09:00:00Z');
    expect(await one('pii')).toMatchObject({
      state: 'overdue',
      ageDays: 90,
      exitCode: 3,
      findings: [
        { code: 'overdue', command: 'npx quarterturn rotate pii --deployment pharmacy/prod' },
      ],
    });
  });

  test('a person is told the findings in words, with what to run in one piece', async () => {
    deployment.set('2026-02-16T09:00:00Z');
    const terminal = recordedTerminal({ columns: 40 });
    const { exitCode, said } = await runCommand(deployment, ['status'], terminal);
    expect(exitCode).toBe(3);
    expect(said).toContain('1 finding needs a person:\n  pii: in use since');
    expect(said).toContain('\n    npx quarterturn rotate pii --deployment pharmacy/prod');
  });

  test('a rotation in progress is told with its age; one that hangs, with why', async () => {
    deployment.secrets.stages.set(name('jwt'), {
      [version('a')]: ['AWSCURRENT', label],
      [version('b')]: ['AWSPENDING'],
    });
    await deployment.controlTable.fixRotation(name('jwt'), rotation('b', '2025-11-30T11:59:00Z'));
    expect(await one('jwt')).toMatchObject({
      state: 'rotating',
      rotating: { versionId: version('b'), since: '2025-11-30T11:59:00Z' },
      findings: [],
    });
    const { said } = await runCommand(deployment, ['status']);
    expect(row(said, 'jwt')).toContain('rotating since 2025-11-30 11:59Z');

    await deployment.controlTable.updateRotation(name('jwt'), version('b'), (record) => ({
      ...record,
      failure: {
        step: 'testSecret',
        code: 'ERR_ROTATION_PROBE',
        message: 'the key verifies nothing',
        at: '2025-11-30T11:59:30Z',
      },
    }));
    const failed = await one('jwt');
    expect(failed).toMatchObject({
      exitCode: 3,
      findings: [
        {
          code: 'ERR_ROTATION_PROBE',
          message: 'testSecret failed at 2025-11-30T11:59:30Z: the key verifies nothing',
        },
      ],
    });
    expect(failed.findings[0]?.command).toContain('quarterturn-pharmacy-prod-jwt');
  });

  test('a rotation nobody recorded is somebody’s business at once', async () => {
    deployment.secrets.stages.set(name('jwt'), {
      [version('a')]: ['AWSCURRENT', label],
      [version('b')]: ['AWSPENDING'],
    });
    expect(await one('jwt')).toMatchObject({ state: 'rotating', exitCode: 3 });
  });

  describe('the AfterRotation of AWSCURRENT', () => {
    const after = (more: object) =>
      deployment.controlTable.putAfterRotation(name('jwt'), {
        versionId: version('a'),
        state: 'running',
        intent: 'planned',
        basedOn: null,
        execution: 'arn:execution',
        at: '2025-11-30T11:50:00Z',
        ...more,
      });

    test('at work on a published key', async () => {
      deployment.alive.add('arn:execution');
      await after({ publishedKid: '9f2c41aa07be63d1' });
      const secret = await one('jwt');
      expect(secret).toMatchObject({ state: 'afterRotationRunning', findings: [] });
      expect(secret.reason).toContain('9f2c41aa07be63d1 is published and becomes primary');
    });

    test('dead over a published key: the key waits, and the schedule will see to it', async () => {
      await after({ publishedKid: '9f2c41aa07be63d1' });
      const secret = await one('jwt');
      expect(secret).toMatchObject({ state: 'publishedKeyWaits', exitCode: 3 });
      expect(secret.findings[0]?.message).toContain('the schedule starts it again within the hour');
    });

    test('stopped over a published key: why, and a command that resumes it', async () => {
      await after({ state: 'stopped', reason: 'api is unhealthy', publishedKid: 'ab' });
      const secret = await one('jwt');
      expect(secret).toMatchObject({ state: 'afterRotationStopped', exitCode: 3 });
      expect(secret.findings).toHaveLength(1);
      expect(secret.findings[0]?.message).toContain('api is unhealthy');
      expect(secret.findings[0]?.command).toBe(
        `aws stepfunctions start-execution --state-machine-arn arn:aws:states:eu-west-1:000000000000:stateMachine:quarterturn-pharmacy-prod-after-rotation --name ${version('a')}-resume-$(date +%s) --input '{"secretArn":"arn:aws:secretsmanager:eu-west-1:000000000000:secret:pharmacy/prod/jwt-AbCdEf","secretName":"pharmacy/prod/jwt","versionId":"${version('a')}","resume":true}'`,
      );
    });

    test('stopped after everything was promoted: current, and still a finding', async () => {
      await after({ state: 'stopped', reason: 'api is unhealthy' });
      expect(await one('jwt')).toMatchObject({
        state: 'current',
        exitCode: 3,
        findings: [{ code: 'afterRotationStopped' }],
      });
    });
  });

  test.each([
    ['unproven', 'rowsUnproven', 'somebody has to vouch for the rest'],
    ['stopped', 'rowsStandStill', 'stopped at'],
    ['active', 'rowsStandStill', 'has not moved since'],
  ] as const)('rows whose move is %s need a person', async (state, code, says) => {
    await deployment.controlTable.updateReencryption(name('pii'), () => ({
      state,
      mode: 'online',
      targetKid: '9f2c41aa07be63d1',
      versionId: version('a'),
      findings: [],
      at: '2025-11-30T08:00:00Z',
    }));
    const secret = await one('pii');
    expect(secret.exitCode).toBe(3);
    expect(secret.findings.find((finding) => finding.code === code)).toMatchObject({
      message: expect.stringContaining(says),
      command: 'npx quarterturn reencrypt status pii --deployment pharmacy/prod',
    });
  });

  test('a hold and a lease are told until they end', async () => {
    await deployment.controlTable.putHold(name('jwt'), {
      reason: 'rolled back',
      at: '2025-11-30T10:00:00Z',
      until: '2025-12-03T10:00:00Z',
    });
    await deployment.controlTable.putLease(name('db'), {
      token: version('e'),
      owner: 'emergency-7',
      at: '2025-11-30T11:00:00Z',
      expiresAt: '2025-11-30T13:00:00Z',
    });
    expect(await one('jwt')).toMatchObject({ state: 'held', hold: { reason: 'rolled back' } });
    const { said } = await runCommand(deployment, ['status']);
    expect(said).toMatch(/jwt: on hold until \S+ \S+Z: rolled back/);
    expect(await one('db')).toMatchObject({ state: 'leased', lease: { owner: 'emergency-7' } });
    deployment.set('2025-12-03T10:00:00Z');
    for (const key of ['jwt', 'db']) {
      const secret = await one(key);
      expect(secret.state).toBe('current');
      expect(secret).not.toHaveProperty('hold');
      expect(secret).not.toHaveProperty('lease');
    }
  });

  test('of one secret: how far each consumer came with AWSCURRENT, also when an activation made it', async () => {
    const { manifest } = deployment;
    const consumers = ['api', 'worker', 'other'].map((consumer) => ({
      name: consumer,
      reads: [consumer === 'other' ? 'db' : 'jwt'],
      policy: 'reader',
    }));
    const rollout = {
      machine: 'rollout',
      function: 'roll-out',
      waves: [],
      onFailure: 'stop' as const,
      holdSeconds: 1,
      redeploy: false,
    };
    const more = { ...deployment, manifest: { ...manifest, consumers, rollout } };
    const published = version('b');
    await deployment.controlTable.fixRotation(name('jwt'), {
      token: version('a'),
      intent: 'activate',
      basedOn: published,
      provenance: { intent: 'activate', token: version('a'), attributed: true },
      at: '2025-11-30T08:00:00Z',
      steps: {},
      evidence: [],
    });
    const rolledOut = {
      versionId: published,
      execution: 'arn:rollout',
      startedAt: '2025-11-30T09:00:00Z',
    } as const;
    const { putRollout } = deployment.rolloutRecords;
    for (const consumer of ['api', 'other']) {
      putRollout(name('jwt'), {
        ...rolledOut,
        consumer,
        round: 'publish',
        state: 'healthy',
        at: '2025-11-30T09:05:00Z',
        restartedAt: '2025-11-30T09:01:00Z',
        proof: 'held',
      });
    }
    putRollout(name('jwt'), {
      ...rolledOut,
      consumer: 'api',
      round: 'confirm',
      state: 'unhealthy',
      at: '2025-11-30T09:30:00Z',
      reason: 'GET /health: 500',
    });
    const { said } = await runCommand(more, ['status', 'jwt', '--json']);
    expect(statusReportSchema.parse(JSON.parse(said)).consumers).toEqual([
      {
        consumer: 'api',
        round: 'confirm',
        state: 'unhealthy',
        at: '2025-11-30T09:30:00Z',
        reason: 'GET /health: 500',
      },
    ]);
    const text = (await runCommand(more, ['status', 'jwt'])).said;
    expect(text).toMatch(/api +confirm +unhealthy +2025-11-30 09:30Z/);
    expect(text).toContain('api: GET /health: 500');
    expect((await json('jwt')).report).not.toHaveProperty('consumers');
  });

  test('a value written by hand, a label from the future, rotation switched off', async () => {
    deployment.secrets.stages.set(name('jwt'), {
      [version('a')]: ['AWSPREVIOUS', label],
      [version('c')]: ['AWSCURRENT'],
    });
    deployment.secrets.stages.set(name('db'), {
      [version('a')]: ['AWSCURRENT', 'rotated-20301118T090000Z'],
    });
    deployment.secrets.add(name('pii'), { [version('a')]: ['AWSCURRENT', label] }, false);
    expect(await one('jwt')).toMatchObject({ state: 'unmanagedWrite', exitCode: 3 });
    expect(await one('db')).toMatchObject({ state: 'badDate', exitCode: 3 });
    expect(await one('pii')).toMatchObject({
      state: 'rotationDisabled',
      findings: [{ command: 'npx cdk deploy' }],
    });
  });

  test('a secret that cannot be described does not hide the others', async () => {
    deployment = inMemoryDeployment({
      now: '2025-11-30T12:00:00Z',
      manifest: {
        ...deployment.manifest,
        secrets: deployment.manifest.secrets.filter(({ key }) => key === 'jwt' || key === 'pii'),
      },
    });
    deployment.secrets.add(name('jwt'), { [version('a')]: ['AWSCURRENT', label] });
    deployment.refuse(name('pii'), 'ResourceNotFoundException');
    const { exitCode, report } = await json();
    expect(exitCode).toBe(3);
    expect(report.secrets.map(({ state }) => state)).toEqual(['current', 'unreadable']);
    expect(report.findings).toBe(1);
  });

  test('says so until the identity lost LOGIN', async () => {
    const notes = async () => (await one('db')).notes.join();
    expect(await notes()).toContain('role pharmacy_app can still log in');
    deployment.secrets.stages.set(name('db'), {
      [version('b')]: ['AWSCURRENT', 'rotated-20251119T090000Z'],
      [version('a')]: ['AWSPREVIOUS', label],
    });
    expect(await notes()).toContain('role pharmacy_app can still log in');
    // An emergency shuts it out beside the leaked role.
    const emergency = {
      versionId: version('b'),
      state: 'finished' as const,
      intent: 'emergency' as const,
      basedOn: version('a'),
      primary: 'pharmacy_app_b:1',
      at: '2025-11-19T09:00:00Z',
    };
    const proofOf = (role: string) => ({
      at: '2025-11-19T09:00:00Z',
      evidence: [{ fact: 'sessionsEnded', detail: { role } }],
    });
    await deployment.controlTable.putAfterRotation(name('db'), {
      ...emergency,
      proof: proofOf('pharmacy_app_a'),
    });
    expect(await notes()).toContain('role pharmacy_app can still log in');
    await deployment.controlTable.moveAfterRotation(name('db'), ['finished'], {
      ...emergency,
      proof: proofOf('pharmacy_app'),
    });
    expect(await notes()).toBe('');
    await deployment.controlTable.removeAfterRotation(name('db'), version('b'));
    await deployment.controlTable.fixRotation(name('db'), {
      ...rotation('b', '2025-11-19T08:00:00Z'),
      evidence: [{ fact: 'identityClosed', detail: { role: 'pharmacy_app' } }],
    });
    expect(await notes()).toBe('');
    // A role that could not log in anyway is closed without evidence, by the third rotation at the latest.
    deployment.secrets.stages.set(name('db'), {
      [version('d')]: ['AWSCURRENT', 'rotated-20251121T090000Z'],
      [version('c')]: ['AWSPREVIOUS', 'rotated-20251120T090000Z'],
      [version('a')]: [label],
    });
    expect(await notes()).toBe('');
  });

  test('one secret, by key or name, with its versions and who made them', async () => {
    deployment.secrets.stages.set(name('jwt'), {
      [version('b')]: ['AWSCURRENT', 'rotated-20251120T090000Z'],
      [version('a')]: ['AWSPREVIOUS', label],
    });
    await deployment.controlTable.fixRotation(name('jwt'), {
      ...rotation('b', '2025-11-20T08:59:00Z'),
      steps: {
        createSecret: { at: '2025-11-20T08:59:00Z', milliseconds: 120, outcome: 'created' },
        finishSecret: { at: '2025-11-20T08:59:01Z', milliseconds: 30, outcome: 'finished' },
      },
    });
    const { report } = await json(name('jwt'));
    expect(report.versions).toEqual([
      {
        versionId: version('b'),
        labels: ['AWSCURRENT', 'rotated-20251120T090000Z'],
        rotation: {
          intent: 'planned',
          at: '2025-11-20T08:59:00Z',
          requestedBy: 'cadence',
          basedOn: version('a'),
          milliseconds: 150,
        },
      },
      { versionId: version('a'), labels: ['AWSPREVIOUS', label] },
    ]);
    const wide = recordedTerminal({ columns: 200 });
    const { said } = await runCommand(deployment, ['status', 'jwt'], wide);
    expect(row(said, version('b'))).toMatch(/planned +2025-11-20 08:59Z +150 ms +cadence/);
    expect(row(said, version('a'))).toContain('not recorded');
    expect(said).not.toContain('pii');
  });

  test('an unknown secret is told with those there are', async () => {
    const { exitCode, complained } = await runCommand(deployment, ['status', 'jwtt']);
    expect(exitCode).toBe(1);
    expect(complained).toContain('expected one of: jwt, pii, db, legacyDb, rowsDb, dbAdmin');
  });

  test('an option that does not exist is a mistake of the command line', async () => {
    const { exitCode, complained } = await runCommand(deployment, ['status', '--jsn']);
    expect(exitCode).toBe(2);
    expect(complained).toContain("unknown option '--jsn'");
  });
});

function rotation(letter: string, at: string) {
  return {
    token: version(letter),
    intent: 'planned' as const,
    basedOn: version('a'),
    provenance: {
      intent: 'planned' as const,
      token: version(letter),
      attributed: true,
      requestedBy: 'cadence',
    },
    at,
    steps: {},
    evidence: [],
  };
}

describe('certificates', () => {
  const source = 'arn:aws:acm:us-east-1:000000000000:certificate/0f1e';
  const looked = (record: Partial<CertificateRecord>) =>
    deployment.controlTable.putCertificate('pharmacy/prod', {
      name: 'www',
      source,
      checkedAt: '2025-11-30T09:00:00.000Z',
      readAt: '2025-11-30T09:00:00.000Z',
      notAfter: '2026-01-15T12:00:00.000Z',
      identity: 'aa:01@2026-01-15T12:00:00.000Z',
      ...record,
    });
  beforeEach(() => {
    deployment = inMemoryDeployment({
      now: '2025-11-30T12:00:00Z',
      config: defineRotation({
        ...exampleConfig,
        certificates: [{ name: 'www', acm: source }],
      } as RotationConfigInput),
    });
    for (const key of ['jwt', 'pii', 'db', 'legacyDb', 'rowsDb']) {
      deployment.secrets.add(name(key), { [version('a')]: ['AWSCURRENT', label] });
    }
  });

  test('stand below the secrets, with what is worth knowing of them', async () => {
    await looked({ remark: 'its renewal by ACM: PENDING_VALIDATION' });
    const { exitCode, said } = await runCommand(deployment, ['status']);
    expect(exitCode).toBe(0);
    expect(row(said, 'www').split(/ {2,}/)).toEqual(
      expect.arrayContaining(['www', '2026-01-15', '46 d', '2025-11-30 09:00Z']),
    );
    expect(said).toContain('www: its renewal by ACM: PENDING_VALIDATION');
    expect((await one('jwt')).exitCode).toBe(0);
    expect((await json('jwt')).report).not.toHaveProperty('certificates');
  });

  test.each<[string, Partial<CertificateRecord>, string[]]>([
    ['with more than 14 days left', { notAfter: '2025-12-14T12:00:00.001Z' }, []],
    ['with 14 days left', { notAfter: '2025-12-14T12:00:00.000Z' }, ['certificateEnds']],
    ['that has ended', { notAfter: '2025-11-30T12:00:00.000Z' }, ['certificateEnded']],
    ['with a problem', { problem: 'no answer' }, ['certificateProblem']],
    [
      'that nobody has looked at for a day',
      { checkedAt: '2025-11-29T11:59:59.000Z' },
      ['certificateNotChecked'],
    ],
    [
      'that was read from elsewhere before',
      { source: 'www.example.com:443', notAfter: '2025-11-29T12:00:00.000Z' },
      [],
    ],
  ])('one %s has these findings', async (_, record, codes) => {
    await looked(record);
    const { exitCode, report } = await json();
    const [www] = report.certificates ?? [];
    expect(www?.findings.map(({ code }) => code)).toEqual(codes);
    expect(report.findings).toBe(codes.length);
    expect(exitCode).toBe(codes.length === 0 ? 0 : 3);
    for (const { command } of www?.findings ?? []) {
      expect(command).toBe(
        'aws lambda invoke --function-name quarterturn-pharmacy-prod-check-certificates /dev/stdout',
      );
    }
  });

  test('one that was not looked at yet says so; it is no finding', async () => {
    const { exitCode, report } = await json();
    expect(exitCode).toBe(0);
    expect(report.certificates).toEqual([
      { name: 'www', source, problem: 'not looked at yet', findings: [] },
    ]);
  });

  test('whose records may not be read are told as that, and nothing else is hidden', async () => {
    deployment.controlTable.getCertificates = async () => {
      throw new AwsCallError('Query', 'AccessDeniedException', 'not authorized');
    };
    const { exitCode, report } = await json();
    expect(exitCode).toBe(3);
    expect(report.certificates?.[0]?.findings).toMatchObject([{ code: 'ERR_ROTATION_AWS_CALL' }]);
    expect(report.secrets).toHaveLength(6);
  });
});

describe('emergencies', () => {
  const id = '20251130t113000z-9f2c41aa07be63d1';
  const text = async () =>
    (await runCommand(deployment, ['status'], recordedTerminal({ columns: 300 }))).said.split('\n');
  const drilled = (more: object = {}) =>
    deployment.emergencyRecords.putDrilled({
      id,
      at: '2025-10-01T08:04:11Z',
      outcome: 'passed',
      deadWithinSeconds: 140,
      overWithinSeconds: 1_500,
      findings: 0,
      ...more,
    });

  test('one that is under way stands on top, with how it is followed', async () => {
    const machine = new MachineInMemory(deployment, id, 'arn:execution');
    await machine.begin({ exposed: ['jwt', 'db'] });
    expect((await text()).slice(1, 3)).toEqual([
      `EMERGENCY ${id}, under way since 2025-11-30 12:00Z: jwt, db exposed (in a log)`,
      `    npx quarterturn emergency --follow ${id} --deployment pharmacy/prod`,
    ]);
    const { exitCode, report } = await json();
    expect(exitCode).toBe(0);
    expect(report.emergency).toMatchObject({ id, state: 'running', live: true, drill: false });
    // Of one secret it is not asked.
    expect((await json('jwt')).report).not.toHaveProperty('emergency');
  });

  test.each([
    ['died', 'no execution is at work on it'],
    ['incomplete', 'something failed'],
  ])('one that %s is a finding, and no drill since hides it', async (how, why) => {
    const machine = new MachineInMemory(deployment, id, 'arn:execution');
    await machine.begin();
    if (how === 'died') deployment.alive.clear();
    else await machine.end('incomplete');
    const drill = new MachineInMemory(deployment, '20251130t114500z-0000000000000002', 'arn:drill');
    await drill.begin({ drill: true });
    await drill.end();
    const lines = await text();
    expect(lines[1]).toContain('NOT over');
    expect(lines[2]).toContain(`--resume ${id}`);
    expect(lines.join('\n')).toContain(`emergencies: emergency ${id} is not over: ${why}`);
    expect((await json()).exitCode).toBe(3);
  });

  test('the last drill is told: none, passed, with findings, overdue', async () => {
    const lineOf = async () => (await text()).find((line) => line.startsWith('Last drill'));
    expect(await lineOf()).toBe(
      'Last drill of an emergency: none yet, and the calendar starts none.',
    );
    expect((await json()).report.lastDrill).toEqual({ outcome: 'none', overdue: false });
    await drilled();
    expect(await lineOf()).toBe('Last drill of an emergency: 2025-10-01, passed.');
    expect((await json()).exitCode).toBe(0);

    await drilled({ outcome: 'findings', findings: 2 });
    expect(await lineOf()).toContain('2 findings.');
    const found = await json();
    expect([found.exitCode, found.report.findings]).toEqual([3, 1]);
    expect((await text()).join('\n')).toContain(
      `    npx quarterturn emergency --report ${id} --deployment pharmacy/prod`,
    );
  });

  test('by the calendar: due so many months after the last one, a finding three days later', async () => {
    const config = defineRotation({
      ...(exampleConfig as unknown as RotationConfigInput),
      emergency: { drill: { everyMonths: 3 } },
    });
    deployment = inMemoryDeployment({ config, now: '2026-01-04T08:04:10Z' });
    for (const { name: secret } of deployment.manifest.secrets) {
      deployment.secrets.add(secret, { [version('a')]: ['AWSCURRENT', label] });
    }
    await drilled();
    const before = (await json()).report;
    expect(before.lastDrill).toMatchObject({ dueAt: '2026-01-01T08:04:11.000Z', overdue: false });
    deployment.set('2026-01-04T08:04:11Z');
    const after = (await json()).report;
    expect(after.lastDrill).toMatchObject({ overdue: true });
    expect(after.findings).toBe(before.findings + 1);
    expect((await text()).join('\n')).toContain('a drill of an emergency was due on 2026-01-01');
  });

  test('who may not read it is told so, and still sees the secrets', async () => {
    for (const method of ['getEmergencies', 'getDrilled'] as const) {
      deployment.emergencyRecords[method] = async () => {
        throw new AwsCallError('Query', 'AccessDeniedException', 'no');
      };
    }
    expect((await text()).join('\n')).toContain('these credentials may not read it');
    expect((await json()).exitCode).toBe(0);
  });
});
