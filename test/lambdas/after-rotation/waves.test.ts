/** Rollouts and rollbacks, task by task: who comes next, who is not well, when it goes back, and what refuses that. */
import { describe, expect, test } from '@jest/globals';
import type { AfterRotationRecord, Intent } from '../../../domain/events/control-records.ts';
import type { RolloutRecord } from '../../../domain/events/rollout.ts';
import { activateToken, derivedToken } from '../../../domain/policy/derived-token.ts';
import type { Progress } from '../../../lambdas/after-rotation/progress.ts';
import { refreshing, restarted, rolloutOf } from './rollout-world.ts';
import { at, begun, execution, input, run } from './task-world.ts';
import { executionArn, jwt, kid, name, v0, v1 } from './world.ts';

const activation = activateToken(name, v1, kid);
const later = '22222222-2222-4222-8222-222222222222';
const consumers = [restarted('api'), refreshing('web')];
const deployed = { consumers, rollout: rolloutOf(consumers) };
const published = { primary: 'old', publishedKid: kid };
const used = { primary: 'new', replaced: 'old' };
type World = Awaited<ReturnType<typeof begun>>['around'];
const after = (more: Partial<AfterRotationRecord>): AfterRotationRecord => ({
  ...{ versionId: v1, intent: 'planned', basedOn: v0, at, state: 'running', execution },
  ...more,
});
const put = ({ doors }: World, consumer: string, more: Partial<RolloutRecord>) =>
  doors.rolloutRecords.putRollout(name, {
    ...{ versionId: v1, round: 'publish', consumer, execution: executionArn('rollout') },
    ...{ state: 'healthy', startedAt: at, at },
    ...more,
  });

describe('the next wave', () => {
  const over = { done: true, pauseSeconds: 0, consumers: [] };

  test('names who comes next, what each must hold, and for whom; what the last one came to is left behind', async () => {
    const { around, progress } = await begun(jwt, 'planned', published, deployed);
    const round = { ...progress, round: 'publish', results: [{ consumer: 'x' }], well: true };
    const answer = await run(around, 'nextWave', round);
    const { results, well, wave, ...rest } = answer;
    expect([results, well]).toEqual([undefined, undefined]);
    expect(rest).toEqual({ ...progress, round: 'publish' });
    expect(wave).toEqual({
      ...{ done: false, pauseSeconds: 0 },
      consumers: [
        {
          ...{ ...input, intent: 'planned', round: 'publish', consumer: 'api' },
          expected: {
            ...{ secretName: name, versionIds: [v1], role: null },
            key: { kid, state: 'published' },
          },
          afterRotation: execution,
        },
      ],
    });
  });

  test.each<[Intent, number]>([
    ['planned', 300],
    ['emergency', 0],
  ])('comes after a pause, but in an emergency (%s: %d s)', async (intent, pauseSeconds) => {
    const both = [restarted('api'), restarted('worker')];
    const more = { consumers: both, rollout: rolloutOf(both) };
    const { around, progress } = await begun(jwt, intent, published, more);
    put(around, 'api', {});
    const { wave } = await run(around, 'nextWave', { ...progress, round: 'publish' });
    expect(wave).toMatchObject({ done: false, pauseSeconds, consumers: [{ consumer: 'worker' }] });
    put(around, 'worker', {});
    expect((await run(around, 'nextWave', { ...progress, round: 'publish' })).wave).toEqual(over);
  });

  test('is none where nothing is rolled out', async () => {
    const { around, progress } = await begun(jwt, 'planned', published, { consumers });
    expect((await run(around, 'nextWave', { ...progress, round: 'use' })).wave).toEqual(over);
  });

  test('asks nobody to hold a key as published that is in use; to use it, after its activation', async () => {
    const { around, progress } = await begun(jwt, 'planned', published, deployed);
    await around.controlTable.putAfterRotation(
      name,
      after({ versionId: activation, basedOn: v1, primary: kid, replaced: 'old' }),
    );
    expect((await run(around, 'nextWave', { ...progress, round: 'publish' })).wave).toEqual(over);
    const { wave } = await run(around, 'nextWave', { ...progress, round: 'use' });
    expect(wave?.consumers).toMatchObject([
      { consumer: 'api', versionId: v1, expected: { key: { kid, state: 'primary' } } },
    ]);
    expect(wave?.consumers[0]?.expected.versionIds).toEqual([activation]);
  });

  test('is counted under the version that published the key, where one stands for another', async () => {
    const { around, progress } = await begun(jwt, 'activate', used, deployed);
    put(around, 'api', { versionId: v0, round: 'use' });
    const { wave } = await run(around, 'nextWave', { ...progress, round: 'confirm' });
    expect(wave?.consumers.map(({ versionId }) => versionId)).toEqual([v0, v0]);
    const use = await run(around, 'nextWave', { ...progress, round: 'use' });
    expect(use.wave?.done).toBe(true);
  });

  test('of no round, or of a version nobody rotated, is none of ours', async () => {
    const { around, progress } = await begun(jwt, 'planned', published, deployed);
    await expect(run(around, 'nextWave', progress)).rejects.toMatchObject({
      code: 'ERR_ROTATION_NO_AFTER_ROTATION',
    });
  });
});

