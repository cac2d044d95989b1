/**
 * The same races with processes of their own, on a real PostgreSQL: rotation functions that are let go call by call, so
 * that a run is repeated by its seed and nothing waits for a clock.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { ProcessStage } from './processes/stage.ts';
import { drawnFor, type Race, type Run, run } from './race.ts';
import { killerAgainstSessions, restoreAgainstRotation } from './scheduled/following.ts';
import { emergencyDuringSteps, rollBackAgainstFinish } from './scheduled/preempting.ts';
import { twoSecretsOneRole } from './scheduled/roles.ts';
import { sameStepTwice, twoTokens } from './scheduled/steps.ts';

jest.setTimeout(isFull ? 1_800_000 : 90_000);
const seed = Number(process.env.SEED ?? 20_260_517);
const runsOfEach = Number(process.env.SEEDS ?? (isFull ? 20 : 1));
const figures = { races: 0, runs: 0, interleavings: 0, bad: 0 };

const all: readonly Race[] = [
  twoSecretsOneRole,
  rollBackAgainstFinish,
  sameStepTwice,
  twoTokens,
  emergencyDuringSteps,
  killerAgainstSessions,
  restoreAgainstRotation,
];
/** In every run the one that nothing but the lock decides. */
const races = isFull || process.env.SEEDS !== undefined ? all : all.slice(0, 1);
const isDatabase = (kind: string) => kind !== 'jwt';
let stage: ProcessStage;
beforeAll(async () => {
  stage = await ProcessStage.start();
});
afterAll(async () => {
  await stage?.stop();
  recordFigures('races-processes', seed, figures);
});

describe.each(races)('$name, as processes', (race) => {
  // One scheme of each race: the other one takes the same locks and the same labels.
  test.each(race.kinds.filter(isDatabase).slice(0, 1))('%s', async (kind) => {
    const runs: Run[] = [];
    const property = fc.asyncProperty(fc.scheduler(), drawnFor(race), async (scheduler, draw) => {
      runs.push(await run(race, kind, scheduler, draw, stage).finally(() => stage.clear()));
    });
    figures.races++;
    try {
      await fc.assert(property, { seed, numRuns: runsOfEach, endOnFailure: true, ...pathOf() });
    } catch (error) {
      figures.bad++;
      throw replayable(error as Error);
    }
    figures.runs += runs.length;
    figures.interleavings += runs.reduce((sum, { changes }) => sum + changes, 0);
    for (const { way } of runs) expect([...race.ways, ...(race.rareWays ?? [])]).toContain(way);
    // They met: not every run was one after the other from beginning to end.
    expect(Math.max(...runs.map(({ changes }) => changes))).toBeGreaterThan(2);
    if (process.env.TELL) {
      process.stderr.write(`${race.name} ${kind}: ${runs.map(({ way }) => way).join(', ')}\n`);
    }
  });
});

/** `RUN=…` as a failure names it: that run alone. */
const pathOf = () => (process.env.RUN === undefined ? {} : { path: process.env.RUN });

function replayable(error: Error): Error {
  const path = /path: "([\d:]+)"/.exec(error.message)?.[1];
  const { message } = (error.cause as Error | undefined) ?? error;
  return new Error(`again: SEED=${seed} SEEDS=${runsOfEach} RUN=${path}\n${message}`);
}
