/** What the rooms must show, and the figures each leaves. */
import { expect } from '@jest/globals';
import { recordFigures } from '../assurance/figures.ts';
import { type Counts, runRoom } from './matrix.ts';
import { methodOf } from './methods-in-use.ts';
import type { Room } from './room.ts';
import { seed } from './seeded-random.ts';

const { ROOM, REPLAY } = process.env;
/** One room, or one schedule of one: then what the others would have met says nothing. */
const only = ROOM ?? REPLAY?.split('/')[0];

/**
 * One room that is unsound does not hide what the others show.
 * @param used methods of the doors these rooms call; each is met by a fault
 */
export async function expectSound(rooms: readonly Room[], used: readonly string[]): Promise<void> {
  const met = new Set<string>();
  const unsound: string[] = [];
  for (const room of rooms) {
    if (only !== undefined && only !== room.name) continue;
    const counts = await countedIn(room);
    for (const site of counts.seen) met.add(methodOf(site));
    const { length } = counts.bad;
    if (length > 0) {
      const told = ROOM === undefined ? counts.bad.slice(0, 5) : counts.bad;
      unsound.push(`${length} schedules of ${room.name} are bad, e.g.\n${told.join('\n')}`);
    }
    if (REPLAY === undefined) {
      // A call that is passed and that no fault ever meets says that the matrix does not know the room.
      const unmet = [...counts.toMeet].filter((site) => !counts.armed.has(site));
      if (unmet.length > 0) unsound.push(`no fault of ${room.name} met ${unmet.join(', ')}`);
    }
  }
  if (unsound.length > 0) {
    throw new Error(unsound.join('\n'));
  }
  if (only === undefined) {
    expect(used.filter((method) => !met.has(method))).toEqual([]);
  }
}

async function countedIn(room: Room): Promise<Counts> {
  const started = performance.now();
  const counts = await runRoom(room);
  const seconds = (performance.now() - started) / 1000;
  const { armed, singleSchedules, doubleSchedules, ofDoubleSchedules, doublePairs, bad } = counts;
  const schedules = singleSchedules + doubleSchedules;
  if (REPLAY === undefined) {
    recordFigures(`crash-matrix-${room.name}`, seed, {
      sites: armed.size,
      singleSchedules,
      doubleSchedules,
      ofDoubleSchedules,
      doublePairs,
      schedulesPerSecond: Math.round(schedules / seconds),
      bad: bad.length,
    });
  }
  return counts;
}