describe('after a wave', () => {
  const wave = (progress: Progress, names: string[]) => ({
    ...{ done: false, pauseSeconds: 0 },
    consumers: names.map((consumer) => ({
      ...{ ...input, intent: 'planned', round: 'publish', consumer, afterRotation: execution },
      expected: { secretName: name, versionIds: [progress.versionId], key: null, role: null },
    })),
  });
  const failed = 'the consumer itself did not fail: nothing is known of it';
  const turned = { state: 'unhealthy', wasHealthy: true, reason: 'sign-in: 401' } as const;
  type Row = [
    string,
    Partial<RolloutRecord>[],
    { consumer: string; error?: string }[],
    string | undefined,
  ];
  test.each<Row>([
    ['everybody is well', [{}], [], undefined],
    [
      'well in another round says nothing of this one',
      [{ round: 'use' }],
      [],
      `in round "publish", consumer api: its rollout ended, and its record says undefined. Not rolled back by itself: ${failed}.`,
    ],
    [
      'nothing is on record, and the execution says why',
      [],
      [
        { consumer: 'web', error: 'Other' },
        { consumer: 'api', error: 'States.Timeout' },
      ],
      `in round "publish", consumer api: States.Timeout. Not rolled back by itself: ${failed}.`,
    ],
    [
      'it was not even started',
      [turned],
      [{ consumer: 'api', error: 'StepFunctions.ExecutionLimitExceeded' }],
      `in round "publish", consumer api: StepFunctions.ExecutionLimitExceeded. Not rolled back by itself: ${failed}.`,
    ],
    [
      'it is under way still',
      [{ state: 'steadying' }],
      [],
      `in round "publish", consumer api: its rollout ended, and its record says steadying. Not rolled back by itself: ${failed}.`,
    ],
    [
      'it was not well before',
      [{ ...turned, wasHealthy: false }],
      [],
      'in round "publish", consumer api: sign-in: 401. Not rolled back by itself: it was not well before anything was done to it, either.',
    ],
    [
      'nobody knows how it was',
      [{ state: 'unhealthy', reason: 'sign-in: 401.' }],
      [],
      'in round "publish", consumer api: sign-in: 401. Not rolled back by itself: nobody knows whether it was well before anything was done to it.',
    ],
  ])('%s', async (_title, records, results, refusal) => {
    const { around, progress } = await begun(jwt, 'planned', published, deployed);
    for (const record of records) put(around, 'api', record);
    const given = { ...progress, round: 'publish', wave: wave(progress, ['api']), results };
    const answer = run(around, 'judgeRollout', given);
    if (refusal === undefined) {
      expect((await answer).well).toBe(true);
    } else {
      await expect(answer).rejects.toMatchObject({
        ...{ code: 'ERR_ROTATION_ROLLOUT_FAILED', message: refusal },
      });
    }
  });

  test('that broke a consumer which was well in an earlier round, it goes back', async () => {
    const { around, progress } = await begun(jwt, 'planned', published, deployed);
    put(around, 'api', { wasHealthy: true });
    put(around, 'api', { round: 'confirm', state: 'unhealthy', reason: 'sign-in: 401' });
    put(around, 'web', { state: 'healthy', round: 'confirm' });
    const given = { ...progress, round: 'confirm', wave: wave(progress, ['web', 'api']) };
    const { well, rollBack } = await run(around, 'judgeRollout', given);
    expect(well).toBe(false);
    expect(rollBack).toEqual({
      token: derivedToken('rollback', name, v1, kid),
      ...{ restoreVersionId: v0, from: v1, material: kid, consumer: 'api' },
      reason: 'consumer api: sign-in: 401',
    });
  });

  test.each<[string, Partial<AfterRotationRecord>, string, object | string]>([
    ['a published key', published, kid, { restoreVersionId: v0, material: kid }],
    ['a key in use', used, 'new', { restoreVersionId: v0, material: 'new' }],
    ['a value without an id', { replaced: 'old' }, v1, { restoreVersionId: v0, material: v1 }],
    ['a first value', { ...used, basedOn: null }, 'new', 'there is nothing to go back to'],
    ['a value that replaced nothing', { primary: 'new' }, 'new', 'there is nothing to go back to'],
  ])('it goes back from %s', async (_title, record, material, expected) => {
    const { around, progress } = await begun(jwt, 'planned', record, deployed);
    put(around, 'api', turned);
    const given = { ...progress, round: 'publish', wave: wave(progress, ['api']) };
    const answer = run(around, 'judgeRollout', given);
    if (typeof expected === 'string') {
      await expect(answer).rejects.toThrow(expected);
      return;
    }
    const token = derivedToken('rollback', name, v1, material);
    expect((await answer).rollBack).toMatchObject({ ...expected, token, from: v1 });
    // Begun before by the same rollback, it goes on; by another one it is once and no more.
    const failure = { material, versionId: v1, consumer: 'api', reason: 'r', at };
    await around.doors.rolloutRecords.putFailed(name, { ...failure, rollback: token });
    expect((await run(around, 'judgeRollout', given)).rollBack).toMatchObject(expected);
  });

  test('material that another rollback has left is not left again', async () => {
    const { around, progress } = await begun(jwt, 'planned', used, deployed);
    put(around, 'api', turned);
    const failure = { material: 'new', versionId: v1, consumer: 'api', reason: 'r', at };
    await around.doors.rolloutRecords.putFailed(name, { ...failure, rollback: later });
    const given = { ...progress, round: 'publish', wave: wave(progress, ['api']) };
    await expect(run(around, 'judgeRollout', given)).rejects.toThrow(
      'this material was rolled back from once already',
    );
    await expect(
      run(around, 'prepareRollBack', {
        ...given,
        rollBack: {
          ...{ token: v0, restoreVersionId: v0, from: v1, material: 'new', consumer: 'api' },
          reason: 'r',
        },
      }),
    ).rejects.toMatchObject({
      code: 'ERR_ROTATION_ROLL_BACK_REFUSED',
      message: `new was rolled back from by version ${later} at ${at}; expected that to happen once. Look at the secret (quarterturn status), then roll back: quarterturn rollback.`,
    });
  });
});
