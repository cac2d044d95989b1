import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RollbackRehearsal } from '../../../domain/events/rollback-rehearsal.ts';
import { rollbackReportSchema } from '../../../domain/reports/rollback-report.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';

const name = 'pharmacy/prod/jwt';
const [current, previous, older] = ['c', 'b', 'a'].map((letter) => letter.repeat(32)) as [
  string,
  string,
  string,
];
const token = '1'.padStart(32, '0');
const onCall = 'arn:aws:iam::000000000000:user/on-call';
const until = '2026-05-22T12:00:00.000Z';

let deployment: InMemoryDeployment;
let rehearsal: RollbackRehearsal;
/** What was done, in order. */
let effects: string[];

function deploy(secretName = name) {
  effects = [];
  deployment = inMemoryDeployment({
    now: '2026-05-19T12:00:00Z',
    answer(_, request) {
      const { operation } = request as { operation: string };
      if (operation === 'rehearse') return rehearsal;
      effects.push(operation);
      return { pinned: false, stoppedAfterRotation: true };
    },
  });
  deployment.secrets.add(secretName, {
    [current]: ['AWSCURRENT', 'rotated-20260517T170002Z'],
    [previous]: ['AWSPREVIOUS', 'rotated-20251118T090000Z'],
    [older]: ['rotated-20250522T080000Z'],
  });
  rehearsal = {
    secretArn: arnOf(secretName),
    functionArn: 'arn:function',
    current: { versionId: current, primary: '9f2c41aa07be63d1' },
    restore: { versionId: previous, primary: '1a77c0de55e1b002' },
    next: { primary: '1a77c0de55e1b002' },
    findings: [],
  };
  const { controlTable, secrets } = deployment;
  const { putIntent, putHold } = controlTable;
  controlTable.putIntent = async (...args) => {
    effects.push('putIntent');
    return putIntent(...args);
  };
  controlTable.putHold = async (...args) => {
    effects.push('putHold');
    return putHold(...args);
  };
  const { rotate } = secrets.door;
  secrets.door.rotate = async (asked) => {
    effects.push('rotate');
    return rotate(asked);
  };
}
beforeEach(() => deploy());

const json = async (...argv: string[]) => {
  const outcome = await runCommand(deployment, ['rollback', 'jwt', ...argv, '--json']);
  return { exitCode: outcome.exitCode, ...rollbackReportSchema.parse(JSON.parse(outcome.said)) };
};

function meanwhile(...events: (() => unknown)[]): void {
  deployment.meanwhile = async () => {
    await events.shift()?.();
  };
}
const after = (state: 'due' | 'finished' | 'stopped', more: object = {}) => ({
  versionId: token,
  state,
  intent: 'rollback' as const,
  basedOn: current,
  at: deployment.clock.now().toISOString(),
  ...more,
});
const toTheEnd = () =>
  meanwhile(
    () => deployment.controlTable.putAfterRotation(name, after('due')),
    () => deployment.secrets.promote(name, token, ['rotated-20251118T090000Z']),
    () => deployment.controlTable.moveAfterRotation(name, ['due'], after('finished')),
  );
const lease = (more: object = {}) =>
  deployment.controlTable.putLease(name, {
    token: '7'.repeat(32),
    owner: 'emergency-7',
    at: '2026-05-19T11:55:00Z',
    expiresAt: '2026-05-19T12:55:00Z',
    ...more,
  });
const intent = (versionId: string, more: object = {}) =>
  deployment.controlTable.putIntent(name, {
    intent: 'rollback',
    token: versionId,
    requestedBy: onCall,
    restoreVersionId: previous,
    at: '2026-05-19T11:55:00Z',
    ...more,
  });

