/** What a room must show, and the figures it leaves. */
import { expect } from '@jest/globals';
import { recordFigures } from '../assurance/figures.ts';
import { type Counts, runRoom } from './matrix.ts';
import type { Room } from './room.ts';
import { seed } from './seeded-random.ts';

export async function expectSound(room: Room): Promise<Counts> {
  const started = performance.now();
  const counts = await runRoom(room);
  const seconds = (performance.now() - started) / 1000;
  const { armed, toMeet, singleSchedules, doubleSchedules, doublePairs, bad } = counts;
  const schedules = singleSchedules + doubleSchedules;
  recordFigures(`crash-matrix-${room.name}`, seed, {
    sites: armed.size,
    singleSchedules,
    doubleSchedules,
    doublePairs,
    schedulesPerSecond: Math.round(schedules / seconds),
    bad: bad.length,
  });
  if (bad.length > 0) {
    throw new Error(`${bad.length} schedules are bad, e.g.\n${bad.slice(0, 5).join('\n')}`);
  }
  if (process.env.REPLAY === undefined) {
    // A call that is passed and that no fault ever meets says that the matrix does not know the room.
    expect([...toMeet].filter((site) => !armed.has(site))).toEqual([]);
  }
  return counts;
}
