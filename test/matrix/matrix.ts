/**
 * The crash matrix of one room: every call fails once in every way, and every failure is followed by every recovery;
 * then calls that come after a failure, the recovery's own included, fail, too. Two first failures that leave the same
 * stores, the same step to repeat and the same calls on the way are one place, and so are a call that changes nothing
 * done and not done (`distinctKinds`).
 *
 * `npm run proof` (PROOF=full) runs all single faults with all recoveries, and of the pairs so many a scenario, drawn by
 * the seed, each with one recovery; `npm test` meets every call once, with a kind and a recovery drawn by the printed seed.
 * `ROOM=<room>` runs that room alone and tells everything that is bad; `REPLAY='<room>/<scenario>/<call>:<kind>,…/<recovery>'`
 * runs one schedule.
 */
import { isFull } from '../assurance/figures.ts';
import { faultKinds } from '../in-process/faults.ts';
import type { Kind, Passed, Planned } from './calls.ts';
import { LeakSearch } from './leaks.ts';
import { type Recovery, recoveries } from './recoveries.ts';
import type { Room, Scenario } from './room.ts';
import { type Outcome, runSchedule } from './schedule.ts';
import { drawnFrom, seed } from './seeded-random.ts';
import { type Kept, Stand } from './stand.ts';

export interface Counts {
  /** Calls that were met by a fault, by name. */
  readonly armed: Set<string>;
  /** Calls that any run passed. */
  readonly seen: Set<string>;
  /** Calls that must be met: those of runs without a fault; in the full form also those that follow a first one. */
  readonly toMeet: Set<string>;
  /** Codes with which a rollback was refused, and how often. */
  readonly refused: Map<string, number>;
  singleSchedules: number;
  doubleSchedules: number;
  /** Of so many double schedules, each with the recovery drawn for it. */
  ofDoubleSchedules: number;
  /** Pairs of faults the double schedules stand for. */
  doublePairs: number;
  /** Schedules in which something did not hold. */
  readonly bad: string[];
}

interface Running {
  readonly room: Room;
  readonly kept: Kept;
  readonly scenario: Scenario;
  readonly leaks: LeakSearch;
  readonly counts: Counts;
}

/** Double schedules of a scenario that run, drawn by the seed: there are ten thousands, and all of them take hours. */
const doublesOfAScenario = 2_000;
/** Of the few that follow what the short form meets. */
const shortShare = 0.002;

export async function prepared(
  room: Room,
  scenario: Scenario,
  made: Stand | Promise<Stand> = new Stand(room),
): Promise<Kept> {
  const stand = await made;
  await stand.configure();
  await room.prepare(stand, scenario);
  const failed = stand.steps.filter((run) => run.failed);
  if (failed.length > 0) {
    throw new Error(`${room.name} ${scenario}: ${failed[0]?.step} failed while it was prepared`);
  }
  await stand.refresh?.();
  return stand.keep();
}

export async function runRoom(room: Room): Promise<Counts> {
  const { REPLAY } = process.env;
  const counts: Counts = {
    ...{ armed: new Set(), seen: new Set(), toMeet: new Set(), refused: new Map(), bad: [] },
    ...{ singleSchedules: 0, doubleSchedules: 0, ofDoubleSchedules: 0, doublePairs: 0 },
  };
  for (const scenario of room.scenarios) {
    const running = { room, scenario, leaks: new LeakSearch(), counts };
    const kept = await prepared(room, scenario);
    if (REPLAY === undefined) {
      await runScenario({ ...running, kept });
    } else if (REPLAY.startsWith(`${room.name}/${scenario}/`)) {
      await replay({ ...running, kept }, REPLAY);
    }
  }
  return counts;
}

