/** Single tasks of an AfterRotation in every state they can meet. */
import { describe, expect, test } from '@jest/globals';
import type { ReencryptionRecord } from '../../../domain/events/control-records.ts';
import { activateToken } from '../../../domain/policy/derived-token.ts';
import { runTask } from '../../../lambdas/after-rotation/run-task.ts';
import { at, begun, execution, input, rows, run } from './task-world.ts';
import { database, executionArn, jwt, kid, name, v0, v1, world } from './world.ts';

const token = activateToken(name, v1, kid);
const later = '22222222-2222-4222-8222-222222222222';

describe('whether the service has closed a rotation', () => {
  const ours = { [v0]: ['AWSPREVIOUS'] };
  type Labels = Record<string, string[]>;
  test.each<[string, 'settled' | 'activated', Labels, number, object | string]>([
    ['promoted, and closed', 'settled', { ...ours, [v1]: ['AWSCURRENT'] }, 7, [true, 0]],
    [
      'promoted, AWSPENDING beside it',
      'settled',
      { ...ours, [v1]: ['AWSCURRENT', 'AWSPENDING'] },
      7,
      [true, 0],
    ],
    [
      'promoted, another one under way',
      'settled',
      { ...ours, [v1]: ['AWSCURRENT'], [later]: ['AWSPENDING'] },
      7,
      [false, 8],
    ],
    [
      'promoted, our own activation under way',
      'settled',
      { ...ours, [v1]: ['AWSCURRENT'], [token]: ['AWSPENDING'] },
      7,
      [true, 0],
    ],
    ['not promoted yet', 'settled', { [v0]: ['AWSCURRENT'], [v1]: ['AWSPENDING'] }, 7, [false, 8]],
    ['our own activation is in use', 'settled', { [token]: ['AWSCURRENT'] }, 7, [true, 0]],
    [
      'another one is in use, at first sight',
      'settled',
      { [later]: ['AWSCURRENT'] },
      0,
      [false, 1],
    ],
    [
      'another one is in use',
      'settled',
      { [later]: ['AWSCURRENT'] },
      1,
      `AWSCURRENT is ${later}; expected ${v1}`,
    ],
    [
      'not promoted at the last look',
      'settled',
      { [v0]: ['AWSCURRENT'], [v1]: ['AWSPENDING'] },
      119,
      `Rotation ${v1} is not complete after the last look: AWSCURRENT is ${v0}, AWSPENDING is ${v1}`,
    ],
    ['in use, and closed', 'activated', { [token]: ['AWSCURRENT'] }, 7, [true, 0]],
    [
      'in use, another one under way',
      'activated',
      { [token]: ['AWSCURRENT'], [later]: ['AWSPENDING'] },
      7,
      [false, 8],
    ],
    ['not in use yet', 'activated', { [v1]: ['AWSCURRENT'] }, 7, [false, 8]],
    [
      'not in use at the last look',
      'activated',
      { [v1]: ['AWSCURRENT'] },
      119,
      `Rotation ${token} is not complete after the last look: AWSCURRENT is ${v1}, AWSPENDING is absent`,
    ],
  ])('%s (%s)', async (_title, task, labels, polls, expected) => {
    const { around, progress } = await begun(jwt, 'planned', { publishedKid: kid });
    around.secrets.stages.set(name, labels);
    const answer = run(around, task, { ...progress, polls });
    if (typeof expected === 'string') {
      await expect(answer).rejects.toMatchObject({ message: expect.stringContaining(expected) });
    } else {
      const { settled, polls: next } = await answer;
      expect([settled, next]).toEqual(expected);
    }
  });
});

describe('consumers of rows are stopped by whoever has the job, while it is open', () => {
  const job = (more: Partial<ReencryptionRecord>): ReencryptionRecord => ({
    ...{ state: 'active', mode: 'maintenance', targetKid: kid, versionId: v1, findings: [], at },
    execution,
    ...more,
  });
  test.each<[string, Partial<ReencryptionRecord> | undefined, boolean]>([
    ['due', { state: 'due' }, true],
    ['active', { state: 'active' }, true],
    ['verified', { state: 'verified' }, false],
    ['closed', { state: 'closed' }, false],
    ['another execution’s', { execution: executionArn('another') }, false],
    ['nobody’s', undefined, false],
  ])('%s', async (_title, record, stops) => {
    const around = world(rows('maintenance', 'https://a.example/hook'));
    if (record !== undefined) {
      await around.controlTable.updateReencryption(name, () => job(record));
    }
    const given = { ...input, more: 'travels on' };
    expect(await run(around, 'stopConsumers', given)).toEqual(given);
    expect(around.doors.consumersHook.asked).toHaveLength(stops ? 1 : 0);
    expect(await around.controlTable.getConsumers(name)).toEqual(
      stops ? { stopped: true, by: 'consumers-hook', at } : undefined,
    );
  });
});

describe('what a task says of an error', () => {
  const thrown = async (error: unknown) => {
    const around = world(database);
    around.doors.manifest = async () => {
      throw error;
    };
    return run(around, 'begin', input).catch((found: unknown) => found);
  };
  const withheld = 'was thrown; its message is withheld';

  test('of ours everything, of others the class', async () => {
    const ours = Object.assign(new Error('ours'), { code: 'ERR_ROTATION_OF_OURS' });
    expect(await thrown(ours)).toBe(ours);
    for (const [error, className] of [
      [new TypeError('hunter2'), 'TypeError'],
      [Object.assign(new Error('hunter2'), { code: 'ECONNRESET' }), 'Error'],
      [Object.assign(new Error('hunter2'), { code: 42 }), 'Error'],
      [{ code: 'ERR_ROTATION_OF_OURS', message: 'hunter2' }, 'Something'],
    ] as const) {
      const found = await thrown(error);
      expect(found).toMatchObject({ name: 'UnexpectedError' });
      expect((found as Error).message).toContain(`${className} ${withheld}`);
    }
  });

  test('and of an input that does not fit, where', async () => {
    const around = world(database);
    for (const [given, at_] of [
      [{ task: 'begin', execution, progress: { ...input, versionId: '' } }, 'versionId'],
      [{ task: 'nothing', execution, progress: input }, 'task'],
      ['begin', 'its shape'],
    ] as const) {
      await expect(runTask(around.doors, given)).rejects.toMatchObject({
        name: 'InvalidTaskError',
        message: expect.stringContaining(`does not fit in ${at_};`),
      });
    }
  });
});
