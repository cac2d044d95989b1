/** Rotations that AfterRotation asks for itself: a rollback, and the activation of a published key; what refuses each. */
import { describe, expect, test } from '@jest/globals';
import { activateToken } from '../../../domain/policy/derived-token.ts';
import { refreshing, restarted, rolloutOf } from './rollout-world.ts';
import { at, begun, execution, run } from './task-world.ts';
import { database, jwt, kid, name, v0, v1 } from './world.ts';

const activation = activateToken(name, v1, kid);
const later = '22222222-2222-4222-8222-222222222222';
const consumers = [restarted('api'), refreshing('web')];
const deployed = { consumers, rollout: rolloutOf(consumers) };
const published = { primary: 'old', publishedKid: kid };
const used = { primary: 'new', replaced: 'old' };

describe('a rollback', () => {
  const back = {
    ...{ token: later, restoreVersionId: v0, from: v1, material: 'new', consumer: 'api' },
    reason: 'consumer api: sign-in: 401',
  };
  const ready = async () => {
    const { around, progress } = await begun(database, 'planned', used, deployed);
    return { around, given: { ...progress, rollBack: back } };
  };
  const advice = 'Look at the secret (quarterturn status), then roll back: quarterturn rollback.';

  test('is asked for once, and not where its version has a label already', async () => {
    const { around, given } = await ready();
    expect(await run(around, 'rollBack', given)).toEqual(given);
    expect(around.secrets.rotations).toMatchObject([{ clientRequestToken: later }]);
    for (const label of ['AWSPENDING', 'AWSCURRENT']) {
      around.secrets.stages.set(name, { [v1]: [], [v0]: [], [later]: [label] });
      await run(around, 'rollBack', given);
    }
    expect(around.secrets.rotations).toHaveLength(1);
  });

  test('is refused from another version than the one that failed, and against a lease', async () => {
    const { around, given } = await ready();
    const lease = { token: v0, owner: 'emergency', at, expiresAt: '2099-01-01T00:00:00.000Z' };
    around.controlTable.getLease = async () => lease as never;
    await expect(run(around, 'rollBack', given)).rejects.toMatchObject({
      code: 'ERR_ROTATION_ROLL_BACK_REFUSED',
      message: expect.stringContaining('ERR_ROTATION_LEASED: emergency holds this secret'),
    });
    around.secrets.stages.set(name, { [v0]: ['AWSCURRENT'] });
    await expect(run(around, 'rollBack', given)).rejects.toMatchObject({
      message: `AWSCURRENT is ${v0}; expected ${v1}, which was to be rolled back from. ${advice}`,
    });
    around.secrets.stages.set(name, {});
    await expect(run(around, 'rollBack', given)).rejects.toThrow('AWSCURRENT is absent; expected');
    expect(around.secrets.rotations).toEqual([]);
  });

  test.each<[string, Record<string, string[]>, string | undefined]>([
    ['its own', { [v1]: ['AWSCURRENT'], [later]: ['AWSPENDING'] }, undefined],
    ['its own, which is over', { [later]: ['AWSCURRENT'] }, undefined],
    ['another one', { [v1]: ['AWSCURRENT'], [v0]: ['AWSPENDING'] }, `rotation ${v0}`],
    ['one that is over', { [v1]: ['AWSCURRENT'] }, 'rotation of another token'],
  ])('where a rotation is in progress: %s', async (_title, labels, refusal) => {
    const { around, given } = await ready();
    around.doors.secretsManager.rotate = async () => {
      around.secrets.stages.set(name, labels);
      return 'inProgress';
    };
    const answer = run(around, 'rollBack', given);
    if (refusal === undefined) expect(await answer).toEqual(given);
    else {
      await expect(answer).rejects.toMatchObject({
        message: `${refusal} is in progress; expected none after the way was cleared. ${advice}`,
      });
    }
  });

  const noWord = 'left no word';
  test.each<[string, Record<string, string[]>, number, object | string]>([
    ['in use', { [later]: ['AWSCURRENT'] }, 3, { settled: true, polls: 3 }],
    ['not shown yet', { [v1]: ['AWSCURRENT'] }, 4, { settled: false, polls: 5 }],
    ['not shown', { [v1]: ['AWSCURRENT'] }, 5, `The rollback ${later} was given up and ${noWord}`],
    [
      'under way',
      { [v1]: ['AWSCURRENT'], [later]: ['AWSPENDING'] },
      118,
      { settled: false, polls: 119 },
    ],
    [
      'under way at the last look',
      { [v1]: ['AWSCURRENT'], [later]: ['AWSPENDING'] },
      119,
      `The rollback ${later} is not promoted after 120 looks and ${noWord}; Secrets Manager repeats it`,
    ],
  ])('%s', async (_title, labels, polls, expected) => {
    const { around, given } = await ready();
    around.secrets.stages.set(name, labels);
    const answer = run(around, 'rolledBack', { ...given, polls });
    if (typeof expected !== 'string') expect(await answer).toMatchObject(expected);
    else await expect(answer).rejects.toMatchObject({ message: `${expected}. ${advice}` });
  });

  test('that failed says in which step, and how', async () => {
    const { around, given } = await ready();
    around.secrets.stages.set(name, { [v1]: ['AWSCURRENT'] });
    const failure = { step: 'setSecret', code: 'ERR_ROTATION_X', message: 'no role' };
    around.controlTable.getRotation = async (_, token) =>
      (token === later ? { failure } : undefined) as never;
    await expect(run(around, 'rolledBack', { ...given, polls: 5 })).rejects.toThrow(
      `The rollback ${later} was given up and failed in setSecret: ERR_ROTATION_X: no role. Look`,
    );
  });

  test.each(['prepareRollBack', 'rollBack', 'rolledBack'])(
    '%s of none is no task',
    async (task) => {
      const { around, progress } = await begun(database, 'planned', used, deployed);
      await expect(run(around, task, progress)).rejects.toMatchObject({
        code: 'ERR_ROTATION_NO_AFTER_ROTATION',
      });
    },
  );

  test.each([
    ['none', undefined, 259_200],
    ['a shorter one', 3_600, 259_200],
    ['a longer one', 864_000, 864_000],
  ])('holds the schedule where it was held by %s', async (_title, seconds, expected) => {
    const { around, given } = await ready();
    const inSeconds = (count: number) => new Date(Date.parse(at) + count * 1000).toISOString();
    if (seconds !== undefined) {
      await around.controlTable.putHold(name, { reason: 'by hand', at, until: inSeconds(seconds) });
    }
    await run(around, 'prepareRollBack', given);
    expect(await around.controlTable.getHold(name)).toEqual({
      reason: expected === seconds ? 'by hand' : 'rolled back: consumer api: sign-in: 401',
      ...{ at, until: inSeconds(expected) },
    });
  });
});

