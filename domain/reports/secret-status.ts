/**
 * One secret's line of the status report: pure, from the same facts and the same rule the schedule decides
 * by (`domain/policy/due.ts`), so the two never disagree.
 */
import type { FailureNote } from '../events/control-records.ts';
import { type Decision, decide, type SecretFacts, type Verdict } from '../policy/due.ts';
import { currentVersion, rotationInProgress } from '../policy/labels.ts';
import { announcementOf } from '../policy/plan.ts';
import { type Remark, remarksOf } from '../policy/remarks.ts';
import { standstillOf } from '../policy/stalled.ts';
import type { Finding, SecretState, SecretStatus } from './status-report.ts';

const day = 86_400_000;

/** What is known of one rotating secret. */
export interface KnownSecret {
  readonly key: string;
  readonly name: string;
  readonly arn: string;
  readonly kind: 'jwt' | 'encryption' | 'database' | 'userManaged';
  /** Name of its rotation function. */
  readonly function: string;
  readonly facts: SecretFacts;
  readonly nextNativeRotation?: Date | undefined;
  readonly lease?:
    | { readonly owner: string; readonly token: string; readonly expiresAt: string }
    | undefined;
  /** Why the rotation in progress did not get on, as its function recorded it. */
  readonly failure?: FailureNote | undefined;
  /** Of a user-managed secret: its inbox, and what became of the value in it. */
  readonly inbox?:
    | {
        readonly name: string;
        readonly state: 'empty' | 'taken' | 'asked' | 'waits';
        readonly versionId?: string;
        readonly failure?: FailureNote;
      }
    | undefined;
  /** multiUser: the role the application used to log in with can still log in. */
  readonly identityOpen?: string | undefined;
}

/** How a person acts on a finding; the texts of the rules name no command line. */
export interface Commands {
  rotate(key: string): string;
  rollback(key: string, to?: string): string;
  release(key: string): string;
  adopt(key: string): string;
  look(key: string): string;
  /** Where the rows of an encryption secret are. */
  rows(key: string): string;
  /** The log of a function. */
  log(functionName: string): string;
  /** Starts a stopped AfterRotation again, once its reason is gone. */
  resume(secret: Pick<KnownSecret, 'arn' | 'name'>, versionId: string): string;
  readonly deploy: string;
}

export function secretStatus(secret: KnownSecret, commands: Commands): SecretStatus {
  const { facts, lease, nextNativeRotation } = secret;
  const { afterRotation, hold, now } = facts;
  const verdict = decide(facts);
  const standing = lease !== undefined && isAhead(lease.expiresAt, now) ? lease : undefined;
  const holding = hold !== undefined && isAhead(hold.until, now) ? hold : undefined;
  const pending = rotationInProgress(facts.versionIdsToStages);
  const { rotatedAt, rotateAt, limitAt } = verdict;
  const plannedAt = announcedFor(facts, verdict);
  return {
    key: secret.key,
    name: secret.name,
    kind: secret.kind,
    state: stateOf(verdict, facts, standing !== undefined),
    reason: reasonOf(verdict, facts, standing),
    armed: facts.armed,
    ...(facts.cadenceDays !== undefined && { cadenceDays: facts.cadenceDays }),
    ...(rotatedAt && {
      rotatedAt: rotatedAt.toISOString(),
      ageDays: Math.max(0, Math.floor((now.getTime() - rotatedAt.getTime()) / day)),
    }),
    ...(rotateAt && { rotateAt: rotateAt.toISOString() }),
    ...(limitAt && { limitAt: limitAt.toISOString() }),
    ...(plannedAt && { plannedAt: plannedAt.toISOString() }),
    ...(nextNativeRotation && { nextNativeRotationAt: nextNativeRotation.toISOString() }),
    ...(pending !== undefined && {
      rotating: { versionId: pending, ...(facts.pendingSince && { since: facts.pendingSince }) },
    }),
    ...(afterRotation && {
      afterRotation: {
        versionId: afterRotation.versionId,
        state: afterRotation.state,
        at: afterRotation.at,
        live: afterRotation.live,
        ...(afterRotation.publishedKid && { publishedKid: afterRotation.publishedKid }),
        ...(afterRotation.reason && { reason: afterRotation.reason }),
      },
    }),
    ...(holding && { hold: { until: holding.until, reason: holding.reason } }),
    ...(standing && { lease: { ...standing } }),
    ...(facts.reencryption && { rows: rowsOf(facts.reencryption) }),
    notes: notesOf(secret),
    findings: findingsOf(secret, verdict, commands),
  };
}

