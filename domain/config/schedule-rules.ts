/** Rules about the schedule that span fields: does it leave every secret a time in which it can be rotated? */
import { durationSeconds } from './duration.ts';
import type { RotationConfig } from './rotation-config.ts';
import type { ScheduleConfig } from './schedule-schema.ts';

const minutesADay = 1440;
const day = 86_400_000;
/** The schedule looks once an hour; an hour of a window may be missing when summer time begins. */
const shortestWindow = 120;
/**
 * Secrets Manager's own rule, a day short of the limit, fires at any time of its UTC day: from so many days before
 * the limit a rotation is no longer the schedule's to place.
 */
const ownRuleDays = 2;
const longestLead = 60;

type Window = NonNullable<ScheduleConfig['window']>;
type Freeze = ScheduleConfig['freezes'][number];

interface Rotated {
  readonly key: string;
  readonly cadenceDays: number;
  readonly leadDays: number;
}

export function scheduleProblems(config: RotationConfig): string[] {
  const { window, freezes } = config.schedule;
  const rotated = rotatedOf(config);
  return [
    ...(window === undefined ? [] : windowProblems(window, rotated)),
    ...freezes.flatMap(({ from, until }, index) =>
      Date.parse(from) < Date.parse(until)
        ? []
        : [
            `schedule.freezes.${index}.until: found "${until}", which is not after from "${from}"; expected a later instant`,
          ],
    ),
    ...freezeProblems(config, rotated),
  ];
}

/**
 * Freezes that some secrets may not get past by themselves: it depends on the day of their last rotation, which only
 * the deployed schedule knows (its finding `shutOut` names them). Said when the stack is synthesized, with the dates.
 */
export function freezeWarnings(config: RotationConfig): string[] {
  return mergedFreezes(config).flatMap(({ from, until, reasons }) =>
    groupsOf(rotatedOf(config)).flatMap(({ cadenceDays, leadDays, keys }) => {
      if ((until - from) / day <= leadDays - ownRuleDays) return [];
      const first = iso(from - (cadenceDays - leadDays) * day);
      const last = iso(until - (cadenceDays - ownRuleDays) * day);
      return [
        `The freeze from ${iso(from)} until ${iso(until)} (${reasons}) is longer than leadDays ${leadDays} bridges: of ${keys.join(', ')}, those last rotated between ${first} and ${last} come due in it and reach their limit. Rotate them by hand before ${iso(from)}; quarterturn status names them from 14 days before.`,
      ];
    }),
  );
}

function windowProblems(window: Window, rotated: readonly Rotated[]): string[] {
  const minutes = lengthOf(window);
  if (minutes < shortestWindow) {
    return [
      `schedule.window: found ${minutes} minutes; expected 120 or more, because the schedule looks once an hour and summer time may take one away`,
    ];
  }
  const problems: string[] = [];
  for (const leadDays of new Set(rotated.map((secret) => secret.leadDays))) {
    const hurried = rotated.filter((secret) => secret.leadDays <= leadDays);
    const possible = rotationsWithin(window, leadDays - ownRuleDays);
    if (possible >= hurried.length) continue;
    const enough = leadThatHolds(window, hurried.length);
    const remedy =
      enough === undefined
        ? 'a wider window'
        : `leadDays: ${enough} for ${hurried.map(({ key }) => key).join(', ')}, or a wider window`;
    problems.push(
      `schedule.window: found room for ${possible} rotations, one an hour, in the ${Math.max(0, leadDays - ownRuleDays)} days that leadDays ${leadDays} leaves before Secrets Manager's own rule fires, and ${hurried.length} secrets that may fall due together; expected ${remedy}`,
    );
  }
  return problems;
}

function leadThatHolds(window: Window, rotations: number): number | undefined {
  for (let lead = 3; lead <= longestLead; lead++) {
    if (rotationsWithin(window, lead - ownRuleDays) >= rotations) return lead;
  }
  return undefined;
}

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** At least so many hourly looks fall into whole windows of any so many days: the worst ones begin just after one opened. */
function rotationsWithin(window: Window, days: number): number {
  const length = lengthOf(window);
  const opensAt = weekdays
    .flatMap((name, index) => (window.days.includes(name) ? [index * minutesADay] : []))
    .map((midnight) => midnight + minutesOf(window.from));
  const looks = Math.floor((length - 60) / 60);
  const weeks = Math.ceil(Math.max(days, 0) / 7) + 1;
  const later = Array.from({ length: weeks + 1 }, (_, week) =>
    opensAt.map((opens) => opens + week * 7 * minutesADay),
  ).flat();
  const whole = opensAt.map((opened) => {
    const end = opened + 1 + days * minutesADay;
    return later.filter((opens) => opens > opened && opens + length <= end).length;
  });
  return Math.max(0, Math.min(...whole)) * looks;
}

function lengthOf({ from, to }: Window): number {
  const minutes = minutesOf(to) - minutesOf(from);
  return minutes > 0 ? minutes : minutes + minutesADay;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** Whatever the day of its last rotation, such a freeze outlasts a secret's limit. */
function freezeProblems(config: RotationConfig, rotated: readonly Rotated[]): string[] {
  const { window, notice } = config.schedule;
  const closed = window === undefined ? 0 : 7;
  return mergedFreezes(config).flatMap(({ from, until }) => {
    const length = (until - from) / day + durationSeconds(notice) / 86_400 + closed;
    const outlasted = rotated.filter(({ cadenceDays }) => length > cadenceDays - ownRuleDays);
    return outlasted.length === 0
      ? []
      : [
          `schedule.freezes: found no rotation from ${iso(from)} until ${iso(until)}; expected a shorter freeze: ${outlasted.map(({ key, cadenceDays }) => `${key} (${cadenceDays} days)`).join(', ')} would reach the limit even if rotated on the day before`,
        ];
  });
}

/** Overlapping ones are one. */
function mergedFreezes({ schedule }: RotationConfig) {
  const merged: { from: number; until: number; reasons: string }[] = [];
  const sorted = schedule.freezes
    .map(({ from, until, reason }: Freeze) => ({
      from: Date.parse(from),
      until: Date.parse(until),
      reasons: reason,
    }))
    .filter(({ from, until }) => from < until)
    .sort((a, b) => a.from - b.from);
  for (const freeze of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && freeze.from <= last.until) {
      last.until = Math.max(last.until, freeze.until);
      last.reasons = `${last.reasons}; ${freeze.reasons}`;
    } else {
      merged.push({ ...freeze });
    }
  }
  return merged;
}

function rotatedOf({ secrets }: RotationConfig): Rotated[] {
  return Object.entries(secrets).flatMap(([key, secret]) =>
    secret.kind === 'userManaged'
      ? []
      : [{ key, cadenceDays: secret.cadenceDays, leadDays: secret.leadDays }],
  );
}

function groupsOf(rotated: readonly Rotated[]) {
  const groups = new Map<string, { cadenceDays: number; leadDays: number; keys: string[] }>();
  for (const { key, cadenceDays, leadDays } of rotated) {
    const id = `${cadenceDays}/${leadDays}`;
    const group = groups.get(id) ?? { cadenceDays, leadDays, keys: [] };
    group.keys.push(key);
    groups.set(id, group);
  }
  return [...groups.values()];
}

const iso = (instant: number): string => new Date(instant).toISOString();
