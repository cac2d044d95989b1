/**
 * Races over one consumer that two deployments share: what it ran with is remembered once, so whoever stops it and
 * whoever starts it must leave it running with that, in whatever order they come.
 */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Scheduler } from 'fast-check';
import type { ConsumersStopped } from '../../../domain/events/rollout.ts';
import { consumerRecords } from '../../../doors/consumer-records.ts';
import type { RolloutDoors } from '../../../lambdas/rollout/doors.ts';
import type { ConsumerSettings } from '../../../lambdas/rollout/environment.ts';
import type { CountedPlatform, Looked } from '../../../lambdas/rollout/platform.ts';
import { run } from '../../../lambdas/rollout/run.ts';
import { recordedLog } from '../../doors/recorded.ts';
import { broken } from '../invariants.ts';
import { MemoryDynamoDb } from '../memory-dynamo-db.ts';
import { type Hold, Schedule, told, unwrap } from '../schedule.ts';
import { clientOf } from '../world.ts';

const api: ConsumerSettings = {
  name: 'api',
  learns: 'restart',
  restart: { by: 'ecs', cluster: 'pharmacy', service: 'api' },
  steadySeconds: 600,
  reads: [],
};
const wanted = 3;

/** One ECS service: how many of it are wanted, and those run at once. */
function platform(schedule: Schedule, by: string, service: { desired: number }) {
  const set = (desired: number) => async (): Promise<Looked> => {
    await schedule.call(by, `UpdateService ${desired}`, () => {
      service.desired = desired;
    });
    return schedule.call(by, 'DescribeServices', () => ({
      state: service.desired === desired ? ('steady' as const) : ('inProgress' as const),
      detail: `${service.desired} tasks`,
    }));
  };
  return {
    read: () => schedule.call(by, 'DescribeServices', () => ({ desired: service.desired })),
    stop: set(0),
    start: (_target, { desired }) => set(desired)(),
  } satisfies CountedPlatform;
}

/**
 * Two that stop it, do their work, and start it again.
 * @returns who started it last
 */
export async function stopAndStart(
  scheduler: Scheduler,
  { after, hold }: { after: number; hold: Hold | undefined },
): Promise<{ way: string; changes: number }> {
  const schedule = new Schedule(scheduler, hold);
  const table = new MemoryDynamoDb();
  const service = { desired: wanted };
  const working = new Set<string>();
  const participant = (by: string) => async () => {
    const client = clientOf((operation, input) =>
      schedule.call(by, operation, () => structuredClone(table.answer(operation, input))),
    ) as DynamoDBClient;
    const doors = {
      records: consumerRecords('control', 'pharmacy/prod', client),
      platforms: { ecs: { counts: platform(schedule, by, service) } },
      consumers: [api],
      clock: { now: () => new Date('2026-01-05T03:00:00Z'), sleep: () => schedule.sleep(by) },
      log: recordedLog(),
    } as unknown as RolloutDoors;
    const until = async (operation: 'stop' | 'start') => {
      for (let looks = 0; looks < 10; looks++) {
        const request = { operation, consumers: ['api'], by: `arn:${by}` };
        const { done } = (await run(doors, request)) as ConsumersStopped;
        if (done) return;
        await schedule.sleep(by);
      }
      broken('consumer', `${operation} of ${by} does not come to an end`);
    };
    await until('stop');
    working.add(by);
    await schedule.call(by, 'work', () => undefined);
    working.delete(by);
    await until('start');
  };
  try {
    const outcomes = await schedule.play([
      { name: 'one', run: participant('one') },
      { name: 'other', after, run: participant('other') },
    ]);
    for (const outcome of outcomes.values()) unwrap(outcome);
    if (service.desired !== wanted) {
      broken('consumer', `${service.desired} tasks are left of ${wanted}`);
    }
    const last = schedule.calls.findLast(({ site }) => site.startsWith('UpdateService'));
    const changes = schedule.calls.filter(
      ({ name }, index) => index > 0 && schedule.calls[index - 1]?.name !== name,
    ).length;
    return { way: last?.name ?? 'nobody', changes };
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${told(schedule)}`, { cause: error });
  }
}
