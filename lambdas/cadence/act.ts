/** Does what a verdict or a turn asks for, if it still asks for it on a second look: lists are up to five minutes old. */
import type { Manifest } from '../../domain/config/manifest.ts';
import { currentVersion } from '../../domain/policy/labels.ts';
import type { Turn } from '../../domain/policy/plan.ts';
import { mayRotate } from '../../domain/policy/remarks.ts';
import { restartAfterRotation } from '../../doors/restart-after-rotation.ts';
import { askAsCadence } from './ask-for-rotation.ts';
import type { CadenceDoors } from './doors.ts';
import { type Judged, judge } from './inventory.ts';
import { reasonOf, resultOf, type SecretResult } from './result.ts';
import { announce, tellAgain } from './tell.ts';
import { isScheduled } from './turns.ts';

export interface Acting {
  readonly doors: CadenceDoors;
  readonly manifest: Manifest;
  /** ARN of the AfterRotation machine. */
  readonly afterRotation: string;
}

/** A first value, or an AfterRotation that was lost: at once, whatever the window. */
export async function actAtOnce(acting: Acting, seen: Judged): Promise<SecretResult> {
  const entry = await lookAgain(acting, seen);
  if (entry.verdict.act !== seen.verdict.act) return resultOf(entry, 'superseded');
  const { afterRotation } = entry.facts;
  if (entry.verdict.act === 'restartAfterRotation' && afterRotation !== undefined) {
    const started = await restartAfterRotation(
      acting.doors,
      acting.afterRotation,
      entry.description,
      afterRotation,
    );
    return { ...resultOf(entry, 'afterRotationRestarted'), started };
  }
  return mayRotate(entry.remarks)
    ? ask(acting, entry, 'firstValueStarted')
    : resultOf(entry, 'nothing');
}

export async function rotateNow(
  acting: Acting,
  seen: Judged,
  turn: Extract<Turn, { step: 'rotate' }>,
): Promise<SecretResult> {
  const entry = await lookAgain(acting, seen);
  if (entry.verdict.act !== 'rotate' || !isScheduled(entry)) return resultOf(entry, 'superseded');
  // It is rotated all the same: what could not be said is a finding, a missed limit is worse.
  const untold = await telling(acting.doors, entry, turn);
  const result = await ask(acting, entry, 'rotationStarted');
  return untold === undefined
    ? result
    : { ...result, finding: true, reason: `${result.reason}; nobody was told: ${untold}` };
}

export async function announceFor(
  acting: Acting,
  seen: Judged,
  plannedAt: Date,
): Promise<SecretResult> {
  const entry = await lookAgain(acting, seen);
  const versionOf = ({ facts }: Judged) => currentVersion(facts.versionIdsToStages);
  if (!isScheduled(entry) || versionOf(entry) !== versionOf(seen)) {
    return resultOf(entry, 'superseded');
  }
  const isFirst = await announce(acting.doors, entry, plannedAt);
  return {
    ...resultOf(entry, isFirst ? 'announced' : 'superseded'),
    ...(isFirst && { plannedAt: plannedAt.toISOString() }),
  };
}

/** Waits for what is announced; that it was not told is made good. */
export async function waitFor(
  { doors }: Pick<Acting, 'doors'>,
  entry: Judged,
  plannedAt: Date | undefined,
): Promise<SecretResult> {
  if (plannedAt !== undefined && entry.facts.announced?.told === false) {
    await tellAgain(doors, entry);
  }
  const result = resultOf(entry, entry.verdict.act === 'rotate' ? 'waits' : 'nothing');
  return plannedAt === undefined ? result : { ...result, plannedAt: plannedAt.toISOString() };
}

/** @returns why nobody could be told */
async function telling(
  doors: CadenceDoors,
  entry: Judged,
  { tell, plannedAt }: Extract<Turn, { step: 'rotate' }>,
): Promise<string | undefined> {
  try {
    if (tell) await announce(doors, entry, plannedAt);
    else if (entry.facts.announced?.told === false) await tellAgain(doors, entry);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

async function lookAgain({ doors, manifest }: Acting, seen: Judged): Promise<Judged> {
  const fresh = await doors.secretsManager.describe(seen.description.arn);
  return judge(doors, manifest, seen.secret, fresh);
}

async function ask(
  { doors }: Acting,
  entry: Judged,
  done: 'rotationStarted' | 'firstValueStarted',
): Promise<SecretResult> {
  const asked = await askAsCadence(doors, entry.secret, entry.description, entry.verdict.reason);
  switch (asked.outcome) {
    case 'started':
      return { ...resultOf(entry, done), started: asked.token };
    case 'inProgress':
      return resultOf(entry, 'superseded');
    case 'refused': {
      const { code, message } = asked.refusal;
      const finding = code !== 'ERR_ROTATION_LEASED' && code !== 'ERR_ROTATION_IN_PROGRESS';
      return { ...resultOf(entry, 'refused'), finding, reason: `${code}: ${message}` };
    }
  }
}
