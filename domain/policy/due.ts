/**
 * What the cadence does about one secret now, and why. Pure: facts in, verdict out.
 *
 * The age is that of the material, read from the date label of AWSCURRENT; all arithmetic is in UTC
 * milliseconds, where a day is 86,400 s (a calendar day in a time zone with summer time is not: 90 local
 * days can be 89.96). An age that cannot be read is an error to report, never "not due".
 */
import { type Age, type AgeFacts, ageOf } from './age.ts';
import type { ServiceFacts } from './drift.ts';
import { currentVersion, rotationInProgress } from './labels.ts';
import { patience } from './pending.ts';
import type { Announced, Schedule } from './plan.ts';
import type { AfterRotationOfCurrent, ReencryptionOfRows } from './preflight.ts';

const day = 86_400_000;
/** A rotation is asked for this many days before the limit, so that a failure can be repaired in time. */
export const defaultLeadDays = 5;
/** The event that starts an AfterRotation normally arrives within seconds; later it counts as lost. */
export const eventGrace = 10 * 60_000;
/** This close to its limit, in days, a secret that must not be rotated is somebody's business. */
export const urgentDays = 2;

export interface SecretFacts extends AgeFacts {
  readonly armed: boolean;
  /** Absent: its owners change it, as needed, and no age makes it due. */
  readonly cadenceDays?: number | undefined;
  /** @default 5 */
  readonly leadDays?: number | undefined;
  readonly rotationEnabled: boolean;
  readonly hold?: { readonly until: string; readonly reason: string } | undefined;
  readonly afterRotation?:
    | (AfterRotationOfCurrent & {
        readonly at: string;
        /** Is the execution that runs or owns it alive? */
        readonly live: boolean;
      })
    | undefined;
  /** When the rotation in progress was recorded; absent: there is no record of it. */
  readonly pendingSince?: string | undefined;
  /** The re-encryption of its rows; `at`: when it last came further. */
  readonly reencryption?: KnownReencryption | undefined;
  /** When the schedule may rotate at all; the verdict on the age does not ask for it. */
  readonly schedule?: Schedule | undefined;
  /** The rotation that was announced last. */
  readonly announced?: Announced | undefined;
  /** What Secrets Manager tells of function and rule. */
  readonly service?: ServiceFacts | undefined;
}

export interface KnownReencryption extends ReencryptionOfRows {
  readonly at: string;
  readonly versionId: string;
  readonly mode?: 'online' | 'maintenance' | undefined;
  readonly execution?: string | undefined;
  readonly pausedSince?: string | undefined;
}

export type Decision =
  | 'notDue'
  /** In use, and changed when its owners have another value. */
  | 'asNeeded'
  | 'due'
  | 'overdue'
  | 'unarmed'
  | 'held'
  | 'inProgress'
  | 'uninitialised'
  | 'unmanagedWrite'
  | 'badDate'
  | 'rotationDisabled'
  | 'afterRotationPending';

export interface Verdict {
  readonly decision: Decision;
  readonly act: 'nothing' | 'rotate' | 'makeFirstValue' | 'restartAfterRotation';
  /** A person should look at it. */
  readonly finding: boolean;
  readonly reason: string;
  /** Since when the current material is in use. */
  readonly rotatedAt?: Date;
  /** When the cadence asks for the rotation: limit − lead. */
  readonly rotateAt?: Date;
  /** When the material reaches its limit: the schedule table's "next due". */
  readonly limitAt?: Date;
}

export class InvalidPolicyError extends Error {
  override readonly name = 'InvalidPolicyError';
  readonly code = 'ERR_ROTATION_POLICY';
}

/** `rotatedAt` + `cadenceDays`: 2025-11-18 and 90 days give 2026-02-16, whatever the local time zone. */
export function nextDue(rotatedAt: Date, cadenceDays: number): Date {
  return new Date(rotatedAt.getTime() + cadenceDays * day);
}

/** @throws InvalidPolicyError when cadence and lead leave no time between rotations */
export function decide(facts: SecretFacts): Verdict {
  checkPolicy(facts);
  const age = ageOf({ ...facts, asNeeded: facts.cadenceDays === undefined });
  return { ...judge(facts, age), ...datesOf(facts, age) };
}

