/**
 * Whose turn it is: of all secrets that are due now or soon, which one is rotated, which one is announced, and
 * for when. Pure: the schedule looks once an hour and does what this says.
 *
 * A rotation is announced `notice` before, for an hour of its own that lies inside the window and outside of every
 * freeze, and starts at the first look at or after that hour while the same opening lasts. An opening that was
 * missed (nobody looked, another freeze was declared) is announced anew.
 *
 * - Not due yet: announced so early that it starts when it is due.
 * - Waiting out the notice would miss the limit: the notice is shorter, or nothing. The window and the freezes stand
 *   all the same: `outlook.ts` says so to a person, and Secrets Manager's own rule rotates it the day before.
 * - Past the limit: announced as ever. The limit is missed already, and whoever is woken should know why.
 */
import { firstOpening, isOpen, type Openings } from './freeze.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
/** The next look comes in an hour, or a little later. */
const nextLook = hour + 5 * minute;
/** An announcement holds for so long after its hour: a rotation that is refused is tried again meanwhile. */
const announcementHolds = day;

export interface Schedule extends Openings {
  readonly noticeMilliseconds: number;
}

export interface Announced {
  /** It holds for the version it was announced over. */
  readonly versionId: string;
  readonly plannedAt: string;
  /** False: it may not have reached anybody yet. */
  readonly told?: boolean | undefined;
}

export interface PlannedSecret {
  readonly name: string;
  /** Who reads it: restarted with its rotation. */
  readonly consumers: readonly string[];
  /** Its last rotation; absent: it never was rotated. */
  readonly rotatedAt?: Date | undefined;
  /** Absent: it is not rotated by schedule now, whatever its age. */
  readonly due?:
    | {
        readonly rotateAt: Date;
        readonly limitAt: Date;
        /** Since when its material is in use: the oldest comes first. */
        readonly since?: Date | undefined;
        readonly announcedFor?: Date | undefined;
        /**
         * Taken over when it was past its limit already, and never rotated since: its consumers get a day between
         * it and the next secret they read.
         */
        readonly gently: boolean;
      }
    | undefined;
}

export type Turn =
  | { readonly step: 'wait'; readonly plannedAt?: Date }
  | { readonly step: 'announce'; readonly plannedAt: Date }
  /** `tell`: nobody was told before; they are told now. */
  | { readonly step: 'rotate'; readonly plannedAt: Date; readonly tell: boolean };

/** What an announcement is held against. */
export interface AnnouncedSecret {
  readonly current: string | undefined;
  readonly rotateAt: Date;
  readonly limitAt: Date;
}

/**
 * The instant for which a rotation is announced, if that holds for AWSCURRENT and still stands. Nobody announces
 * further ahead than the notice, or than the limit: whatever a record says, it keeps no secret from rotating.
 */
export function announcementOf(
  announced: Announced | undefined,
  { current, rotateAt, limitAt }: AnnouncedSecret,
  schedule: Schedule,
  now: Date,
): Date | undefined {
  if (announced === undefined || announced.versionId !== current) return undefined;
  const plannedAt = new Date(announced.plannedAt);
  const planned = plannedAt.getTime();
  // Written so that an unreadable instant announces nothing.
  const latest = Math.max(limitAt.getTime(), horizonOf(schedule, now));
  const stands =
    planned >= rotateAt.getTime() &&
    planned <= latest &&
    now.getTime() < planned + announcementHolds;
  return stands && lasts(schedule, plannedAt, now) ? plannedAt : undefined;
}

/** Does the opening of `plannedAt` last until now? */
function lasts(schedule: Openings, plannedAt: Date, now: Date): boolean {
  for (let at = plannedAt.getTime(); at < now.getTime(); at += hour / 2) {
    if (!isOpen(schedule, new Date(at))) return false;
  }
  return isOpen(schedule, new Date(Math.max(plannedAt.getTime(), now.getTime())));
}

