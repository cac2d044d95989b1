/**
 * The rollout of one consumer against ECS as the sandbox runs it, with faults: whatever failed, it ends healthy, or its
 * record says what did, its lock is free when its time is over, and a new execution restarts it no second time.
 */
import { expect } from '@jest/globals';
import type { ConsumersStopped } from '../../../domain/events/rollout.ts';
import { run } from '../../../lambdas/rollout/run.ts';
import { api, world } from '../../lambdas/rollout/world.ts';
import type { FaultyCalls } from './faulty-calls.ts';
import { faultyDoors } from './faulty-doors.ts';
import { faultyInvocations } from './faulty-lambda.ts';
import type { Scenario } from './schedules.ts';

type Around = ReturnType<typeof world>;

const executionArn = (number: number) =>
  `arn:aws:states:eu-west-1:000000000000:execution:rollout:e${number}`;

async function rolledOut(calls: FaultyCalls, around: Around): Promise<void> {
  const { bench, before, doors, records } = around;
  let executions = 0;
  calls.stopExecution = () =>
    bench.run('StopExecution', { executionArn: executionArn(executions) });
  faultyInvocations(bench, calls);
  before.run = (payload) =>
    calls.invocation((payload as { task: string }).task, (at) =>
      run(
        {
          ...doors,
          ...faultyDoors(at, { records }),
          platforms: around.platformsOf((name, door) => at.around(name, door)),
        },
        payload,
      ),
    );
  const execute = async () => {
    executions += 1;
    return around.execute();
  };
  const first = await execute();
  const named = ['SUCCEEDED', 'ABORTED', 'ConsumerUnhealthyError', 'RolloutFailedError'];
  // Who may not write down that it failed says so.
  const isUnwritten = calls.fired.some((fired) => fired.startsWith('permanent at failed/'));
  expect(isUnwritten ? [...named, 'AwsCallError'] : named).toContain(first);
  calls.repair();
  // AfterRotation, resumed, starts it again; the lock of one that died is free when its time is over.
  const ends = [first];
  for (let attempt = 1; attempt <= 4 && ends.at(-1) !== 'SUCCEEDED'; attempt++) {
    await bench.clock.advanceTo(new Date(bench.clock.now().getTime() + 20 * 60_000));
    ends.push(await execute());
  }
  expect(ends.at(-1)).toBe('SUCCEEDED');
  const record = await around.record();
  expect(record).toMatchObject({ state: 'healthy', proof: 'held' });
  const lock = records.locks.get('api');
  expect(lock !== undefined && Date.parse(lock.expiresAt) <= bench.clock.now().getTime()).toBe(
    true,
  );
}

export const rolloutScenarios: Scenario[] = [
  {
    name: 'ECS',
    run: async (calls) => {
      const around = world();
      await rolledOut(calls, around);
      // Nobody is restarted twice for one version; a deployment that nobody looked at within its time is a failure.
      const wasJudged = calls.fired.some((fired) =>
        /steady|health|unhealthy|stopped|permanent/i.test(fired),
      );
      // UpdateService takes no token: sent again by the SDK, a second deployment takes the place of the first at once.
      const wasSentTwice = calls.fired.some((fired) => /^twice at .*forceNewDeploy/.test(fired));
      expect(around.deployments.length).toBeLessThanOrEqual(wasJudged || wasSentTwice ? 2 : 1);
    },
  },
  {
    name: 'webhook',
    run: async (calls) => {
      const around = world([
        {
          ...api,
          restart: {
            by: 'webhook',
            url: 'https://hooks.example/api',
            signingSecret: 'arn:key',
          },
        },
      ]);
      await rolledOut(calls, around);
      const ids = new Set(around.sent.map(({ id }) => id));
      // Told again after a lost answer, it is told under the same id.
      expect(ids.size).toBe(1);
    },
  },
  {
    name: 'function',
    run: async (calls) => {
      const around = world([{ ...api, restart: { by: 'lambda', function: 'printer' } }]);
      await rolledOut(calls, around);
      expect(around.lambda.updates).toBeLessThanOrEqual(2);
    },
  },
  {
    name: 'stopped and started',
    run: async (calls) => {
      const around = world();
      for (const operation of ['stop', 'start'] as const) {
        await moved(calls, around, operation);
        const [api] = around.services.described();
        expect([operation, api?.desiredCount]).toEqual([operation, operation === 'stop' ? 0 : 2]);
      }
      // What it ran with is forgotten when it runs again: the next stop reads it anew.
      expect(await around.records.getCounts('api')).toBeUndefined();
    },
  },
];

/** Asked again, every quarter of a minute, until it is done (lib/states-language.ts, untilConsumersMoved). */
async function moved(
  calls: FaultyCalls,
  around: Around,
  operation: 'stop' | 'start',
): Promise<void> {
  const { clock, doors, records } = around;
  for (let asked = 1; asked <= 60; asked++) {
    if (asked === 20) calls.repair();
    const answer = await calls
      .invocation(operation, (at) =>
        run(
          {
            ...doors,
            ...faultyDoors(at, { records }),
            platforms: around.platformsOf((name, door) => at.around(name, door)),
          },
          { operation, consumers: ['api'], by: executionArn(1) },
        ),
      )
      .catch(() => undefined);
    const { done, consumers } = (answer ?? {}) as Partial<ConsumersStopped>;
    if (done === true && consumers?.every(({ state }) => state === 'reached')) return;
    await clock.advanceTo(new Date(clock.now().getTime() + 15_000));
  }
  throw new Error(`${operation}: not done after 60 times`);
}
