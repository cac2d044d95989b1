/**
 * Scheduled interleavings: every call of every participant at a door is a point at which fast-check decides who goes
 * on. `npm test` runs a few seeds of each race, the proof 200; a failing run prints what repeats it.
 */
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { drawnFor, type Race, type Run, run } from './race.ts';
import { cadenceAgainstConsole, cadenceAgainstPut } from './scheduled/asking.ts';
import { stopAndStart } from './scheduled/consumers.ts';
import { deploymentDuringRotation } from './scheduled/deploying.ts';
import {
  activateAgainstEmergency,
  eventTwice,
  killerAgainstSessions,
  restoreAgainstRotation,
} from './scheduled/following.ts';
import { emergencyDuringSteps, rollBackAgainstFinish } from './scheduled/preempting.ts';
import { twoSecretsOneRole } from './scheduled/roles.ts';
import { nextStepEarly, sameStepTwice, twoTokens } from './scheduled/steps.ts';

const seed = Number(process.env.SEED ?? 20_260_517);
const seeds = Number(process.env.SEEDS ?? (isFull ? 200 : 2));
jest.setTimeout(isFull ? 1_800_000 : 60_000);
const figures = { races: 0, seeds: 0, interleavings: 0, bad: 0 };

const races: readonly Race[] = [
  sameStepTwice,
  nextStepEarly,
  twoTokens,
  cadenceAgainstConsole,
  cadenceAgainstPut,
  rollBackAgainstFinish,
  emergencyDuringSteps,
  activateAgainstEmergency,
  eventTwice,
  restoreAgainstRotation,
  killerAgainstSessions,
  twoSecretsOneRole,
  deploymentDuringRotation,
];

describe.each(races)('$name', (race) => {
  test.each([...race.kinds])('%s', async (kind) => {
    const runs: Run[] = [];
    const property = fc.asyncProperty(fc.scheduler(), drawnFor(race), async (scheduler, way) => {
      runs.push(await run(race, kind, scheduler, way));
    });
    figures.races++;
    try {
      await fc.assert(property, { seed, numRuns: seeds, endOnFailure: true, ...pathOf() });
    } catch (error) {
      figures.bad++;
      throw replayable(error as Error);
    }
    figures.seeds += runs.length;
    figures.interleavings += runs.reduce((sum, { changes }) => sum + changes, 0);
    const ways = new Set(runs.map(({ way }) => way));
    for (const way of ways) expect([...race.ways, ...(race.rareWays ?? [])]).toContain(way);
    // In the short form a few seeds need not meet them all.
    if (seeds >= 100) expect([...ways]).toEqual(expect.arrayContaining([...race.ways]));
    if (process.env.TELL)
      process.stderr.write(`${race.name} ${kind}: ${JSON.stringify(tally(runs))}\n`);
  });
});

test('one consumer, stopped and started by two', async () => {
  const ways: string[] = [];
  const drawn = drawnFor({ calls: 12, held: ['one', 'other'] });
  figures.races++;
  const property = fc.asyncProperty(fc.scheduler(), drawn, async (scheduler, draw) => {
    const { way, changes } = await stopAndStart(scheduler, draw);
    ways.push(way);
    figures.interleavings += changes;
  });
  try {
    await fc.assert(property, { seed, numRuns: seeds * 5, endOnFailure: true, ...pathOf() });
  } catch (error) {
    figures.bad++;
    throw replayable(error as Error);
  }
  figures.seeds += ways.length;
  if (seeds >= 100) expect([...new Set(ways)].sort()).toEqual(['one', 'other']);
});

afterAll(() => recordFigures('races-scheduled', seed, figures));

/** `RUN=…` as a failure names it: that run alone. */
const pathOf = () => (process.env.RUN === undefined ? {} : { path: process.env.RUN });

function replayable(error: Error): Error {
  const run = /path: "([\d:]+)"/.exec(error.message)?.[1];
  const { message } = (error.cause as Error | undefined) ?? error;
  return new Error(`again: SEED=${seed} SEEDS=${seeds} RUN=${run}\n${message}`);
}

function tally(runs: readonly Run[]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { way } of runs) found[way] = (found[way] ?? 0) + 1;
  return found;
}
