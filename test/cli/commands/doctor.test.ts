import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Diagnosis } from '../../../domain/events/diagnosis.ts';
import { doctorReportSchema } from '../../../domain/reports/doctor-report.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import { FunctionFailedError } from '../../../doors/functions.ts';
import type { Subscription } from '../../../doors/subscriptions.ts';
import exampleConfig from '../../../rotation.config.ts';
import { arnOf, functionArnOf } from '../../doors/in-memory-secrets.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { type RecordedTerminal, recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';

const current = 'c'.repeat(32);
const pending = 'd'.repeat(32);
const label = 'rotated-20260516T090000Z';
const name = (key: string) => `pharmacy/prod/${key}`;
const denies = JSON.stringify({
  Statement: [
    {
      Effect: 'Deny',
      Principal: '*',
      Action: ['DeleteSecret', 'PutSecretValue', 'UpdateSecret', 'UpdateSecretVersionStage'].map(
        (action) => `secretsmanager:${action}`,
      ),
    },
  ],
});

let deployment: InMemoryDeployment;
/** By secret: what its function says of itself; an error is thrown. */
let diagnoses: Record<string, Diagnosis | Error | object>;
let answering: (functionName: string, request: Record<string, unknown>) => unknown;
let policy: () => Promise<string | undefined>;
beforeEach(() => {
  diagnoses = {};
  policy = async () => denies;
  answering = () => ({ outcome: 'unchanged' });
  deployment = inMemoryDeployment({
    now: '2026-05-17T17:00:00Z',
    answer(functionName, request) {
      const asked = request as Record<string, unknown>;
      const key = functionName.split('-').at(-1) ?? '';
      if (asked.operation !== 'diagnose') return answering(functionName, asked);
      const diagnosis = diagnoses[key] ?? sound(key);
      if (diagnosis instanceof Error) throw diagnosis;
      return diagnosis;
    },
  });
  for (const key of Object.keys(exampleConfig.secrets)) {
    deployment.secrets.add(name(key), { [current]: ['AWSCURRENT', label] });
  }
  const { more } = deployment.secrets;
  deployment.secrets.more = (of) => ({
    ...more(of),
    kmsKeyId: 'arn:aws:kms:eu-west-1:000000000000:key/1',
    tags: tagsOf(of),
  });
  deployment = {
    ...deployment,
    secretsManager: {
      describe: deployment.secretsManager.describe,
      getResourcePolicy: () => policy(),
    } as unknown as InMemoryDeployment['secretsManager'],
  };
});

function tagsOf(of: string): Record<string, string> {
  const secret = deployment.manifest.secrets.find((one) => one.name === of);
  return {
    'quarterturn:name': 'pharmacy',
    'quarterturn:environment': deployment.manifest.environment,
    'quarterturn:kind': secret?.kind ?? '',
    ...(secret !== undefined &&
      'cadenceDays' in secret && { 'quarterturn:cadence-days': String(secret.cadenceDays) }),
  };
}

const sound = (key: string, versions: Diagnosis['versions'] = []): Diagnosis => ({
  secretArn: arnOf(name(key)),
  functionArn: functionArnOf(key),
  reaches: [{ service: 'kms', milliseconds: 12 }],
  versions: [
    {
      ...{ versionId: current, labels: ['AWSCURRENT', label], value: 'text', primary: 'k1' },
      attempts: [{ at: 'target', answer: 'accepted', milliseconds: 3 }],
    },
    ...versions,
  ],
});
const pendingVersion: Diagnosis['versions'][number] = {
  ...{ versionId: pending, labels: ['AWSPENDING'], value: 'text' },
  attempts: [{ at: 'target', answer: 'refused', milliseconds: 3 }],
};
/** Ten minutes ago, and nothing of it since. */
async function stick(key = 'jwt'): Promise<void> {
  deployment.secrets.stages.set(name(key), {
    [current]: ['AWSCURRENT', label],
    [pending]: ['AWSPENDING'],
  });
  diagnoses[key] = sound(key, [pendingVersion]);
  await deployment.controlTable.fixRotation(name(key), {
    ...{ token: pending, intent: 'planned', basedOn: current, at: '2026-05-17T16:50:00.000Z' },
    provenance: { intent: 'planned', token: pending, attributed: true },
    steps: {
      createSecret: { at: '2026-05-17T16:50:00.000Z', milliseconds: 5, outcome: 'created' },
    },
    evidence: [],
  });
}
const unstick = (key = 'jwt') => {
  deployment.secrets.stages.set(name(key), { [current]: ['AWSCURRENT', label] });
  delete diagnoses[key];
};