describe('rollback', () => {
  test('says what it means before anybody is asked, then restores, holds and follows to the end', async () => {
    toTheEnd();
    const terminal = recordedTerminal({ interactive: true, answer: true, columns: 400 });
    const { exitCode, said } = await runCommand(
      deployment,
      ['rollback', 'jwt', '--reason', 'logins fail'],
      terminal,
    );
    expect(exitCode).toBe(0);
    expect(terminal.asked).toEqual([`Roll back ${name}?`]);
    expect(said.split('\n').slice(0, 7)).toEqual([
      `pharmacy/prod: account 000000000000, eu-west-1 at http://127.0.0.1:4566, as ${onCall}`,
      `Rolling back ${name}`,
      `- now: version ${current}, 9f2c41aa07be63d1 (in use first 2026-05-17T17:00:02.000Z, 1 d ago)`,
      `- restores: version ${previous}, 1a77c0de55e1b002 (in use first 2025-11-18T09:00:00.000Z, 182 d ago)`,
      '- key 1a77c0de55e1b002 becomes primary again; tokens that 9f2c41aa07be63d1 signed are accepted until they have run out. No key is removed.',
      '- nothing restarts a consumer of it: readers read again by themselves, or a person restarts them',
      `- puts the secret on hold until ${until}: the schedule leaves it alone until then, or until it is released`,
    ]);
    expect(said).toContain(
      `Rolled back: ${token} is AWSCURRENT, and its AfterRotation is finished.`,
    );
    expect(said).toContain('Next: npx quarterturn release jwt --deployment pharmacy/prod');

    // Whoever dies in between leaves a secret that rests, not one that is rotated again within the hour.
    expect(effects).toEqual(['putIntent', 'preempt', 'putHold', 'rotate']);
    expect(await deployment.controlTable.getIntent(name, token)).toMatchObject({
      intent: 'rollback',
      restoreVersionId: previous,
      requestedBy: onCall,
      reason: 'logins fail',
    });
    expect(await deployment.controlTable.getHold(name)).toEqual({
      reason: `rolled back by ${onCall}: logins fail`,
      at: '2026-05-19T12:00:00.000Z',
      until,
    });
    expect(deployment.invocations.map(({ request }) => request)).toEqual([
      { operation: 'rehearse', rollback: { versionId: previous } },
      { operation: 'preempt', token, owner: `rollback by ${onCall}`, minutes: 15, current },
    ]);
  });

  test('a longer hold stays, and the deployment says how long one is', async () => {
    const longer = {
      reason: 'first',
      at: '2026-05-19T11:00:00Z',
      until: '2026-06-30T00:00:00.000Z',
    };
    await deployment.controlTable.putHold(name, longer);
    await json('--yes', '--no-wait');
    expect((await deployment.controlTable.getHold(name))?.until).toBe(longer.until);
  });

  test('without a yes, and where nobody can be asked, nothing is changed', async () => {
    const no = recordedTerminal({ interactive: true, answer: false });
    expect((await runCommand(deployment, ['rollback', 'jwt'], no)).exitCode).toBe(1);
    expect(await json()).toMatchObject({
      exitCode: 1,
      outcome: 'refused',
      problem: { code: 'ERR_ROTATION_NOT_CONFIRMED', message: expect.stringContaining('--yes') },
      restore: { versionId: previous, label: 'rotated-20251118T090000Z', ageDays: 182 },
    });
    expect(effects).toEqual([]);
  });

  test.each([
    ['a date label', 'rotated-20250522T080000Z', older],
    ['a day', '2025-05-22', older],
    ['the id of a version', older, older],
  ])('--to takes %s', async (_what, to, versionId) => {
    await json('--to', to);
    expect(deployment.invocations[0]?.request).toMatchObject({ rollback: { versionId } });
  });

  test('a published key is withdrawn: what that means', async () => {
    rehearsal = {
      ...rehearsal,
      next: { primary: '9f2c41aa07be63d1', withdrawn: 'beef000000000000' },
    };
    const terminal = recordedTerminal({ columns: 300 });
    const { said } = await runCommand(
      deployment,
      ['rollback', 'jwt', '--yes', '--no-wait'],
      terminal,
    );
    expect(said).toContain(
      'key beef000000000000 is published and not used yet: it is withdrawn for good, and never becomes primary; key 9f2c41aa07be63d1 stays primary. No key is removed.',
    );
  });

  test.each([
    ['legacyDb', 'gets its earlier password back, proven by a login: whoever has read'],
    ['db', 'and becomes AWSCURRENT; the role in use is not touched'],
    ['pii', 'stay readable'],
  ])('of %s it says what it means', async (key, words) => {
    deploy(`pharmacy/prod/${key}`);
    const { said } = await runCommand(
      deployment,
      ['rollback', key, '--yes', '--no-wait'],
      recordedTerminal({ columns: 400 }),
    );
    expect(said).toContain(words);
  });
});

