/** One schedule: a scenario, its faults, a recovery; and what must hold meanwhile and afterwards. */
import { dateLabelsOf } from '../../domain/policy/labels.ts';
import type { Passed, Planned } from './calls.ts';
import { digestOf } from './digest.ts';
import type { LeakSearch } from './leaks.ts';
import {
  intentFor,
  killed,
  type Recovered,
  type Recovery,
  recover,
  rotateNext,
} from './recoveries.ts';
import { type Room, type Scenario, secretName } from './room.ts';
import { excused } from './rooms/databases.ts';
import { drawSaltsAnew } from './seeded-crypto.ts';
import { type Kept, Stand } from './stand.ts';

export interface Schedule {
  readonly scenario: Scenario;
  readonly faults: readonly Planned[];
  /** Absent: the first attempt alone. */
  readonly recovery?: Recovery;
}

export interface Outcome {
  readonly bad: readonly string[];
  readonly passed: readonly Passed[];
  readonly fired: number;
  /** Calls that were passed before the recovery began, and what was stored then. */
  readonly beforeRecovery: number;
  readonly digest: string;
  readonly stand: Stand;
  readonly recovered?: Recovered;
}

export async function runSchedule(
  room: Room,
  kept: Kept,
  { scenario, faults, recovery }: Schedule,
  leaks: LeakSearch,
  make: (room: Room, kept: Kept) => Stand | Promise<Stand> = (...given) => new Stand(...given),
): Promise<Outcome> {
  drawSaltsAnew();
  const stand = await make(room, kept);
  const bad: string[] = [];
  const look = lookingAt(stand, scenario, bad);
  excused.set(stand, { shutOut: scenario === 'emergency', byHand: false });
  stand.calls.plan(...faults);
  let beforeRecovery = 0;
  let digest = '';
  let recovered: Recovered | undefined;
  try {
    const token = await stand.begin(await intentFor(stand, scenario));
    await look('the first attempt');
    beforeRecovery = stand.calls.passed.length;
    digest = digestOf(stand);
    if (recovery !== undefined) {
      stand.calls.repair();
      recovered = await recover(stand, scenario, token, recovery);
      await look('the recovery');
      bad.push(...(await atTheEnd(stand, scenario, recovered.token)));
      bad.push(...refusal(scenario, recovered, recovery));
    }
  } catch (error) {
    bad.push(`${(error as Error).stack ?? error}`);
  }
  const leaked = leaks.look(stand);
  if (leaked !== undefined) {
    bad.push(`I6: a value in ${leaked.slice(0, 200)}`);
  }
  stand.clock.stop();
  const { passed, fired } = stand.calls;
  return {
    ...{ bad, passed, fired: fired.length, beforeRecovery, digest, stand },
    ...(recovered && { recovered }),
  };
}

/** A rollback is refused where there is nothing to go back to, or only what leaked; of a first value always. */
function refusal(scenario: Scenario, { refused }: Recovered, recovery: Recovery): string[] {
  const right = ['ERR_ROTATION_NOTHING_TO_RESTORE', 'ERR_ROTATION_COMPROMISED_MATERIAL', killed];
  if (refused !== undefined && !right.includes(refused)) {
    return [`${recovery} was refused with ${refused}`];
  }
  return recovery === 'rollBack' && scenario === 'firstValue' && refused === undefined
    ? ['a first value was rolled back']
    : [];
}

