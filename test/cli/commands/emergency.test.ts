import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { type Manifest, manifestOf } from '../../../domain/config/manifest.ts';
import { emergencyInputSchema } from '../../../domain/events/emergency.ts';
import {
  emergenciesDocumentSchema,
  emergencyDocumentSchema,
} from '../../../domain/reports/emergency-document.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import exampleConfig from '../../../rotation.config.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';
import { MachineInMemory, meanwhile } from './machine-in-memory.ts';

const suspect = 'arn:aws:iam::000000000000:role/leaky';
const onCall = 'arn:aws:iam::000000000000:user/on-call';
const firstId = '20261123t101500z-0000000000000001';
const machineArn =
  'arn:aws:states:eu-west-1:000000000000:stateMachine:quarterturn-pharmacy-prod-emergency';

const example = manifestOf(exampleConfig);
/** One that can be stopped, one that is restarted, and one that nothing reaches. */
const manifest: Manifest = {
  ...example,
  consumers: [
    { name: 'api', reads: ['jwt', 'db'], policy: 'p', restart: 'ecs main/api', learns: 'restart' },
    { name: 'edge', reads: ['jwt'], policy: 'p', restart: 'lambda edge', learns: 'restart' },
    { name: 'report', reads: ['db'], policy: 'p' },
  ],
  rollout: {
    machine: 'm',
    function: 'f',
    waves: [],
    onFailure: 'stop',
    holdSeconds: 60,
    redeploy: false,
  },
  emergency: { ...(example.emergency as NonNullable<Manifest['emergency']>), suspects: [suspect] },
};

let deployment: InMemoryDeployment;
beforeEach(() => {
  deployment = inMemoryDeployment({ manifest, now: '2026-11-23T10:15:00Z' });
});

const emergency = (...argv: string[]) => runCommand(deployment, ['emergency', ...argv]);
const begun = (...argv: string[]) => emergency(...argv, '--reason', 'in a log', '--yes');
const json = async (...argv: string[]) => {
  const outcome = await emergency(...argv, '--json');
  return {
    exitCode: outcome.exitCode,
    complained: outcome.complained,
    ...emergencyDocumentSchema.parse(JSON.parse(outcome.said)),
  };
};

let machine: MachineInMemory;
/** jwt is rotated and proven, the report stored, and everything closed. */
const toTheEnd = (...before: (() => unknown)[]) =>
  meanwhile(
    deployment,
    async () => {
      machine = new MachineInMemory(deployment);
      await machine.begin();
      await machine.stage('announce', 'done');
    },
    () => machine.stage('contain', 'skipped', { reason: 'nobody is suspected' }),
    async () => {
      await machine.stage('stop', 'done', {
        evidence: [{ fact: 'consumerStopped', detail: { consumer: 'api' } }],
      });
      await machine.stage('protect', 'running');
      await machine.secret('jwt', 'asked', { preempted: 'e'.repeat(32) });
    },
    () => machine.secret('jwt', 'promoted'),
    async () => {
      await machine.secret('jwt', 'proven');
      await machine.stage('protect', 'done');
    },
    ...before,
    () => machine.report(),
    () => machine.end(),
  );

