import { describe, expect, test } from '@jest/globals';
import { type ConsumersStopped, stopConsumersSchema } from '../../../domain/events/rollout.ts';
import { letConsumersStart } from '../../../lambdas/after-rotation/let-consumers-start.ts';
import { stopConsumers } from '../../../lambdas/after-rotation/tasks/stop-consumers.ts';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import { restarted, rolloutOf } from './rollout-world.ts';
import { executionArn, jwt, name, v1, world } from './world.ts';

const execution = executionArn('rows');
const api = restarted('api');
const worker = { ...restarted('worker'), restart: 'kubernetes main/default/worker' };
const state = (consumer: string, how: 'reached' | 'underWay' | 'cannot' | 'failed') => ({
  ...{ consumer, state: how, detail: `${how} at last` },
});

async function stage({
  consumers = [api, worker],
  answer,
  hook,
  others = [],
}: {
  /** Further secrets of the deployment. */
  others?: object[];
  consumers?: (typeof api)[];
  answer?: ConsumersStopped;
  hook?: string;
}) {
  const secret = {
    ...jwt,
    kind: 'encryption',
    columns: [],
    reencryption: {
      ...{ function: 'rows', login: 'db', mode: 'maintenance', workers: 1, stores: [] },
      ...(hook && { consumersHook: hook }),
    },
  } as never;
  const { doors, controlTable } = world(secret, {
    ...{ consumers, rollout: rolloutOf(consumers) },
    secrets: [secret, ...others] as never,
  });
  const at = '2026-05-17T17:00:00.000Z';
  await controlTable.updateReencryption(name, () => ({
    ...{ state: 'active', mode: 'maintenance', targetKid: 'k', versionId: v1, execution },
    ...{ findings: [], at },
  }));
  const asked: unknown[] = [];
  doors.functions.invoke = async (functionName, request) => {
    asked.push({ functionName, ...stopConsumersSchema.parse(request) });
    return (
      answer ?? { done: true, consumers: [state('api', 'reached'), state('worker', 'reached')] }
    );
  };
  return {
    ...{ doors, asked, controlTable },
    stop: () =>
      stopConsumers(doors, execution, { secretArn: arnOf(name), secretName: name, versionId: v1 }),
    start: () => letConsumersStart(doors, execution, name),
    word: async () => controlTable.getConsumers(name),
  };
}

describe('maintenance mode without a hook', () => {
  test('stops what ECS and Kubernetes run, and starts it again', async () => {
    const { stop, start, word, asked } = await stage({});
    await stop();
    expect(await word()).toMatchObject({ stopped: true, by: 'rollout' });
    await start();
    expect(await word()).toMatchObject({ stopped: false });
    const consumers = ['api', 'worker'];
    expect(asked).toEqual([
      { functionName: 'roll-out', operation: 'stop', consumers, by: execution },
      { functionName: 'roll-out', operation: 'start', consumers, by: execution },
    ]);
  });

  test('starts nobody whom the maintenance of another secret has stopped: its rows are under way', async () => {
    const other = 'pharmacy/prod/documents';
    const reencryption = { function: 'rows-2', login: 'db', mode: 'maintenance', stores: [] };
    const { start, asked, controlTable } = await stage({
      consumers: [{ ...api, reads: ['secret', 'documents'] }, worker],
      others: [{ ...jwt, ...{ kind: 'encryption', key: 'documents', name: other, reencryption } }],
    });
    const at = '2026-05-17T17:00:00.000Z';
    await controlTable.putConsumers(other, { stopped: true, by: 'rollout', at });
    await start();
    const start_ = { functionName: 'roll-out', operation: 'start', by: execution };
    expect(asked.splice(0)).toEqual([{ ...start_, consumers: ['worker'] }]);
    await controlTable.putConsumers(other, { stopped: false, by: 'after-rotation', at });
    await start();
    expect(asked).toEqual([{ ...start_, consumers: ['api', 'worker'] }]);
  });

  test.each([
    ['a reader that nothing here stops', { consumers: [api, { ...worker, restart: 'lambda f' }] }],
    [
      'one whose platform has nothing to stop',
      { answer: { done: true, consumers: [state('api', 'reached'), state('worker', 'cannot')] } },
    ],
  ])('leaves the word to a person for %s', async (_title, more) => {
    const { stop, word, asked } = await stage(more);
    await stop();
    expect(asked).toHaveLength(1);
    expect(await word()).toBeUndefined();
  });

  test('is asked again while one is under way, and ends with what a platform refused', async () => {
    const moving = await stage({
      answer: { done: false, consumers: [state('api', 'underWay'), state('worker', 'reached')] },
    });
    await expect(moving.stop()).rejects.toMatchObject({ name: 'ConsumersMovingError' });
    expect(await moving.word()).toBeUndefined();
    const refused = await stage({
      answer: { done: true, consumers: [state('api', 'failed'), state('worker', 'reached')] },
    });
    await expect(refused.stop()).rejects.toMatchObject({
      ...{ code: 'ERR_ROTATION_CONSUMERS_NOT_MOVED' },
      message: expect.stringContaining('api: failed at last'),
    });
    await expect(refused.start()).rejects.toMatchObject({ name: 'ConsumersNotMovedError' });
  });

  test('and with one, the hook alone is asked', async () => {
    const { stop, start, word, asked, doors } = await stage({ hook: 'https://hook.example/' });
    await stop();
    expect(await word()).toMatchObject({ stopped: true, by: 'consumers-hook' });
    await start();
    expect(asked).toEqual([]);
    expect(doors.consumersHook.asked.map(({ event }) => event)).toEqual(['stop', 'start']);
  });
});