/** The dates of a verdict, which the age alone decides. */
export function datesOf(
  facts: Pick<SecretFacts, 'cadenceDays' | 'leadDays'>,
  { since }: Age,
): Pick<Verdict, 'rotatedAt' | 'rotateAt' | 'limitAt'> {
  const { cadenceDays } = facts;
  if (since === undefined) return {};
  if (cadenceDays === undefined) return { rotatedAt: since };
  return {
    rotatedAt: since,
    rotateAt: nextDue(since, cadenceDays - leadOf(facts)),
    limitAt: nextDue(since, cadenceDays),
  };
}

type Judgement = Pick<Verdict, 'decision' | 'act' | 'finding' | 'reason'>;

function judge(facts: SecretFacts, age: Age): Judgement {
  return (
    inProgress(facts) ??
    afterRotationPending(facts) ??
    unreadableAge(age) ??
    notOurs(facts, age) ??
    firstValue(facts, age) ??
    byAge(facts, age)
  );
}

function inProgress({ versionIdsToStages, pendingSince, now }: SecretFacts): Judgement | undefined {
  const pending = rotationInProgress(versionIdsToStages);
  if (pending === undefined) return undefined;
  // No instant, or one that cannot be read, is not young.
  const young = now.getTime() - new Date(pendingSince ?? Number.NaN).getTime() < patience;
  return {
    decision: 'inProgress',
    act: 'nothing',
    finding: !young,
    reason: young
      ? `rotation ${pending} is in progress since ${pendingSince}`
      : `rotation ${pending} is not complete (${pendingSince === undefined ? 'nothing is recorded of it' : `recorded at ${pendingSince}`}); Secrets Manager tries it again by itself, look at its function's log`,
  };
}

function afterRotationPending(facts: SecretFacts): Judgement | undefined {
  const { afterRotation, now } = facts;
  if (afterRotation === undefined || afterRotation.state === 'finished') return undefined;
  const { state, versionId, publishedKid, live, at } = afterRotation;
  if (state === 'stopped') {
    // Without a published key the rotation itself was complete: the next one is due when it is due.
    if (publishedKid === undefined) return undefined;
    return {
      decision: 'afterRotationPending',
      act: 'nothing',
      finding: true,
      reason: `the AfterRotation of ${versionId} stopped (${afterRotation.reason ?? 'no reason recorded'}) while key ${publishedKid} waits for activation: resume it or roll back`,
    };
  }
  const waiting = waitsForRows(facts, afterRotation);
  if (waiting !== undefined) return waiting;
  const lost = !(now.getTime() - new Date(at).getTime() < eventGrace);
  if (live || (state === 'due' && !lost)) {
    return {
      decision: 'afterRotationPending',
      act: 'nothing',
      finding: false,
      reason: `the AfterRotation of ${versionId} is ${state}`,
    };
  }
  return {
    decision: 'afterRotationPending',
    act: 'restartAfterRotation',
    finding: true,
    reason: `the AfterRotation of ${versionId} is ${state} and no execution is alive`,
  };
}

/**
 * Maintenance mode: it handed over to the re-encryption, which starts it again when every row is proven to be under
 * the published key. Whether that one moves or is alive is asked elsewhere.
 */
function waitsForRows(
  { reencryption }: SecretFacts,
  { state, versionId, publishedKid }: AfterRotationOfCurrent,
): Judgement | undefined {
  const isHandedOver =
    state === 'running' &&
    reencryption?.mode === 'maintenance' &&
    reencryption.targetKid === publishedKid;
  // Proven: somebody has to activate the key. Closed: it has to be started anew.
  if (!isHandedOver || reencryption.state === 'verified' || reencryption.state === 'closed') {
    return undefined;
  }
  return {
    decision: 'afterRotationPending',
    act: 'nothing',
    finding: reencryption.state === 'unproven' || reencryption.state === 'stopped',
    reason: `the AfterRotation of ${versionId} waits until every row is under key ${publishedKid}; their re-encryption is ${reencryption.state}`,
  };
}