describe('before anything is begun', () => {
  test('it says where, what will happen in which order, who stops, what users notice and what a person does', async () => {
    toTheEnd();
    const terminal = recordedTerminal({ interactive: true, types: 'pharmacy/prod', columns: 400 });
    await runCommand(
      deployment,
      [
        ...['emergency', 'jwt', 'db', '--and-all', '--reason', 'in a log'],
        ...['--exposed-since', '3d', '--suspect', suspect],
      ],
      terminal,
    );
    expect(terminal.said.slice(0, 22)).toEqual([
      `pharmacy/prod: account 000000000000, eu-west-1 at http://127.0.0.1:4566, as ${onCall}`,
      'EMERGENCY in pharmacy/prod: jwt, db are exposed, since 2026-11-20T10:15:00.000Z',
      'Why: in a log',
      'In this order, and nothing that fails keeps what follows from being done:',
      '- security is told, nobody else yet',
      `- ${suspect} is denied every secret of the deployment, and its sessions are revoked`,
      '- consumers that STOP: api',
      '- jwt: a new signing key; tokens of every earlier key are refused',
      '- db: new passwords for pharmacy_app_a and pharmacy_app_b; sessions of the old one end',
      '- each old credential is tried, and has to be refused',
      '- then, changed as if exposed, too: pii, legacyDb, rowsDb',
      '- started again, with what they ran with: api',
      '- restarted: edge',
      '- read again by themselves, or a person restarts them: report',
      '- who read the exposed ones is looked up, and the report of the incident is written and stored',
      '- everybody else is told',
      'What users will notice: api is down until they are started again; everybody is logged out; edge restart while they serve.',
      'A person is needed for dbAdmin: user-managed (The rotator role of the database: sets passwords of the login roles, reads no data.): its owners change it where it is issued.',
      `${machine.id} has begun. It goes on whether anybody looks or not.`,
      expect.any(String),
      expect.any(String),
      expect.any(String),
    ]);
    expect(terminal.asked).toEqual(['Type pharmacy/prod to begin:']);
  });

  test('the machine is started with what was asked, under an id that says when', async () => {
    toTheEnd();
    await begun('pharmacy/prod/jwt', '--exposed-since', '2026-11-20', '--suspect', suspect);
    const [start] = deployment.started;
    expect(deployment.started).toHaveLength(1);
    expect(start?.stateMachineArn).toBe(machineArn);
    expect(start?.name).toBe('20261123t101500z-0000000000000001');
    expect(emergencyInputSchema.parse(start?.input)).toEqual({
      id: start?.name,
      secrets: ['jwt'],
      others: false,
      reason: 'in a log',
      exposedSince: '2026-11-20T00:00:00.000Z',
      suspects: [suspect],
      keepRunning: false,
      drill: false,
      unattended: false,
      requestedBy: onCall,
    });
  });

  test('--all is everything, and --keep-running stops nobody', async () => {
    toTheEnd();
    const { said } = await begun('--all', '--keep-running');
    expect(deployment.started[0]?.input).toMatchObject({ secrets: 'all', keepRunning: true });
    expect(said).toContain('- no consumer is stopped: --keep-running');
    expect(said).toContain('restarted: api, edge');
  });

  test('who does not type the deployment begins nothing, and neither does a pipe without --yes', async () => {
    for (const types of ['y', 'pharmacy', '']) {
      const terminal = recordedTerminal({ interactive: true, answer: true, types });
      const argv = ['emergency', 'jwt', '--reason', 'x'];
      const { exitCode, complained } = await runCommand(deployment, argv, terminal);
      expect(exitCode).toBe(1);
      expect(complained).toContain('Not confirmed: expected "pharmacy/prod", typed.');
    }
    const { exitCode, complained } = await emergency('jwt', '--reason', 'x');
    expect(exitCode).toBe(1);
    expect(complained).toContain(
      'expected --yes. Nothing was changed. (ERR_ROTATION_NOT_CONFIRMED)',
    );
    expect(await json('jwt', '--reason', 'x')).toMatchObject({
      exitCode: 1,
      outcome: 'refused',
      problem: { code: 'ERR_ROTATION_NOT_CONFIRMED' },
      stages: [],
      secrets: [],
    });
    expect(deployment.started).toEqual([]);
  });

  test.each<[string[], number, string]>([
    [['--reason', 'x'], 2, 'No secret was named'],
    [['jwt', '--all', '--reason', 'x'], 2, 'Secrets were named, and --all was given'],
    [['--all', '--and-all', '--reason', 'x'], 2, '--and-all has nothing left'],
    [['jwt'], 2, 'No --reason was given'],
    [['jwt', '--reason', 'x'.repeat(513)], 2, '--reason has 513 characters'],
    [['jwt', 'jwt', '--reason', 'x'], 2, '"jwt" was named twice'],
    [['nobody', '--reason', 'x'], 1, 'has no secret "nobody"; expected one of: jwt, pii, db'],
    [['jwt', '--reason', 'x', '--exposed-since', '2026-11-24'], 2, 'which is ahead'],
    [['jwt', '--reason', 'x', '--exposed-since', 'monday'], 2, 'expected how long ago'],
    [['jwt', '--reason', 'x', '--exposed-since', '2026-02-30'], 2, 'expected how long ago'],
    [['jwt', '--reason', 'x', '--exposed-since', '2026-11-20T10:00'], 2, 'expected how long ago'],
    [['jwt', '--reason', 'x', '--exposed-since', '999999d'], 2, 'expected how long ago'],
    [['jwt', '--reason', 'x', '--suspect', onCall], 1, `may not be cut off by pharmacy/prod`],
    [['dbAdmin', '--reason', 'x'], 1, 'Nothing of what is named can be changed here'],
    [['--follow', '--list'], 2, '--follow and --list were given'],
    [['jwt', '--resume', firstId], 2, '--resume is about an emergency that was begun'],
    [['--follow', firstId, '--reason', 'x'], 2, '--reason was given with --follow'],
    [
      ['jwt', '--reason', 'x', '--format', 'md'],
      2,
      '--format was given; expected it with --report',
    ],
    [['--report', firstId, '--format', 'csv'], 2, '"csv" is no form of this report'],
    [['--report', firstId, '--out', 'x.txt'], 2, '"txt" is no form of this report'],
    [['--follow', 'jwt'], 2, '"jwt" is no id of an emergency'],
    [['--follow', firstId], 1, `has no emergency ${firstId}; expected one that was begun`],
    [['--follow'], 1, 'has had no emergency yet'],
    [['--resume', firstId], 1, `has no emergency ${firstId}`],
    [['--report', firstId], 1, `has no emergency ${firstId}`],
    [['--lift', firstId], 1, `has no emergency ${firstId}`],
  ])('refuses %j before any effect', async (argv, code, message) => {
    const { exitCode, complained } = await emergency(...argv, '--yes');
    expect(complained).toContain(message);
    expect(exitCode).toBe(code);
    expect(deployment.started).toEqual([]);
  });

  test('not armed, or of a deployment without the machine: refused, with what to do', async () => {
    const unarmed = manifest.secrets.map((secret) =>
      secret.kind === 'userManaged' ? secret : { ...secret, armed: false },
    );
    deployment = inMemoryDeployment({ manifest: { ...manifest, secrets: unarmed } });
    expect((await begun('--all')).complained).toContain('jwt: not armed');
    const { emergency: _without, ...old } = manifest;
    deployment = inMemoryDeployment({ manifest: old });
    const { exitCode, complained } = await begun('jwt');
    expect([exitCode, deployment.started]).toEqual([1, []]);
    expect(complained).toContain('has no machine for emergencies');
  });

  test('who may not start it is told how a session with MFA is had', async () => {
    deployment.stepFunctions.startExecution = async () => {
      throw new AwsCallError('StartExecution', 'AccessDeniedException', 'not authorized.');
    };
    const { exitCode, complained } = await begun('jwt');
    expect(exitCode).toBe(1);
    expect(complained).toContain('Expected the policy quarterturn-pharmacy-prod-emergency-policy');
    expect(complained).toContain(
      'aws sts get-session-token --serial-number arn:aws:iam::000000000000:mfa/on-call --token-code <code>',
    );
    expect(complained).toContain(
      '(StartExecution failed with AccessDeniedException: not authorized.) Expected',
    );
    expect(complained).toContain('Nothing was changed.');
  });

  test('one that is under way already is told first', async () => {
    const other = new MachineInMemory(deployment, firstId, 'arn:other');
    await other.begin();
    const { complained, said } = await emergency('db', '--reason', 'x');
    expect(said).toContain(`An emergency is under way since 2026-11-23T10:15:00.000Z: ${firstId}`);
    expect(complained).toContain('Nothing was changed.');
  });
});

