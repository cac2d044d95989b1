/**
 * Follows one rotation from outside, by its labels and its records: Secrets Manager and the functions work on
 * it whether anybody looks or not.
 *
 * 1. A step is done when the rotation's record says so; it failed when the record holds a failure that was
 *    not there when we began to look.
 * 2. The version is promoted when AWSCURRENT is on it, or its AfterRotation has begun (which happens to
 *    AWSCURRENT only; by now another version may be current, e.g. its activation).
 * 3. It was given up when AWSPENDING left it without that.
 * 4. Then its AfterRotation, consumer by consumer, until it is finished or stopped; or rolled back, which ends
 *    it here: the rollback is a rotation of its own, and followed as one.
 */
import type { FailureNote } from '../../domain/events/control-records.ts';
import { currentVersion, pendingVersion } from '../../domain/policy/labels.ts';
import type { OpenDeployment } from '../command.ts';
import type { Ending, Following, Happening } from './happening.ts';
import { type Look, lookAt } from './look.ts';
import { newsOf } from './news.ts';
import { waitsFor } from './waits-for.ts';

/** As fast as a person reads at first; a re-encryption that takes hours is not asked for every second. */
const pause = (lookedFor: number): number => (lookedFor < 60_000 ? 1_000 : 5_000);
/** Without any news for this long, waiting on tells nobody anything. The longest step is over in 2 minutes. */
const patience = { steps: 15 * 60_000, afterRotation: 15 * 60_000 };
/** Silence for this long is explained. */
const silence = 15_000;
/** Of a rollback that is announced: the way is cleared in two minutes, and RotateSecret called. */
const rollBackBegins = 3 * 60_000;
/**
 * A look may show labels of a moment ago ("eventually consistent", API_ListSecrets): so many without
 * AWSPENDING in a row mean that it is gone; or, when it was never seen, that it did not come.
 */
const gone = 2;
const neverCame = 10;

/** Yields what happens as it happens; the last is an `Ending`. */
export async function* follow(
  deployment: OpenDeployment,
  following: Following,
): AsyncGenerator<Happening, void> {
  const { clock, manifest } = deployment;
  const { token, known, interrupted, secret } = following;
  const aborted = new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve();
    else interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
  const began = clock.now().getTime();
  const told = new Set<string>();
  let newsAt = began;
  let aliveAt = began;
  let without = 0;
  let pendingSeen = false;

  for (;;) {
    if (interrupted.aborted) return yield { kind: 'interrupted' };
    const look = await lookAt(deployment, following);
    const pending = pendingVersion(look.description.versionIdsToStages) === token;
    pendingSeen ||= pending;
    without = pending ? 0 : without + 1;
    const promoted = isPromoted(look, token);
    const now = clock.now();
    let silent = now.getTime() - newsAt >= silence;
    for (const [name, happening] of newsOf(look, promoted, { manifest, secret, now })) {
      if (told.has(name)) continue;
      told.add(name);
      newsAt = now.getTime();
      silent = false;
      yield happening;
    }
    const ending = promoted
      ? endingOfAfterRotation(look, now.getTime() - newsAt)
      : endingOfSteps(look, known, pending, without >= (pendingSeen ? gone : neverCame));
    if (ending !== undefined) return yield ending;

    const where = promoted ? 'afterRotation' : 'steps';
    const text = silent ? waitsFor(look, following, promoted) : undefined;
    if (text !== undefined && !told.has(text)) {
      told.add(text);
      yield { kind: 'waiting', text };
    }
    // While an execution is alive it works, however long it takes.
    if (look.live) aliveAt = now.getTime();
    if (now.getTime() - Math.max(newsAt, aliveAt) >= patience[where]) {
      return yield { kind: 'stalled', where };
    }
    await Promise.race([clock.sleep(pause(now.getTime() - began)), aborted]);
  }
}

function isPromoted({ description, after }: Look, token: string): boolean {
  const begun = after !== undefined && after.state !== 'due';
  return begun || currentVersion(description.versionIdsToStages) === token;
}

function endingOfAfterRotation({ after, rollback }: Look, silentFor: number): Ending | undefined {
  if (rollback?.begun) {
    const { begun: _known, ...seen } = rollback;
    return { kind: 'rolledBack', rollback: seen };
  }
  if (after?.state === 'finished') return { kind: 'finished' };
  if (after?.state !== 'stopped') return undefined;
  // The way is cleared for a rollback, which stops this one first.
  if (rollback !== undefined && silentFor < rollBackBegins) return undefined;
  return { kind: 'stopped', ...(after.reason !== undefined && { reason: after.reason }) };
}

function endingOfSteps(
  { description, record }: Look,
  known: FailureNote | undefined,
  pending: boolean,
  givenUp: boolean,
): Ending | undefined {
  const failure = record?.failure;
  if (givenUp) return { kind: 'givenUp', ...(failure !== undefined && { failure }) };
  if (!pending) return undefined;
  if (failure !== undefined && failure.at !== known?.at) return { kind: 'failed', failure };
  // CancelRotateSecret switches rotation off and leaves AWSPENDING where it is (API_CancelRotateSecret).
  return description.rotationEnabled ? undefined : { kind: 'cancelled' };
}