/** By name; a secret that is not in it has nothing to wait for. */
export function planTurns(
  secrets: readonly PlannedSecret[],
  schedule: Schedule,
  now: Date,
): ReadonlyMap<string, Turn> {
  const horizon = horizonOf(schedule, now);
  const turns = new Map<string, Turn>();
  const hours = new Hours(secrets, schedule);
  for (const { name, consumers, due } of inOrder(secrets, horizon)) {
    if (due.announcedFor !== undefined) {
      const plannedAt = due.announcedFor;
      turns.set(
        name,
        now.getTime() < plannedAt.getTime()
          ? { step: 'wait', plannedAt }
          : { step: 'rotate', plannedAt, tell: false },
      );
      continue;
    }
    const hurried = inAHurry(due, schedule, now);
    if (hurried !== undefined) {
      turns.set(name, hurried);
      hours.take(hurried.plannedAt, consumers);
      continue;
    }
    const earliest = Math.max(
      due.rotateAt.getTime(),
      toTheMinute(now, schedule),
      due.gently ? hours.restedFrom(consumers) : 0,
    );
    const plannedAt = hours.first(earliest, horizon);
    if (plannedAt === undefined) {
      turns.set(name, { step: 'wait' });
      continue;
    }
    hours.take(plannedAt, consumers);
    turns.set(name, { step: 'announce', plannedAt });
  }
  return turns;
}

/** What lies beyond it is announced by a later look. */
const horizonOf = ({ noticeMilliseconds }: Schedule, now: Date): number =>
  now.getTime() + noticeMilliseconds + nextLook;

type DueSecret = PlannedSecret & { readonly due: NonNullable<PlannedSecret['due']> };

/** Those that can be announced or rotated now: the announced ones first, then the oldest material. */
function inOrder(secrets: readonly PlannedSecret[], horizon: number): DueSecret[] {
  return secrets
    .filter(
      (secret): secret is DueSecret =>
        secret.due !== undefined && secret.due.rotateAt.getTime() < horizon,
    )
    .toSorted(
      (a, b) =>
        Number(b.due.announcedFor !== undefined) - Number(a.due.announcedFor !== undefined) ||
        (a.due.since?.getTime() ?? 0) - (b.due.since?.getTime() ?? 0),
    );
}

/** A look that comes some seconds early in its hour must not wait for the next one. */
const toTheMinute = (now: Date, { noticeMilliseconds }: Schedule): number =>
  Math.floor((now.getTime() + noticeMilliseconds) / minute) * minute;

/** The notice is given up, wholly or in part, where waiting it out would miss the limit. */
function inAHurry(
  { rotateAt, limitAt }: DueSecret['due'],
  schedule: Schedule,
  now: Date,
): Exclude<Turn, { step: 'wait' }> | undefined {
  if (!(now.getTime() < limitAt.getTime())) return undefined;
  const inTime = (at: Date | undefined): at is Date =>
    at !== undefined && at.getTime() <= limitAt.getTime();
  const full = Math.max(rotateAt.getTime(), toTheMinute(now, schedule));
  if (inTime(firstOpening(schedule, new Date(full)))) return undefined;
  if (now.getTime() >= rotateAt.getTime() && isOpen(schedule, now)) {
    return { step: 'rotate', plannedAt: now, tell: true };
  }
  const soonest = firstOpening(schedule, new Date(Math.max(rotateAt.getTime(), now.getTime())));
  return inTime(soonest) ? { step: 'announce', plannedAt: soonest } : undefined;
}

/** The hours that are given away: one secret an hour, so that a fleet is not restarted together. */
class Hours {
  readonly #schedule: Openings;
  readonly #taken = new Set<number>();
  /** By consumer: when the last secret it reads was rotated, or will be. */
  readonly #touched = new Map<string, number>();

  constructor(secrets: readonly PlannedSecret[], schedule: Openings) {
    this.#schedule = schedule;
    for (const { consumers, rotatedAt, due } of secrets) {
      if (due?.announcedFor !== undefined) this.take(due.announcedFor, consumers);
      if (rotatedAt !== undefined) this.#touch(consumers, rotatedAt.getTime());
    }
  }

  take(at: Date, consumers: readonly string[]): void {
    this.#taken.add(at.getTime());
    this.#touch(consumers, at.getTime());
  }

  #touch(consumers: readonly string[], at: number): void {
    for (const consumer of consumers) {
      this.#touched.set(consumer, Math.max(this.#touched.get(consumer) ?? 0, at));
    }
  }

  /** When each of them had its day since the last secret it reads. */
  restedFrom(consumers: readonly string[]): number {
    return day + Math.max(0, ...consumers.map((consumer) => this.#touched.get(consumer) ?? 0));
  }

  /** @returns undefined: none before the horizon; there is time to look again */
  first(earliest: number, horizon: number): Date | undefined {
    let from = earliest;
    for (;;) {
      const opening = firstOpening(this.#schedule, new Date(from))?.getTime() ?? horizon;
      if (!(opening < horizon)) return undefined;
      const near = [...this.#taken].find((taken) => Math.abs(taken - opening) < hour);
      if (near === undefined) return new Date(opening);
      from = near + hour;
    }
  }
}