describe('the activation of a published key', () => {
  const ready = () => begun(jwt, 'planned', published);

  test('is asked for by the record of its intent, then by RotateSecret, and not where its version has a label', async () => {
    const { around, progress } = await ready();
    const expected = { ...progress, settled: false, polls: 0 };
    expect(await run(around, 'activate', { ...progress, polls: 7 })).toEqual(expected);
    expect(await around.controlTable.getIntent(name, activation)).toEqual({
      ...{ intent: 'activate', token: activation, requestedBy: 'after-rotation', at },
      ...{ owner: execution, activate: { versionId: v1, kid } },
    });
    for (const label of ['AWSPENDING', 'AWSCURRENT']) {
      around.secrets.stages.set(name, { [v1]: [], [activation]: [label] });
      expect(await run(around, 'activate', { ...progress, polls: 7 })).toEqual(expected);
    }
    expect(around.secrets.rotations).toHaveLength(1);
  });

  test.each<[string, Record<string, string[]>, boolean]>([
    ['its own', { [v1]: ['AWSCURRENT'], [activation]: ['AWSPENDING'] }, false],
    ['another one', { [v1]: ['AWSCURRENT'], [v0]: ['AWSPENDING'] }, true],
  ])('where a rotation is in progress: %s', async (_title, labels, isRefused) => {
    const { around, progress } = await ready();
    around.doors.secretsManager.rotate = async () => {
      around.secrets.stages.set(name, labels);
      return 'inProgress';
    };
    const answer = run(around, 'activate', progress);
    if (!isRefused) expect((await answer).settled).toBe(false);
    else {
      await expect(answer).rejects.toMatchObject({
        ...{ code: 'ERR_ROTATION_ACTIVATION_REFUSED' },
        message: `ERR_ROTATION_IN_PROGRESS: another rotation is in progress; expected none after version ${v1} was closed. Resume when it has ended.`,
      });
    }
  });

  test('of no key is no task, and one that preflight refuses is not asked for', async () => {
    const { around, progress } = await ready();
    for (const less of [{ publishedKid: null }, { activation: null }]) {
      await expect(run(around, 'activate', { ...progress, ...less })).rejects.toMatchObject({
        code: 'ERR_ROTATION_NO_AFTER_ROTATION',
      });
    }
    const another = { ...progress, publishedKid: 'another' };
    await expect(run(around, 'activate', another)).rejects.toThrow('ERR_ROTATION_NOT_ACTIVATABLE');
    const token = progress.activation ?? '';
    expect(await around.controlTable.getIntent(name, token)).toBeUndefined();
    expect(around.secrets.rotations).toEqual([]);
  });
});