describe('rollback is refused before anything is changed', () => {
  const untouched = async (asked: Promise<Awaited<ReturnType<typeof json>>>, code: string) => {
    const report = await asked;
    expect(report).toMatchObject({ exitCode: 1, outcome: 'refused', problem: { code } });
    expect(report.problem?.message).toContain('Nothing was changed.');
    expect(effects).toEqual([]);
    return report;
  };

  test('when its function finds a reason; the nearest version that works is named', async () => {
    const { next: _refused, ...rest } = rehearsal;
    const code = 'ERR_ROTATION_COMPROMISED_MATERIAL';
    const message = '1a77c0de55e1b002 is recorded as compromised.';
    rehearsal = { ...rest, nearest: older, findings: [{ code, level: 'blocks', message }] };
    const report = await untouched(json('--yes'), code);
    expect(report.problem?.message).toContain(message);
    expect(report).toMatchObject({
      nearest: { versionId: older, label: 'rotated-20250522T080000Z', ageDays: 362 },
      next: 'npx quarterturn rollback jwt --to rotated-20250522T080000Z --deployment pharmacy/prod',
    });
  });

  test('when there is nothing to go back to, or the name fits none or two', async () => {
    await untouched(json('--yes', '--to', '2024-01-01'), 'ERR_ROTATION_NOTHING_TO_RESTORE');
    deployment.secrets.add(name, {
      [current]: ['AWSCURRENT'],
      [previous]: ['rotated-20251118T090000Z'],
      [older]: ['rotated-20251118T080000Z'],
    });
    await untouched(json('--yes'), 'ERR_ROTATION_NOTHING_TO_RESTORE');
    const { problem } = await untouched(
      json('--yes', '--to', '2025-11-18'),
      'ERR_ROTATION_AMBIGUOUS_VERSION',
    );
    expect(problem?.message).toContain('rotated-20251118T080000Z, rotated-20251118T090000Z');
  });

  test('when AWSCURRENT was restored by one: AWSPREVIOUS is what it was rolled back from', async () => {
    await deployment.controlTable.fixRotation(name, {
      token: current,
      intent: 'rollback',
      basedOn: previous,
      provenance: { intent: 'rollback', token: current, attributed: true },
      at: '2026-05-18T12:00:00Z',
      steps: {},
      evidence: [],
    });
    await untouched(json('--yes'), 'ERR_ROTATION_ROLLED_BACK_ALREADY');
    // Who names a version means it.
    expect(await json('--yes', '--no-wait', '--to', older)).toMatchObject({ outcome: 'started' });
  });

  test('while an emergency has it to itself, by its lease or by its rotation', async () => {
    await lease();
    await untouched(json('--yes'), 'ERR_ROTATION_LEASED');
    await lease({ expiresAt: '2026-05-19T11:56:00Z' });
    const pending = 'e'.repeat(32);
    await intent(pending, { intent: 'emergency' });
    effects.length = 0;
    deployment.secrets.stages.set(name, {
      [current]: ['AWSCURRENT'],
      [previous]: ['AWSPREVIOUS'],
      [pending]: ['AWSPENDING'],
    });
    await untouched(json('--yes'), 'ERR_ROTATION_IN_PROGRESS');
  });
});