describe('followed to its end', () => {
  test('stages and secrets are told once, as they come, with the time since it began', async () => {
    toTheEnd();
    const { said } = await begun('jwt');
    const from = said.split('\n').findIndex((line) => line.includes('has begun.')) + 1;
    expect(said.split('\n').slice(from, from + 13)).toEqual([
      '   +0:00  announce       begun',
      '   +0:00  announce       done, 0.0 s',
      '   +0:01  contain        skipped: nobody is suspected',
      '   +0:02  stop           begun',
      expect.stringMatching(/^ {3}\+0:02 {2}stop {11}.*api/),
      '   +0:02  stop           done, 0.0 s',
      '   +0:02  protect        begun',
      `   +0:02  jwt            way cleared: rotation ${'e'.repeat(32)} gave way`,
      '   +0:02  jwt            asked for',
      '   +0:03  jwt            promoted (1 of 1)',
      '   +0:04  jwt            proven: the old one was looked at (1 of 1)',
      '   +0:04  protect        done, 2.0 s',
      '',
    ]);
  });

  test('then the report is printed, how each secret came out, and where the report lies', async () => {
    toTheEnd();
    const { exitCode, said } = await begun('jwt');
    expect(exitCode).toBe(0);
    const end = said.slice(said.indexOf('# The incident'));
    expect(end.split('\n')).toEqual([
      '# The incident, as md',
      '',
      'SECRET  EXPOSED  STATE   PROMOTED  PROVEN  VERSION',
      `jwt     yes      proven       3 s     4 s  ${'d'.repeat(32)}`,
      '',
      `Report: s3://pharmacy-prod-incidents/${machine.id}/report.json`,
      `${machine.id} is closed, after 6 s.`,
    ]);
  });

  test('--json is one document; progress goes to standard error', async () => {
    toTheEnd();
    const document = await json('jwt', '--reason', 'x', '--yes');
    expect(document).toMatchObject({
      exitCode: 0,
      report: 'quarterturn-emergency',
      id: machine.id,
      outcome: 'closed',
      deployment: { name: 'pharmacy', environment: 'prod' },
      caller: { endpoint: 'http://127.0.0.1:4566' },
      emergency: { state: 'closed', report: { bucket: 'pharmacy-prod-incidents' } },
      secrets: [{ key: 'jwt', state: 'proven' }],
    });
    expect(document.stages.map(({ stage }) => stage)).toEqual([
      'announce',
      'contain',
      'stop',
      'protect',
    ]);
    expect(document.complained).toContain('promoted (1 of 1)');
  });

  test('a stage that failed: exit code 1, why, and the same id again', async () => {
    toTheEnd(async () => {
      await machine.stage('start', 'failed', { reason: 'api is not well' });
      await machine.secret('db', 'failed', { reason: 'the database does not answer' });
      await machine.end('incomplete');
    });
    const { exitCode, said, complained } = await begun('jwt');
    expect(exitCode).toBe(1);
    expect(said).toContain('start          FAILED: api is not well');
    const told = complained.replaceAll('\n', ' ');
    expect(told).toContain(
      'start failed: api is not well. db failed: the database does not answer.',
    );
    expect(told).toContain('(ERR_ROTATION_EMERGENCY_INCOMPLETE)');
    expect(said).toContain(
      `Next: npx quarterturn emergency --resume ${machine.id} --deployment pharmacy/prod`,
    );
  });

  test('a secret that its owners have to change is exit code 3, with what they run', async () => {
    const command = 'npx quarterturn adopt legacyDb --deployment pharmacy/prod';
    toTheEnd(() => machine.secret('legacyDb', 'person', { reason: 'not armed', command }));
    const { exitCode, said } = await begun('jwt', 'legacyDb');
    expect(exitCode).toBe(3);
    expect(said).toContain(`- legacyDb: not armed\n    ${command}`);
    expect(said).toContain('1 secret needs a person.');
  });

  test('what the machine refuses is told as its refusal', async () => {
    meanwhile(deployment, () => {
      const { execution } = new MachineInMemory(deployment);
      const message = 'Emergency a is running and changes jwt; expected no other one to.';
      deployment.ends.set(execution, { state: 'failed', error: 'SecretsTakenError', message });
    });
    const { exitCode, complained } = await begun('jwt');
    expect(exitCode).toBe(1);
    expect(complained.replaceAll('\n', ' ')).toContain(
      'was refused before anything was begun. Emergency a is running and changes jwt; expected no other one to. (SecretsTakenError) Nothing was changed.',
    );
  });

  test('an execution that died under way is told, with how it goes on', async () => {
    toTheEnd();
    const { meanwhile: each } = deployment;
    let looks = 0;
    deployment.meanwhile = async () => {
      if (++looks > 3) deployment.alive.clear();
      else await each();
    };
    const { exitCode, said, complained } = await begun('jwt');
    expect([exitCode, complained]).toEqual([
      1,
      expect.stringContaining('ERR_ROTATION_EMERGENCY_DIED'),
    ]);
    expect(said).toContain(`--resume ${machine.id}`);
  });

  test('silence is explained', async () => {
    toTheEnd();
    const { meanwhile: each } = deployment;
    let looks = 0;
    deployment.meanwhile = async () => {
      if (++looks <= 4 || looks > 24) await each();
    };
    const { said } = await begun('jwt');
    expect(said.match(/protect is at work: jwt has its old credential tried/g)).toHaveLength(1);
  });

  test('Ctrl-C stops nothing, and says how it is followed again', async () => {
    const terminal = recordedTerminal();
    toTheEnd();
    const { meanwhile: each } = deployment;
    let looks = 0;
    deployment.meanwhile = async () => {
      await each();
      if (++looks === 3) terminal.interrupt();
    };
    const argv = ['emergency', 'jwt', '--reason', 'x', '--yes'];
    const { exitCode, said } = await runCommand(deployment, argv, terminal);
    expect(exitCode).toBe(130);
    expect(said).toContain(`${machine.id} goes on by itself.`);
    expect(said).toContain(
      `Next: npx quarterturn emergency --follow ${machine.id} --deployment pharmacy/prod`,
    );

    deployment.meanwhile = each;
    const again = await emergency('--follow');
    expect(again.exitCode).toBe(0);
    expect(again.said).toContain(`Following ${machine.id}.`);
    expect(again.said).toContain('+0:00  announce       done');
    expect(again.said).toContain(`${machine.id} is closed`);
    expect(deployment.started).toHaveLength(1);
  });

  test('whoever follows and meets an error is told that it goes on', async () => {
    toTheEnd();
    deployment.emergencyRecords.getStages = async () => {
      throw new AwsCallError('Query', 'InternalServerError', 'busy');
    };
    const { exitCode, complained } = await begun('jwt');
    expect(exitCode).toBe(1);
    expect(complained).toMatch(/No longer followed\. \S+ goes on by itself: npx quarterturn/);
    expect(complained).toContain('InternalServerError');
  });

  test('--no-wait returns as soon as the machine has it', async () => {
    const { exitCode, said } = await begun('jwt', '--no-wait');
    expect([exitCode, deployment.slept]).toEqual([0, []]);
    expect(said).toContain(
      `Next: npx quarterturn emergency --follow ${deployment.started[0]?.name}`,
    );
  });

  test('one that was begun a moment ago, and is not recorded yet, can be followed', async () => {
    const execution = `${machineArn.replace('stateMachine', 'execution')}:${firstId}`;
    deployment.alive.add(execution);
    machine = new MachineInMemory(deployment, firstId, execution);
    meanwhile(
      deployment,
      () => machine.begin(),
      () => machine.end(),
    );
    expect(await json('--follow', firstId)).toMatchObject({ exitCode: 0, outcome: 'closed' });
  });
});