const doctor = (argv: string[], terminal?: RecordedTerminal) =>
  runCommand(deployment, ['doctor', ...argv], terminal);
async function json(...argv: string[]) {
  const { exitCode, said } = await doctor([...argv, '--json']);
  return { exitCode, report: doctorReportSchema.parse(JSON.parse(said)) };
}
const operations = () =>
  deployment.invocations.map(({ request }) => (request as { operation: string }).operation);
const changing = () => operations().filter((operation) => operation !== 'diagnose');

describe('doctor', () => {
  test('of a deployment that is well: every secret that rotates, nothing to do, exit code 0', async () => {
    const { exitCode, said } = await doctor([]);
    expect(said).toContain('Nothing needs a person.');
    expect(exitCode).toBe(0);
    const { report } = await json();
    // Worth knowing before an emergency, and no reason for another exit code.
    expect(report.accessAudit?.map(({ code }) => code)).toEqual(['noTrail']);
    expect(said).toContain('noTrail: No trail is configured.');
    expect(report.secrets.map(({ key }) => key)).toEqual(
      deployment.manifest.secrets
        .filter(({ kind }) => kind !== 'userManaged')
        .map(({ key }) => key),
    );
    expect(report.secrets.flatMap(({ findings }) => findings)).toEqual([]);
    expect(report.unchecked.join()).toContain('consumers[].restart');
    expect(report.paths.map(({ listening }) => listening)).not.toContain(0);
    expect(new Set(operations())).toEqual(new Set(['diagnose']));
  });

  test('says step, reason and who accepts what, with the command that repairs it; exit code 3', async () => {
    await stick();
    const { exitCode, said } = await doctor(['jwt']);
    expect(exitCode).toBe(3);
    const text = said.replaceAll(/\s+/g, ' ');
    expect(text).toContain(`Rotation ${pending} (planned) is stuck at setSecret`);
    expect(text).toContain('refused by target');
    expect(said).toContain('      npx quarterturn doctor jwt --deployment pharmacy/');
    expect(text).not.toContain('inProgress');
    expect(changing()).toEqual([]);
  });

  test('goes on with the others when one secret cannot be looked at, or its function fails', async () => {
    diagnoses.db = new FunctionFailedError('fn-db', 'UntrustedEnvironmentError', 'NODE_OPTIONS');
    diagnoses.pii = { versions: 'of another release' };
    deployment.refuse(name('jwt'), 'AccessDeniedException');
    const { exitCode, report } = await json();
    expect(exitCode).toBe(3);
    const codes = Object.fromEntries(
      report.secrets.map(({ key, findings }) => [key, findings.map(({ code }) => code)]),
    );
    expect(codes).toMatchObject({
      jwt: ['ERR_ROTATION_AWS_CALL'],
      db: ['functionFailed'],
      pii: ['functionFailed'],
      legacyDb: [],
    });
    expect(report.findings).toBe(3);
  });

  test('compares policy, key and tags with the deployment; what it may not read is not checked', async () => {
    deployment.secrets.more = () => ({ rotationLambdaArn: functionArnOf('stranger') });
    policy = async () => undefined;
    const [secret] = (await json('jwt')).report.secrets;
    expect(secret?.findings.map(({ code }) => code)).toEqual([
      'policyChanged',
      'keyOfAws',
      'tagsChanged',
      'functionChanged',
      'ruleMissing',
    ]);
    policy = async () => {
      throw new AwsCallError('GetResourcePolicy', 'AccessDeniedException', 'denied');
    };
    const [denied] = (await json('jwt')).report.secrets;
    expect(denied?.findings.map(({ code }) => code)).not.toContain('policyChanged');
    expect(denied?.unchecked.join()).toContain('resource policy');
  });

  test('rotation that is switched off is switched on again by RotateSecret, not by a deployment', async () => {
    deployment.secrets.add(name('jwt'), { [current]: ['AWSCURRENT', label] }, false);
    const [secret] = (await json('jwt')).report.secrets;
    expect(secret?.findings[0]).toMatchObject({
      code: 'rotationDisabled',
      command: expect.stringContaining(
        'rotate-secret --secret-id pharmacy/prod/jwt --no-rotate-immediately',
      ),
    });
  });

  test('lists who hears alarms: an address that has not confirmed is a finding, and so is nobody', async () => {
    const mail = { protocol: 'email', endpoint: 'on-call@example.com', pending: true };
    const by: Record<string, Subscription[] | Error | undefined> = {
      'on-call': [
        mail,
        { protocol: 'https', endpoint: 'https://pager.example.com', pending: false },
      ],
      security: [],
    };
    deployment = {
      ...deployment,
      subscriptions: {
        async of(topicArn) {
          const found = by[/(on-call|security)$/.exec(topicArn)?.[0] ?? ''];
          if (found instanceof Error) throw found;
          return found;
        },
      },
    };
    const seen = async () => {
      const { exitCode, report } = await json();
      const paths = report.paths.map(({ topic, listening, findings }) => [
        topic.replace(/^quarterturn-pharmacy-[a-z]+-/, ''),
        listening,
        ...findings.map(({ code }) => code),
      ]);
      return { exitCode, paths, unchecked: report.unchecked.join() };
    };
    expect(await seen()).toMatchObject({
      exitCode: 3,
      paths: [
        ['on-call', 1, 'subscriptionPending'],
        ['security', 0, 'nobodyListens'],
      ],
    });
    expect((await doctor([])).said.replaceAll(/\s+/g, ' ')).toContain(
      'on-call@example.com (email) has not confirmed',
    );
    by['on-call'] = undefined;
    by.security = new AwsCallError('ListSubscriptionsByTopic', 'AuthorizationError', 'denied');
    const others = await seen();
    expect(others.paths).toEqual([['on-call', 0, 'topicMissing']]);
    expect(others.unchecked).toContain('security: these credentials may not list it');
    // Of one secret nobody asks for that.
    expect((await json('jwt')).report.paths).toEqual([]);
  });

  test('names the secrets there are, and refuses one that nothing rotates', async () => {
    expect((await doctor(['nothing'])).complained).toContain('has no secret "nothing"');
    const { exitCode, complained } = await doctor(['dbAdmin']);
    expect(exitCode).toBe(1);
    expect(complained).toContain('nothing rotates it');
  });
});