describe('while something is under way', () => {
  const pending = 'e'.repeat(32);
  const begin = () =>
    deployment.secrets.stages.set(name, {
      [current]: ['AWSCURRENT'],
      [previous]: ['AWSPREVIOUS'],
      [pending]: ['AWSPENDING'],
    });

  test('another rotation is pre-empted, and named before', async () => {
    begin();
    rehearsal = { ...rehearsal, inProgress: pending };
    const { preempted } = { preempted: pending };
    deployment.functions.invoke = async (_, request) => {
      if ((request as { operation: string }).operation === 'rehearse') return rehearsal;
      deployment.secrets.stages.set(name, {
        [current]: ['AWSCURRENT'],
        [previous]: ['AWSPREVIOUS'],
      });
      return { preempted, pinned: false, stoppedAfterRotation: false };
    };
    const { exitCode, said } = await runCommand(deployment, [
      'rollback',
      'jwt',
      '--yes',
      '--no-wait',
    ]);
    expect(exitCode).toBe(0);
    expect(said).toContain(`- pre-empts rotation ${pending}, which is in progress`);
    expect(said).toContain(`${name}: rotation ${pending} was pre-empted.`);
  });

  test('that AWSPENDING is gone may take a moment to be seen', async () => {
    begin();
    meanwhile(
      () => undefined,
      () => deployment.secrets.stages.set(name, { [current]: ['AWSCURRENT'] }),
    );
    expect(await json('--yes', '--no-wait')).toMatchObject({
      outcome: 'started',
      versionId: token,
    });
    expect(effects.filter((effect) => effect === 'rotate')).toHaveLength(3);
  });

  test('a rollback to the same version is followed, and none is begun', async () => {
    begin();
    await intent(pending);
    effects.length = 0;
    expect(await json('--yes', '--no-wait')).toMatchObject({
      outcome: 'started',
      followed: true,
      versionId: pending,
    });
    expect(effects).toEqual([]);
    expect(await json('--yes', '--no-wait', '--to', older)).toMatchObject({ followed: false });
  });

  test('one of this caller that got no further than its lease is gone on with, under its token', async () => {
    const before = '7'.repeat(32);
    await intent(before);
    await lease({ owner: `rollback by ${onCall}` });
    rehearsal.findings.push({ code: 'ERR_ROTATION_LEASED', level: 'blocks', message: 'leased.' });
    expect(await json('--yes', '--no-wait')).toMatchObject({
      outcome: 'started',
      versionId: before,
    });
    expect(deployment.secrets.rotations).toEqual([
      { secretId: arnOf(name), clientRequestToken: before },
    ]);
  });
});

describe('a rollback that does not come to its end', () => {
  test('RotateSecret that is refused: what stands, and that the same command goes on', async () => {
    deployment.secrets.door.rotate = async () => {
      throw new AwsCallError('RotateSecret', 'AccessDeniedException', 'refused');
    };
    const { exitCode, outcome, problem } = await json('--yes');
    expect([exitCode, outcome]).toEqual([1, 'failed']);
    expect(problem).toMatchObject({ code: 'ERR_ROTATION_ROLLBACK_NOT_STARTED' });
    expect(problem?.message).toContain('AWSCURRENT has not moved');
    expect(problem?.message).toContain(`until ${until} the schedule leaves it alone`);
  });

  test('given up by its function: its lease keeps nobody from the next', async () => {
    meanwhile(() => deployment.secrets.stages.set(name, { [current]: ['AWSCURRENT'] }));
    expect(await json('--yes')).toMatchObject({ exitCode: 1, outcome: 'failed', promoted: false });
    expect(deployment.invocations.at(-1)?.request).toMatchObject({
      operation: 'preempt',
      token,
      minutes: 1,
    });
  });

  test('a consumer that is not well with what was restored either: it stops, and is not rolled back', async () => {
    meanwhile(
      () => deployment.controlTable.putAfterRotation(name, after('due')),
      () => deployment.secrets.promote(name, token),
      () =>
        deployment.controlTable.moveAfterRotation(
          name,
          ['due'],
          after('stopped', { reason: 'api was not well' }),
        ),
    );
    expect(await json('--yes')).toMatchObject({
      exitCode: 1,
      outcome: 'stopped',
      promoted: true,
      problem: { message: expect.stringContaining('api was not well') },
    });
  });
});