/** I1, I4, I7 and what the room adds, whenever something stored has changed. */
function lookingAt(
  stand: Stand,
  scenario: Scenario,
  bad: string[],
): (site: string) => Promise<void> | void {
  const ofTheRoom = stand.room.watch(stand, scenario);
  const others = stand.secrets.store
    .all()
    .filter(({ name }) => name !== secretName && !name.endsWith('-inbox'))
    .map((secret) => ({ secret, state: secret.state }));
  const values = new Map<string, string>();
  let revision = -1;
  const check = (site: string) => {
    if (revision === stand.calls.revision() || bad.length > 3) {
      return;
    }
    revision = stand.calls.revision();
    const found =
      oneCurrent(stand) ??
      sameValues(stand, values) ??
      others
        .filter(({ secret, state }) => secret.state !== state)
        .map(({ secret }) => `I7: ${secret.name} was changed`)[0] ??
      ofTheRoom();
    if (found !== undefined) {
      bad.push(`${found}, after ${site}`);
    }
  };
  const refresh = stand.refresh;
  const look =
    refresh === undefined
      ? check
      : async (site: string) => {
          const isElsewhere = site.includes('/') && !site.includes('/postgres.');
          if (!isElsewhere) await refresh();
          check(site);
        };
  stand.calls.afterCall = look;
  check('the start');
  return look;
}

/** I1 */
function oneCurrent({ secret }: Stand): string | undefined {
  const current = [...secret.state.versions.values()].filter(({ labels }) =>
    labels.has('AWSCURRENT'),
  );
  return current.length === 1 && current[0]?.value !== undefined
    ? undefined
    : `I1: ${current.length} versions are AWSCURRENT, or it has no value`;
}

/** I4: what a token holds it holds for good. */
function sameValues(stand: Stand, values: Map<string, string>): string | undefined {
  for (const { versionId, value } of stand.secret.state.versions.values()) {
    const text = value?.ciphertext.toString('latin1');
    const known = values.get(versionId);
    if (known !== undefined && text !== known) {
      return `I4: version ${versionId} holds another value`;
    }
    if (text !== undefined) values.set(versionId, text);
  }
  return undefined;
}

/** I3, and what every recovery leaves behind. */
async function atTheEnd(stand: Stand, scenario: Scenario, token: string): Promise<string[]> {
  const { AWSCURRENT: current, AWSPENDING: pending } = stand.labels();
  const { control } = stand;
  const { rotationEnabled } = await stand.door.describe(stand.arn);
  const lease = await control.getLease(secretName);
  const record = await control.getRotation(secretName, token);
  const now = stand.clock.now().getTime();
  const done = Object.keys(record?.steps ?? {});
  const found: (string | false | undefined)[] = [
    current !== token && `I3: AWSCURRENT is ${current}, expected ${token}`,
    pending !== undefined && pending !== token && `I3: AWSPENDING is left on ${pending}`,
    !rotationEnabled && 'rotation is switched off',
    (await control.getAfterRotation(secretName, token)) === undefined &&
      'AWSCURRENT has no AfterRotation',
    lease !== undefined &&
      lease.token !== token &&
      Date.parse(lease.expiresAt) > now &&
      `a lease of ${lease.token} is left`,
    !['createSecret', 'setSecret', 'testSecret'].every((step) => done.includes(step)) &&
      `steps recorded: ${done.join(', ')}`,
    await stand.room.atTheEnd(stand, scenario),
    await oneDate(stand, token),
  ];
  return found.filter((one) => typeof one === 'string');
}

/**
 * AWSCURRENT has one date. A read that is out of date hides it from finishSecret, repeated, which attaches another:
 * then the oldest counts, and the next rotation leaves each version its oldest.
 */
async function oneDate(stand: Stand, token: string): Promise<string | undefined> {
  const stages = async () => (await stand.door.describe(stand.arn)).versionIdsToStages;
  const dates = dateLabelsOf(token, await stages()).toSorted();
  const wasHidden = stand.calls.fired.some(({ kind }) => kind === 'stale');
  if (dates.length !== 2 || !wasHidden) {
    return dates.length === 1 ? undefined : `AWSCURRENT has ${dates.length} dates`;
  }
  await rotateNext(stand);
  const after = await stages();
  const all = Object.keys(after).map((versionId) => dateLabelsOf(versionId, after));
  const isClean = all.every(({ length }) => length < 2) && !all.flat().includes(dates[1] ?? '');
  return isClean && all.flat().includes(dates[0] ?? '')
    ? undefined
    : `of two dates the next rotation leaves ${JSON.stringify(after)}`;
}