/** Announced, for AWSCURRENT, for an hour that has not been missed. */
function announcedFor(
  { announced, schedule, versionIdsToStages, now }: SecretFacts,
  { rotateAt, limitAt }: Verdict,
): Date | undefined {
  if (schedule === undefined || rotateAt === undefined || limitAt === undefined) return undefined;
  const current = currentVersion(versionIdsToStages);
  return announcementOf(announced, { current, rotateAt, limitAt }, schedule, now);
}

function rowsOf({
  state,
  targetKid,
  at,
  rowsLeft,
}: NonNullable<SecretFacts['reencryption']>): NonNullable<SecretStatus['rows']> {
  const left = rowsLeft?.reduce((sum, { rows }) => sum + rows, 0);
  return { state, targetKid, at, ...(left !== undefined && { left }) };
}

const byDecision: Record<Exclude<Decision, 'afterRotationPending'>, SecretState> = {
  notDue: 'current',
  asNeeded: 'current',
  due: 'due',
  overdue: 'overdue',
  unarmed: 'unarmed',
  held: 'held',
  inProgress: 'rotating',
  uninitialised: 'uninitialised',
  unmanagedWrite: 'unmanagedWrite',
  badDate: 'badDate',
  rotationDisabled: 'rotationDisabled',
};

function stateOf(
  { decision }: Verdict,
  { afterRotation }: SecretFacts,
  leased: boolean,
): SecretState {
  if (decision !== 'afterRotationPending') {
    return leased && decision !== 'inProgress' ? 'leased' : byDecision[decision];
  }
  if (afterRotation?.state === 'stopped') return 'afterRotationStopped';
  if (afterRotation?.publishedKid !== undefined && !afterRotation.live) return 'publishedKeyWaits';
  return afterRotation?.state === 'running' ? 'afterRotationRunning' : 'afterRotationDue';
}

function reasonOf(
  verdict: Verdict,
  { afterRotation }: SecretFacts,
  lease: KnownSecret['lease'],
): string {
  const key = afterRotation?.publishedKid;
  const waits =
    verdict.decision === 'afterRotationPending' && key !== undefined && afterRotation?.live
      ? `; its key ${key} is published and becomes primary when every reader has it`
      : '';
  const held =
    lease === undefined ? '' : `; ${lease.owner} has it to itself until ${lease.expiresAt}`;
  return `${verdict.reason}${waits}${held}`;
}

function notesOf({ identityOpen, facts, inbox }: KnownSecret): string[] {
  const notes: string[] = [];
  if (inbox !== undefined) notes.push(`its owners put the next value into ${inbox.name}`);
  if (identityOpen !== undefined) {
    notes.push(
      `role ${identityOpen} can still log in; it loses LOGIN in the first rotation in which no value names it any more`,
    );
  }
  if (facts.origin === 'adopted' && facts.armed) notes.push('adopted');
  return notes;
}

/** What to run about a decision that needs a person. */
const fixes: Partial<Record<Decision, (secret: KnownSecret, commands: Commands) => string>> = {
  overdue: ({ key }, { rotate }) => rotate(key),
  unarmed: ({ key }, { adopt }) => adopt(key),
  inProgress: (secret, { log }) => log(secret.function),
  held: ({ key }, { release }) => release(key),
  unmanagedWrite: ({ key }, { look }) => look(key),
  badDate: ({ key }, { look }) => look(key),
  rotationDisabled: (_, { deploy }) => deploy,
};

