/**
 * Which faults are tried: every kind at every call that the undisturbed run makes, one at a time, and pairs. `npm test`
 * draws a share by the seed, `npm run proof` runs all single ones.
 *
 * `SCHEDULES=500` draws so many instead, without the figures of the proof.
 * `ONLY='<scenario>: <kind>@<call>[ <kind>@<call>]'`, as a failure prints it, runs that one alone.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isFull, recordFigures } from '../../assurance/figures.ts';
import { FaultyCalls, type Kind, kindsOf, type Met, type Planned } from './faulty-calls.ts';

export const seed = Number(process.env.SEED ?? 20_261_123);

export interface Scenario {
  readonly name: string;
  /**
   * Runs it with these faults, repairs what was refused for good, goes on in the documented way.
   * @throws where it did not end in a named state, or not as an undisturbed one does
   */
  run(calls: FaultyCalls): Promise<void>;
}

export interface Matrix {
  /** Of the figures and of the list of sites, e.g. "after-rotation". */
  readonly id: string;
  readonly scenarios: readonly Scenario[];
  /** Schedules of `npm test`, over all scenarios. */
  readonly short: number;
  /** Pairs of faults, over all scenarios. @default none; 'all': every pair, in the full form */
  readonly pairs?: { readonly short: number; readonly full: number } | undefined;
  /** Single faults of the full form, where all are too many. @default all */
  readonly full?: number;
}

interface Schedule {
  readonly scenario: Scenario;
  readonly planned: readonly Planned[];
}

interface Undisturbed {
  readonly scenario: Scenario;
  readonly met: readonly Met[];
}

export interface Outcome {
  readonly sites: readonly string[];
  readonly schedules: number;
  readonly bad: readonly string[];
}

/** mulberry32: small, and the same on every machine. */
export function drawing(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const drawn = <One>(all: readonly One[], most: number, draw: () => number): One[] => {
  if (all.length <= most) return [...all];
  const left = [...all];
  return Array.from(
    { length: most },
    () => left.splice(Math.floor(draw() * left.length), 1)[0] as One,
  );
};

export async function runMatrix(matrix: Matrix): Promise<Outcome> {
  const draw = drawing(seed);
  const undisturbed: Undisturbed[] = [];
  for (const scenario of matrix.scenarios) {
    const calls = new FaultyCalls();
    await scenario.run(calls);
    undisturbed.push({ scenario, met: [...calls.met] });
  }
  const sites = [...new Set(undisturbed.flatMap(({ met }) => met.map(({ site }) => site)))].sort();

  const singles = undisturbed.flatMap(({ scenario, met }) =>
    unlike(met).flatMap((call) =>
      kindsOf(met[call - 1] as Met).map(
        (kind): Schedule => ({ scenario, planned: [{ call, kind }] }),
      ),
    ),
  );
  const most = isFull
    ? (matrix.full ?? Number.POSITIVE_INFINITY)
    : Number(process.env.SCHEDULES ?? matrix.short);
  const pairs = Array.from(
    { length: (isFull ? matrix.pairs?.full : matrix.pairs?.short) ?? 0 },
    () => pairOf(undisturbed, draw),
  );
  const schedules = onlyOf(matrix) ?? [...drawn(singles, most, draw), ...pairs];

  const bad: string[] = [];
  for (const schedule of schedules) {
    const like = undisturbed.find(({ scenario }) => scenario === schedule.scenario);
    const found = await runSchedule(schedule, like?.met ?? []);
    if (found !== undefined) bad.push(found);
  }
  recordFigures(`crash-matrix-${matrix.id}`, seed, {
    sites: sites.length,
    calls: undisturbed.reduce((sum, { met }) => sum + met.length, 0),
    singles: singles.length,
    pairs: pairs.length,
    schedules: schedules.length,
    bad: bad.length,
  });
  return { sites, schedules: schedules.length, bad };
}

/** Numbers of the calls; of a loop, whose looks are alike, the first two and the last. */
function unlike(met: readonly Met[]): number[] {
  const places = new Map<string, number[]>();
  for (const [index, { site, nth }] of met.entries()) {
    const place = `${site}#${nth}`;
    places.set(place, [...(places.get(place) ?? []), index + 1]);
  }
  return [...places.values()].flatMap((calls) => [
    ...calls.slice(0, 2),
    ...calls.slice(2).slice(-1),
  ]);
}

/** The second fault strikes anywhere after the first, in what follows it, too. */
function pairOf(undisturbed: readonly Undisturbed[], draw: () => number): Schedule {
  const { scenario, met } = of(undisturbed, draw);
  const first = Math.floor(draw() * met.length);
  const second = first + 1 + Math.floor(draw() * (met.length - first + 10));
  const kindAt = (at: number): Kind =>
    of(kindsOf(met[at] ?? { site: '', nth: 1, is: 'call' }), draw);
  return {
    scenario,
    planned: [
      { call: first + 1, kind: kindAt(first) },
      { call: second + 1, kind: kindAt(second) },
    ],
  };
}

const of = <One>(all: readonly One[], draw: () => number): One =>
  all[Math.floor(draw() * all.length)] as One;

async function runSchedule(
  { scenario, planned }: Schedule,
  like: readonly Met[],
): Promise<string | undefined> {
  const calls = new FaultyCalls(planned);
  try {
    await scenario.run(calls);
    const first = planned[0]?.call ?? 0;
    for (const [index, { site }] of like.slice(0, first).entries()) {
      const found = calls.met[index]?.site;
      // Otherwise a number would be no place, and a fault might strike nothing.
      if (found !== site) throw new Error(`call ${index + 1} is ${found}; expected ${site}`);
    }
    return undefined;
  } catch (error) {
    const only = `${scenario.name}: ${planned.map(({ kind, call }) => `${kind}@${call}`).join(' ')}`;
    return `ONLY='${only}' SEED=${seed}\n  ${calls.fired.join('\n  ')}\n  ${(error as Error).message}`;
  }
}

function onlyOf({ scenarios }: Matrix): Schedule[] | undefined {
  const [name, faults] = (process.env.ONLY ?? '').split(/: (?=[a-zA-Z]+@\d)/);
  const scenario = scenarios.find((one) => one.name === name);
  if (scenario === undefined || faults === undefined) return undefined;
  const planned = faults.split(' ').map((fault) => {
    const [kind, call] = fault.split('@');
    return { kind: kind as Kind, call: Number(call) };
  });
  return [{ scenario, planned }];
}

const listOf = (id: string) => join(import.meta.dirname, 'sites', `${id}.json`);

/** The sites that a matrix is known to meet; `UPDATE_SITES=1` writes down those it met. */
export function knownSites(id: string, met: readonly string[]): string[] {
  if (process.env.UPDATE_SITES === '1') {
    writeFileSync(listOf(id), `${JSON.stringify(met, null, 2)}\n`);
  }
  return JSON.parse(readFileSync(listOf(id), 'utf8'));
}
