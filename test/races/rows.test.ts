/** Two re-encryption workers, one of an older epoch, and a writer that has not heard of the new key. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { type RowsStage, raceOverRows, rowsRaces, rowsWays, startRows } from './scheduled/rows.ts';

jest.setTimeout(isFull ? 1_800_000 : 60_000);
const seed = Number(process.env.SEED ?? 20_260_517);
const seeds = Number(process.env.SEEDS ?? (isFull ? 20 : 1));
const figures = { races: 0, seeds: 0, interleavings: 0, bad: 0 };
let stage: RowsStage;
beforeAll(async () => {
  stage = await startRows();
});
afterAll(async () => {
  await stage?.locks.close();
  await stage?.clinic.stop();
  recordFigures('races-rows', seed, figures);
});

/** In every run the one that is left to the row locks. */
const races = isFull || process.env.SEEDS !== undefined ? rowsRaces : rowsRaces.slice(0, 1);

test.each(races)('%s', async (race) => {
  const ways: string[] = [];
  const drawn = fc.record({
    after: fc.nat(60),
    hold: fc.option(
      fc.record({ name: fc.constantFrom('one', 'other'), at: fc.integer({ min: 1, max: 60 }) }),
      { nil: undefined },
    ),
  });
  figures.races++;
  const property = fc.asyncProperty(fc.scheduler(), drawn, async (scheduler, draw) => {
    const { way, changes } = await raceOverRows(stage, race, scheduler, draw);
    ways.push(way);
    figures.interleavings += changes;
  });
  const path = process.env.RUN === undefined ? {} : { path: process.env.RUN };
  try {
    await fc.assert(property, { seed, numRuns: seeds, endOnFailure: true, ...path });
  } catch (error) {
    figures.bad++;
    const run = /path: "([\d:]+)"/.exec((error as Error).message)?.[1];
    const { message } = ((error as Error).cause as Error | undefined) ?? (error as Error);
    throw new Error(`again: SEED=${seed} SEEDS=${seeds} RUN=${run}\n${message}`);
  }
  figures.seeds += ways.length;
  for (const way of ways) expect(rowsWays[race]).toContain(way);
  if (process.env.TELL) process.stderr.write(`${race}: ${ways.join(', ')}\n`);
});
