/** Every single fault at every call of a room, and after each everything that went out searched for every value. */
import type { FaultKind } from '../in-process/faults.ts';
import { type LeakRoom, run, type Scenario } from './rooms.ts';
import type { WatchedRoom } from './watched-room.ts';

export const seed = Number(process.env.SEED ?? 20_260_517);

/** Of the others, `retryable` says what `before` says by another code, and `diedBefore` what `diedAfter` says: nothing. */
const kinds: readonly FaultKind[] = ['before', 'after', 'permanent', 'diedAfter', 'twice'];

/** What was done, over all schedules. */
export class Tally {
  schedules = 0;
  canaries = 0;
  bytesSearched = 0;
  hits = 0;
  /** Schedules that did not go as they should: what comes after them was not looked at. */
  bad = 0;
  /** Sink → bytes. */
  readonly sinks = new Map<string, number>();

  /** @throws Error naming the schedule, the sink, the value and its form */
  look(room: WatchedRoom, schedule: string): void {
    this.schedules += 1;
    const found = room.leaks();
    this.canaries += room.canaries;
    for (const [name, text] of Object.entries(room.sinks())) {
      this.sinks.set(name, (this.sinks.get(name) ?? 0) + text.length);
      this.bytesSearched += text.length;
    }
    if (Object.keys(found).length > 0) {
      this.hits += 1;
      throw new Error(`${schedule} (SEED=${seed}) leaks:\n${JSON.stringify(found, null, 2)}`);
    }
  }
}

/** The sites a scenario passes without a fault. */
async function sitesOf(room: LeakRoom, scenario: Scenario, tally: Tally): Promise<string[]> {
  const watched = await room.start(scenario);
  try {
    watched.world.faults.seen.clear();
    await run(watched, scenario);
    tally.look(watched, `${room.name}, ${scenario}`);
    return [...watched.world.faults.seen].filter((site) => !site.startsWith('idle/'));
  } finally {
    watched.world.stop();
  }
}

/** @param share one of so many pairs of site and fault is met, drawn by the seed; 1: all of them */
export async function everySingleFault(
  room: LeakRoom,
  scenario: Scenario,
  tally: Tally,
  share: number,
): Promise<void> {
  const pairs = (await sitesOf(room, scenario, tally)).flatMap((site) =>
    kinds.map((kind): [string, FaultKind] => [site, kind]),
  );
  for (const [site, kind] of pairs.filter((_, index) => index % share === seed % share)) {
    const watched = await room.start(scenario);
    const { world } = watched;
    try {
      world.faults.arm(site, kind);
      // Whether the rotation comes to its end is another proof's; here it is what it says on the way.
      await run(watched, scenario).catch(() => undefined);
      if (world.faults.fired === 0) throw new Error(`${kind} at ${site} was not met`);
      world.faults.disarm();
      await world.clock.settle(6 * 3_600_000);
      tally.look(watched, `${room.name}, ${scenario}: ${kind} at ${site}`);
    } catch (error) {
      tally.bad += 1;
      throw error;
    } finally {
      world.stop();
    }
  }
}