describe('one that was begun before', () => {
  const ended = async (more: object = {}) => {
    machine = new MachineInMemory(deployment, firstId, 'arn:first');
    await machine.begin({ others: ['db'], exposedSince: '2026-11-20T00:00:00Z', ...more });
    await machine.stage('start', 'failed', { reason: 'api is not well' });
    await machine.secret('jwt', 'failed', {
      reason: 'not promoted',
      askedAt: '2026-11-23T10:15:00Z',
    });
    await machine.end('incomplete');
    deployment.set('2026-11-23T11:00:00Z');
  };

  test('--resume starts another execution with the same input, under the same id, and tells what it does', async () => {
    await ended({ suspects: [suspect] });
    meanwhile(
      deployment,
      async () => {
        machine = new MachineInMemory(deployment, firstId);
        await machine.begin({ startedAt: '2026-11-23T10:15:00Z' });
        await machine.stage('start', 'done', { startedAt: '2026-11-23T11:00:01Z' });
      },
      () => machine.end(),
    );
    const { exitCode, said } = await emergency('--resume', firstId, '--yes');
    expect(exitCode).toBe(0);
    expect(deployment.started[0]?.name).toMatch(new RegExp(`^${firstId}-[0-9a-f]{8}$`));
    expect(emergencyInputSchema.parse(deployment.started[0]?.input)).toMatchObject({
      id: firstId,
      secrets: ['jwt'],
      others: true,
      exposedSince: '2026-11-20T00:00:00Z',
      suspects: [suspect],
      reason: 'in a log',
    });
    expect(said).not.toContain('FAILED');
    expect(said).toContain('start          done');
  });

  test('--resume is refused while an execution is at work on it, and asks for the deployment', async () => {
    await ended();
    const { exitCode, complained } = await emergency('--resume', firstId);
    expect([exitCode, complained]).toEqual([1, expect.stringContaining('expected --yes')]);
    await machine.begin();
    expect((await emergency('--resume', firstId, '--yes')).complained).toContain(
      `Emergency ${firstId} is at work`,
    );
    await machine.end('closed');
    expect((await emergency('--resume', firstId, '--yes')).complained).toContain('is closed');
    expect(deployment.started).toEqual([]);
  });

  test.each(['md', 'html', 'json'])('--report prints and saves it as %s', async (format) => {
    await ended();
    await machine.report();
    const { said, exitCode } = await emergency('--report', firstId, '--format', format);
    expect([exitCode, said]).toEqual([0, `# The incident, as ${format}`]);
    const folder = await mkdtemp(join(tmpdir(), 'incident-'));
    try {
      const file = join(folder, `incident.${format}`);
      const saved = await emergency('--report', firstId, '-o', file);
      expect([saved.exitCode, saved.said, saved.complained]).toEqual([
        0,
        '',
        `The report is in ${file}.`,
      ]);
      expect(await readFile(file, 'utf8')).toBe(`# The incident, as ${format}\n`);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('a report that is not written yet, or is gone from its bucket, is told as such', async () => {
    await ended();
    const none = await emergency('--report', firstId);
    expect([none.exitCode, none.complained]).toEqual([
      1,
      expect.stringContaining(
        `${firstId} has no report; expected one that was stored. Go on with it`,
      ),
    ]);
    await machine.report();
    deployment.storedReports.clear();
    expect((await emergency('--report', firstId)).complained).toContain(
      `s3://pharmacy-prod-incidents/${firstId}/report.md is not there`,
    );
  });

  test('--list tells all of them, drills among them, newest first', async () => {
    await ended();
    const drill = new MachineInMemory(deployment, '20261123t110000z-0000000000000002', 'arn:drill');
    await drill.begin({ drill: true, exposed: ['jwt', 'db'] });
    const { said } = await emergency('--list');
    expect(said.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^ID +KIND +STATE +BEGAN +TOOK +EXPOSED/),
      expect.stringMatching(
        /^20261123t110000z-0000000000000002 +drill +running +2026-11-23 11:00Z +jwt, db/,
      ),
      expect.stringMatching(
        new RegExp(`^${firstId} +EMERGENCY +incomplete +2026-11-23 10:15Z +0 s +jwt`),
      ),
    ]);
    const outcome = await emergency('--list', '--json');
    const { emergencies } = emergenciesDocumentSchema.parse(JSON.parse(outcome.said));
    expect(emergencies.map(({ id }) => id)).toEqual([drill.id, firstId]);
  });

  describe('--lift', () => {
    const lifting = () =>
      `${machineArn.replace('stateMachine', 'execution')}:${deployment.started[0]?.name}`;

    test('has the machine take away what was denied, after saying from whom', async () => {
      await ended({ suspects: [suspect] });
      meanwhile(
        deployment,
        () => undefined,
        () => deployment.ends.set(lifting(), { state: 'succeeded' }),
      );
      const { exitCode, said } = await emergency('--lift', firstId, '--yes');
      expect(deployment.started[0]).toMatchObject({
        stateMachineArn: machineArn,
        name: expect.stringMatching(new RegExp(`^${firstId}-lift-[0-9a-f]{8}$`)),
        input: { lift: firstId },
      });
      expect([exitCode, said]).toEqual([0, expect.stringContaining(`- ${suspect}`)]);
      expect(said.split('\n').at(-1)).toBe('Lifted: suspects may read again.');
    });

    test('tells why it could not, and is refused where nobody was denied anything', async () => {
      await ended({ suspects: [suspect] });
      meanwhile(deployment, () =>
        deployment.ends.set(lifting(), {
          state: 'failed',
          error: 'ContainmentError',
          message: 'No.',
        }),
      );
      const { exitCode, complained } = await emergency('--lift', firstId, '--yes');
      expect([exitCode, complained]).toEqual([
        1,
        expect.stringContaining('No. (ContainmentError)'),
      ]);
      expect((await emergency('--lift', firstId)).complained).toContain('expected --yes');
      await ended();
      expect((await emergency('--lift', firstId, '--yes')).complained).toContain(
        'named no suspect',
      );
      expect(deployment.started).toHaveLength(1);
    });
  });
});