function findingsOf(secret: KnownSecret, verdict: Verdict, commands: Commands): Finding[] {
  const { afterRotation } = secret.facts;
  const stopped = afterRotation?.state === 'stopped' ? afterRotation : undefined;
  const findings: Finding[] = [];
  if (secret.failure !== undefined && verdict.decision === 'inProgress') {
    const { step, code, message, at } = secret.failure;
    findings.push({
      code,
      message: `${step} failed at ${at}: ${message}`,
      command: commands.log(secret.function),
    });
  } else if (verdict.finding && !(verdict.decision === 'afterRotationPending' && stopped)) {
    const command = fixes[verdict.decision]?.(secret, commands);
    const lost = verdict.act === 'restartAfterRotation';
    findings.push({
      code: verdict.decision,
      message: `${verdict.reason}${lost ? '; the schedule starts it again within the hour' : ''}`,
      ...(command !== undefined && { command }),
    });
  }
  // Also where the rule lets the next rotation come: consumers were not restarted, nothing was proven.
  if (stopped !== undefined) {
    const { versionId, reason, publishedKid } = stopped;
    const key = publishedKid === undefined ? '' : ` while key ${publishedKid} waits for activation`;
    findings.push({
      code: 'afterRotationStopped',
      message: `the AfterRotation of ${versionId} stopped${key} (${reason ?? 'no reason recorded'}): remove the reason and resume it, or roll back`,
      command: commands.resume(secret, versionId),
    });
  }
  for (const remark of remarksOf(secret.facts, verdict)) {
    findings.push({
      code: remark.code,
      message: remark.message,
      command: remedies[remark.code]?.(secret, commands) ?? commands.deploy,
    });
  }
  const waiting = inboxFinding(secret);
  if (waiting !== undefined) {
    findings.push({ ...waiting, command: commands.rotate(secret.key) });
  }
  const rows = rowsFinding(secret.facts);
  if (rows !== undefined) {
    findings.push({ ...rows, command: commands.rows(secret.key) });
  }
  return findings;
}

/** What to run about a remark where that is not a deployment. */
const remedies: Partial<
  Record<Remark['code'], (secret: KnownSecret, commands: Commands) => string>
> = {
  shutOut: ({ key }, { rotate }) => rotate(key),
  scheduledForDeletion: ({ name }) => `aws secretsmanager restore-secret --secret-id ${name}`,
};

/** A value that its owners believe to be in use, and that is not. */
function inboxFinding({
  inbox,
  facts,
}: KnownSecret): Pick<Finding, 'code' | 'message'> | undefined {
  if (inbox === undefined || rotationInProgress(facts.versionIdsToStages) !== undefined) {
    return undefined;
  }
  const { state, versionId, failure } = inbox;
  if (state === 'waits') {
    return {
      code: 'inboxWaits',
      message: `version ${versionId} waits in its inbox; the schedule asks for its rotation within the hour`,
    };
  }
  return state === 'asked' && failure !== undefined
    ? {
        code: 'inboxRefused',
        message: `version ${versionId} of its inbox was refused at ${failure.at}: ${failure.message}`,
      }
    : undefined;
}

/** Rows that do not come to rest under their key by themselves. */
function rowsFinding(facts: SecretFacts): Pick<Finding, 'code' | 'message'> | undefined {
  if (facts.reencryption?.state === 'unproven') {
    const { targetKid, at } = facts.reencryption;
    return {
      code: 'rowsUnproven',
      message: `every row moved to key ${targetKid} that could, and somebody has to vouch for the rest since ${at}; until then no key leaves`,
    };
  }
  const standstill = standstillOf(facts);
  return standstill?.finding === true
    ? { code: 'rowsStandStill', message: standstill.reason }
    : undefined;
}

/** Written so that an unreadable instant counts as ahead. */
const isAhead = (instant: string, now: Date): boolean =>
  !(new Date(instant).getTime() <= now.getTime());
