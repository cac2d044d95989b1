/**
 * Operations `stop` and `start`: consumers by name. What one ran with is kept before anything is taken from it, and
 * forgotten when it runs with that again; so both may be asked any number of times, in any order, from anywhere in
 * the middle.
 */
import type {
  ConsumersStopped,
  CountsRecord,
  StopConsumers,
} from '../../../domain/events/rollout.ts';
import type { RolloutDoors } from '../doors.ts';
import type { CountedPlatform, Looked } from '../platform.ts';
import { platformOf } from '../platform.ts';
import { printable } from '../printable.ts';
import { settingsOf } from '../progress.ts';

type Outcome = ConsumersStopped['consumers'][number];

/** One step and one look at each, all at once: one that fails keeps nobody else from being stopped. */
export async function stopOrStart(
  doors: RolloutDoors,
  { operation, consumers, by }: StopConsumers,
): Promise<ConsumersStopped> {
  const settings = consumers.map((name) => settingsOf(doors.consumers, name));
  const outcomes = await Promise.all(
    settings.map(async ({ name, restart }): Promise<Outcome> => {
      const counts = restart && platformOf(doors.platforms, restart).counts;
      if (restart === undefined || counts === undefined) {
        const what = restart === undefined ? 'nothing restarts it' : restart.by;
        return { consumer: name, state: 'cannot', detail: `${what}: there is nothing to stop` };
      }
      try {
        return operation === 'stop'
          ? toOutcome(name, await stop(doors, name, { counts, target: restart, by }))
          : await start(doors, name, { counts, target: restart });
      } catch (error) {
        const { name: className, message } = printable(error);
        return {
          consumer: name,
          state: 'failed',
          detail: `${className}: ${message}`.slice(0, 512),
        };
      }
    }),
  );
  for (const { consumer, state, detail } of outcomes) {
    doors.log.info(operation, { consumer, state, detail, by });
  }
  return { done: outcomes.every(({ state }) => state !== 'underWay'), consumers: outcomes };
}

interface Stopped {
  readonly counts: CountedPlatform;
  readonly target: Parameters<CountedPlatform['read']>[0];
}

async function stop(
  { records, clock }: Pick<RolloutDoors, 'records' | 'clock'>,
  consumer: string,
  { counts, target, by }: Stopped & { by: string },
): Promise<Looked> {
  const about = { stoppedBy: by, at: clock.now().toISOString() };
  const known = await remembered(records, consumer, { counts, target }, about);
  if (known === undefined) {
    return { state: 'inProgress', detail: 'others stop and start it at this moment' };
  }
  const looked = await counts.stop(target);
  // Whoever was starting it at this moment would forget what it ran with, and it would stay stopped for good.
  const stops = (known.stops ?? 0) + 1;
  await records.keepCounts(consumer, { ...known, ...about, stops });
  return looked;
}

/**
 * What it ran with before anybody stopped it. Between two reads another one may have stopped it, or stopped it and
 * started it again: what was read then is how it stands still, not what it runs with.
 */
async function remembered(
  records: RolloutDoors['records'],
  consumer: string,
  { counts, target }: Stopped,
  about: Pick<CountsRecord, 'stoppedBy' | 'at'>,
): Promise<CountsRecord | undefined> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const known = await records.getCounts(consumer);
    if (known !== undefined) return known;
    const read = await counts.read(target);
    const stands = await records.putCounts(consumer, { ...read, ...about });
    if (stands === undefined) continue;
    const again = await counts.read(target);
    if (again.desired <= stands.desired) return stands;
    const running = { ...again, ...about };
    await records.keepCounts(consumer, running);
    return running;
  }
  return undefined;
}

async function start(
  { records }: Pick<RolloutDoors, 'records'>,
  consumer: string,
  { counts, target }: Stopped,
): Promise<Outcome> {
  const before = await records.getCounts(consumer);
  if (before === undefined) {
    return { consumer, state: 'reached', detail: 'nobody stopped it, or it was started again' };
  }
  const looked = await counts.start(target, before);
  if (looked.state === 'steady') await records.removeCounts(consumer, before);
  return toOutcome(consumer, looked);
}

const toOutcome = (consumer: string, { state, detail }: Looked): Outcome => ({
  consumer,
  state: state === 'steady' ? 'reached' : state === 'failed' ? 'failed' : 'underWay',
  detail: detail.slice(0, 512),
});
