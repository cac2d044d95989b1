/** Rotations that go wrong in every way at every call say nothing of a value, in memory. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { rooms } from './rooms.ts';
import { everySingleFault, seed, Tally } from './schedules.ts';
import { sinksRead } from './sink-table.ts';

const tally = new Tally();
/** `npm test` draws one of so many. */
const share = isFull ? 1 : 149;

afterAll(() => {
  const { schedules, canaries, bytesSearched, hits, bad, sinks } = tally;
  recordFigures('leaks-in-process', seed, {
    ...{ schedules, canaries, bytesSearched, hits, bad },
    sinks: sinks.size,
  });
});

describe.each(rooms)('$name', (room) => {
  test.each(room.scenarios)(
    '%s: no value in anything that is told, whichever call fails',
    async (scenario) => {
      const before = tally.schedules;
      await everySingleFault(room, scenario, tally, share);
      expect(tally.schedules - before).toBeGreaterThan(isFull ? 100 : 0);
    },
    1_800_000,
  );
});

test('every sink of this process was written to', () => {
  expect(sinksRead('process').map((name) => [name, (tally.sinks.get(name) ?? 0) > 1_000])).toEqual(
    sinksRead('process').map((name) => [name, true]),
  );
});