describe('doctor --repair', () => {
  test('asks, looks again, and runs the four steps under the same token', async () => {
    await stick();
    answering = (_, { step }) => {
      if (step === 'finishSecret') unstick();
      return { outcome: 'done' };
    };
    const terminal = recordedTerminal({ interactive: true, answer: true });
    const { exitCode, said } = await doctor(['jwt', '--repair'], terminal);
    expect(terminal.asked).toEqual([`Resume rotation ${pending} of jwt, under the same token?`]);
    expect(deployment.invocations.map(({ request }) => request)).toEqual([
      { operation: 'diagnose' },
      { operation: 'diagnose' },
      ...['createSecret', 'setSecret', 'testSecret', 'finishSecret'].map((step) => ({
        ...{ operation: 'resume', versionId: pending, step },
      })),
      { operation: 'diagnose' },
    ]);
    expect(said).toContain('Nothing needs a person.');
    expect(exitCode).toBe(0);
  });

  test.each([
    { how: 'a person says no', options: { interactive: true, answer: false }, asked: 1 },
    { how: 'nobody can be asked', options: {}, asked: 0 },
  ])('changes nothing when $how', async ({ options, asked }) => {
    await stick();
    const terminal = recordedTerminal(options);
    const { exitCode } = await doctor(['jwt', '--repair'], terminal);
    expect(terminal.asked).toHaveLength(asked);
    expect(changing()).toEqual([]);
    expect(exitCode).toBe(3);
  });

  test('changes nothing with --json, unless told not to ask', async () => {
    await stick();
    const { report } = await json('jwt', '--repair');
    expect(report.repairs.map(({ outcome }) => outcome)).toEqual(['notConfirmed']);
    expect(changing()).toEqual([]);
  });

  test('does nothing about what came right while a person thought about it', async () => {
    await stick();
    const terminal = recordedTerminal({ interactive: true });
    terminal.confirm = async () => {
      unstick();
      return true;
    };
    const { exitCode, said } = await doctor(['jwt', '--repair'], terminal);
    expect(changing()).toEqual([]);
    expect(said).toContain('gone: looked at again');
    expect(exitCode).toBe(0);
  });

  test('says what its function refuses, ends there, and does not try it twice', async () => {
    await stick();
    answering = (functionName) => {
      throw new FunctionFailedError(functionName, 'RotationRefusedError', 'emergency holds it');
    };
    const { exitCode, report } = await json('jwt', '--repair', '--yes');
    expect(report.repairs).toMatchObject([
      { outcome: 'failed', message: expect.stringContaining('emergency holds it') },
    ]);
    expect(changing()).toEqual(['resume']);
    expect(exitCode).toBe(3);
  });

  test('gives up instead of resuming when told so', async () => {
    await stick();
    answering = () => {
      unstick();
      return { outcome: 'pinned' };
    };
    const { report } = await json('jwt', '--repair', '--yes', '--abandon');
    expect(report.repairs).toMatchObject([
      { repair: { kind: 'abandon', versionId: pending }, outcome: 'done' },
    ]);
    expect(report.repairs[0]?.message).toContain('is pinned');
    expect(deployment.invocations).toContainEqual(
      expect.objectContaining({
        request: { operation: 'abandon', versionId: pending, requestedBy: deployment.caller.arn },
      }),
    );
  });

  test.each([
    ['restored', 'done'],
    ['works', 'done'],
    ['lockedOut', 'failed'],
    ['busy', 'failed'],
    ['unknown', 'failed'],
  ])('a login that came out as %s is %s', async (outcome, expected) => {
    const wrong = { code: 'ERR_ROTATION_LOGIN_REFUSED', message: 'Refused.', sqlstate: '28P01' };
    const refused = sound('db');
    refused.versions[0] = {
      ...{ versionId: current, labels: ['AWSCURRENT', label], value: 'text' },
      attempts: [{ at: 'db:5432/pharmacy', answer: 'refused', milliseconds: 3, problem: wrong }],
    };
    diagnoses.db = refused;
    answering = () => ({ outcome, role: 'pharmacy_app_a', reason: 'so it is' });
    const { report } = await json('db', '--repair', '--yes');
    expect(report.repairs).toMatchObject([{ repair: { kind: 'restoreLogin' }, outcome: expected }]);
  });

  test('starts an AfterRotation that nobody works on, by the name the schedule would give it', async () => {
    await deployment.controlTable.putAfterRotation(name('jwt'), {
      ...{ versionId: current, state: 'running', intent: 'planned', basedOn: null },
      ...{ execution: 'arn:dead', at: '2026-05-17T16:00:00.000Z' },
    });
    const { report } = await json('jwt', '--repair', '--yes');
    expect(report.repairs).toMatchObject([
      { code: 'afterRotationLost', repair: { kind: 'restartAfterRotation' }, outcome: 'done' },
    ]);
    const { afterRotationMachine } = deployment.manifest;
    expect(deployment.started).toEqual([
      {
        stateMachineArn: `arn:aws:states:eu-west-1:000000000000:stateMachine:${afterRotationMachine}`,
        name: current,
        input: {
          ...{ secretArn: arnOf(name('jwt')), secretName: name('jwt'), versionId: current },
          takeOver: 'arn:dead',
        },
      },
    ]);
  });

  test('--abandon and --yes are words of --repair', async () => {
    for (const option of ['--abandon', '--yes']) {
      expect((await doctor(['jwt', option])).exitCode).toBe(2);
    }
  });
});