async function replay(running: Running, text: string): Promise<void> {
  const [, , plan = '', recovery = ''] = text.split('/');
  const faults = plan.split(',').map((one) => {
    const [call, kind] = one.split(':');
    return { call: Number(call), kind: kind as Kind };
  });
  const { stand, passed } = await run(running, faults, recovery as Recovery);
  const lines = [
    ...passed.map(({ site }) => site),
    ...stand.log.map((line) => JSON.stringify(line)),
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
}

async function runScenario(running: Running): Promise<void> {
  const clean = await run(running, [], 'sameToken');
  const calls = clean.passed.slice(0, clean.beforeRecovery);
  for (const { site } of calls) running.counts.toMeet.add(site);
  const places = new Map<string, Place>();
  for (const [call, passed] of calls.entries()) {
    if (!isDrawn(running, passed, call)) continue;
    for (const kind of drawnKinds(running, passed, call)) {
      await singles(running, places, { call, kind }, clean);
    }
  }
  await doubles(running, [...places.values()]);
}

/** What one failure leaves, whichever fault it was: the first one that led there stands for all. */
interface Place {
  readonly first: Planned;
  /** How many faults led there. */
  faults: number;
  /** By recovery, the calls of a run without a second fault. */
  readonly passed: Map<Recovery, { calls: readonly Passed[]; from: number }>;
}

async function singles(
  running: Running,
  places: Map<string, Place>,
  fault: Planned,
  clean: Outcome,
): Promise<void> {
  const { counts, scenario, room } = running;
  const drawn = recoveries[drawnFrom(recoveries.length, room.name, scenario, fault.call)];
  const wanted = !isFull ? recoveries.filter((one) => one === drawn) : recoveries;
  let place: Place | undefined;
  for (const recovery of wanted) {
    const outcome = await run(running, [fault], recovery);
    counts.singleSchedules += 1;
    place ??= placeOf(places, fault, outcome, clean);
    if (place?.first === fault) {
      place.passed.set(recovery, { calls: outcome.passed, from: fault.call + 1 });
    }
  }
}

/** Undefined: it left no trace, so a second fault is a first one. */
function placeOf(
  places: Map<string, Place>,
  first: Planned,
  outcome: Outcome,
  clean: Outcome,
): Place | undefined {
  const onTheWay = outcome.passed.slice(first.call + 1, outcome.beforeRecovery);
  const sites = onTheWay.map(({ site }) => site).join();
  const failed = outcome.stand.steps.some((run) => run.failed);
  if (!failed && sites === sitesFrom(clean, first.call + 1)) {
    return undefined;
  }
  const name = `${outcome.digest} ${sites}`;
  const found = places.get(name);
  if (found !== undefined) {
    found.faults += 1;
    return found;
  }
  const made = { first, faults: 1, passed: new Map() };
  places.set(name, made);
  return made;
}

const sitesFrom = ({ passed, beforeRecovery }: Outcome, from: number): string =>
  passed
    .slice(from, beforeRecovery)
    .map(({ site }) => site)
    .join();

interface Pair {
  readonly place: Place;
  readonly recovery: Recovery;
  readonly call: number;
  readonly kind: Kind;
  readonly passed: Passed;
  readonly words: readonly (string | number)[];
}

async function doubles(running: Running, places: readonly Place[]): Promise<void> {
  const { counts, room, scenario } = running;
  const meet = async ({ place, recovery, call, kind }: Pair) => {
    await run(running, [place.first, { call, kind }], recovery);
    counts.doubleSchedules += 1;
    counts.doublePairs += place.faults;
  };
  // One recovery is drawn for each pair.
  const all = [...pairsFrom(places)].filter(
    ({ place, recovery, words }) =>
      place.passed.size === 1 ||
      drawnFrom(6, room.name, scenario, ...words) === recoveries.indexOf(recovery),
  );
  counts.ofDoubleSchedules += all.length;
  const share = isFull ? Math.min(1, doublesOfAScenario / all.length) : shortShare;
  for (const pair of all) {
    const { passed, words } = pair;
    const isDrawn = drawnFrom(1_000_000, 'pair', room.name, scenario, ...words) < share * 1_000_000;
    if (isDrawn || isUnmet(counts, passed)) await meet(pair);
  }
  // Some calls are passed in recoveries alone that were drawn for none of these pairs.
  for (const pair of pairsFrom(places)) {
    if (isUnmet(counts, pair.passed)) await meet(pair);
  }
}

function* pairsFrom(places: readonly Place[]): Generator<Pair> {
  for (const [index, place] of places.entries()) {
    for (const [recovery, { calls, from }] of place.passed) {
      for (let call = from; call < calls.length; call++) {
        const passed = calls[call] as Passed;
        for (const kind of distinctKinds(passed)) {
          yield { place, recovery, call, kind, passed, words: [index, call, kind] };
        }
      }
    }
  }
}

const isUnmet = ({ armed }: Counts, { site }: Passed): boolean => isFull && !armed.has(site);

/** Eventually consistent are the reads of Secrets Manager; DynamoDB and PostgreSQL's primary are asked consistently. */
const mayBeStale = /^secretsManager\.(describe|get)/;

export const allKinds = ({ method }: Passed): readonly Kind[] =>
  mayBeStale.test(method) ? [...faultKinds, 'stale'] : faultKinds;

/** A call that changes nothing is the same done or not done, once or twice. */
export function distinctKinds(passed: Passed): readonly Kind[] {
  if (passed.hasEffect) {
    return allKinds(passed);
  }
  const isSql = passed.method.startsWith('postgres.');
  return allKinds(passed).filter(
    (kind) =>
      kind === 'before' ||
      kind === 'diedBefore' ||
      kind === 'stale' ||
      // The server's words differ: a session lives on after them, or it does not.
      (isSql && (kind === 'retryable' || kind === 'permanent')),
  );
}

/** In the short form a call that another scenario's was met already is met now and then. */
function isDrawn({ room, scenario, counts }: Running, { site }: Passed, call: number): boolean {
  return isFull || !counts.armed.has(site) || drawnFrom(6, room.name, scenario, call, 'met') === 0;
}

function drawnKinds({ room, scenario }: Running, passed: Passed, call: number): readonly Kind[] {
  const kinds = allKinds(passed);
  const drawn = drawnFrom(kinds.length, 'kind', room.name, scenario, call);
  return !isFull ? kinds.filter((_, index) => index === drawn) : kinds;
}

async function run(
  { room, kept, scenario, leaks, counts }: Running,
  faults: readonly Planned[],
  recovery: Recovery,
): Promise<Outcome> {
  const outcome = await runSchedule(room, kept, { scenario, faults, recovery }, leaks);
  for (const { site } of outcome.passed) {
    counts.seen.add(site);
    if (isFull && faults.length < 2) counts.toMeet.add(site);
  }
  for (const { call } of faults) counts.armed.add(outcome.passed[call]?.site ?? 'nowhere');
  const { refused } = outcome.recovered ?? {};
  if (refused !== undefined) counts.refused.set(refused, (counts.refused.get(refused) ?? 0) + 1);
  if (outcome.fired !== faults.length) {
    outcome.stand.log.push({ level: 'error', event: 'fired', fields: outcome.fired });
  }
  if (outcome.bad.length > 0) {
    counts.bad.push(told(room, scenario, faults, recovery, outcome));
  }
  return outcome;
}

/** Everything that is needed to run it again. */
function told(
  room: Room,
  scenario: Scenario,
  faults: readonly Planned[],
  recovery: Recovery,
  { bad, passed, stand }: Outcome,
): string {
  const plan = faults.map(({ call, kind }) => `${call}:${kind}`).join(',');
  const at = faults.map(({ call, kind }) => `${kind} at ${passed[call]?.site}`).join(', then ');
  const log = stand.log.slice(-3).map((line) => JSON.stringify(line).slice(0, 300));
  return [
    `SEED=${seed} REPLAY='${room.name}/${scenario}/${plan}/${recovery}'`,
    at,
    ...bad,
    ...log,
  ].join('\n  ');
}