function unreadableAge({ problem }: Age): Judgement | undefined {
  return problem === undefined
    ? undefined
    : { decision: 'badDate', act: 'nothing', finding: true, reason: problem };
}

function notOurs({ versionIdsToStages }: SecretFacts, age: Age): Judgement | undefined {
  if (!age.unmanaged) return undefined;
  return {
    decision: 'unmanagedWrite',
    act: 'nothing',
    finding: true,
    reason: `version ${currentVersion(versionIdsToStages)} is AWSCURRENT, but no rotation made it; its age counts from the last date label`,
  };
}

function firstValue(facts: SecretFacts, age: Age): Judgement | undefined {
  if (!age.uninitialised) return undefined;
  if (facts.cadenceDays === undefined) {
    const reason =
      'a new secret without a value yet: one of its owners puts the first into its inbox';
    return blocked(facts, false) ?? { ...asNeeded, decision: 'uninitialised', reason };
  }
  return (
    blocked(facts, false) ?? {
      decision: 'uninitialised',
      act: 'makeFirstValue',
      finding: false,
      reason: 'a new secret without a value yet',
    }
  );
}

const asNeeded = { decision: 'asNeeded', act: 'nothing', finding: false } as const;

function byAge(facts: SecretFacts, { since }: Age): Judgement {
  const { cadenceDays } = facts;
  if (cadenceDays === undefined) {
    const reason =
      since === undefined
        ? 'its owners put its value before it had an inbox; its age is not recorded'
        : `in use since ${since.toISOString()}, changed by its owners as needed`;
    return blocked(facts, false) ?? { ...asNeeded, reason };
  }
  if (since === undefined) {
    return (
      blocked(facts, true) ?? {
        decision: 'badDate',
        act: 'nothing',
        finding: true,
        reason:
          'no version carries a date label and no adoption is recorded; expected one of them. Rotate it once by hand, or adopt it again',
      }
    );
  }
  const now = facts.now.getTime();
  const limit = nextDue(since, cadenceDays);
  const rotateAt = nextDue(since, cadenceDays - leadOf(facts));
  const overdue = !(now < limit.getTime());
  const due = !(now < rotateAt.getTime());
  const urgent = !(now < limit.getTime() - urgentDays * day);
  const refused = blocked(facts, urgent, facts.origin === 'adopted');
  if (refused !== undefined) return refused;
  return {
    decision: overdue ? 'overdue' : due ? 'due' : 'notDue',
    act: due ? 'rotate' : 'nothing',
    finding: overdue,
    reason: `in use since ${since.toISOString()}, rotated from ${rotateAt.toISOString()}, limit ${limit.toISOString()}`,
  };
}

/** Reasons not to touch a secret that are a finding only when its limit is near. */
function blocked(facts: SecretFacts, urgent: boolean, adopted = false): Judgement | undefined {
  if (!facts.armed) {
    const reason = adopted
      ? 'adopted, not armed: deploy it with armed: true'
      : 'not armed: adopt it and deploy it with armed: true';
    return { decision: 'unarmed', act: 'nothing', finding: urgent, reason };
  }
  if (!facts.rotationEnabled) {
    const reason = 'rotation is switched off in Secrets Manager, although the secret is armed';
    return { decision: 'rotationDisabled', act: 'nothing', finding: true, reason };
  }
  if (facts.hold !== undefined && !(new Date(facts.hold.until).getTime() <= facts.now.getTime())) {
    const reason = `on hold until ${facts.hold.until}: ${facts.hold.reason}`;
    return { decision: 'held', act: 'nothing', finding: urgent, reason };
  }
  return undefined;
}

function leadOf({ leadDays }: Pick<SecretFacts, 'leadDays'>): number {
  return leadDays ?? defaultLeadDays;
}

function checkPolicy(facts: SecretFacts): void {
  const lead = leadOf(facts);
  const { cadenceDays } = facts;
  if (cadenceDays === undefined) return;
  // Written so that NaN fails, too.
  if (lead >= 0 && cadenceDays > lead && Number.isFinite(cadenceDays)) return;
  throw new InvalidPolicyError(
    `cadence ${cadenceDays} days with a lead of ${lead} days; expected 0 ≤ lead < cadence`,
  );
}
