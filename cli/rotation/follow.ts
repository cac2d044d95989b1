/**
 * Follows one rotation from outside, by its labels and its record: Secrets Manager and the functions work on
 * it whether anybody looks or not.
 *
 * 1. A step is done when the rotation's record says so; it failed when the record holds a failure that was
 *    not there when we began to look.
 * 2. The version is promoted when AWSCURRENT is on it, or its AfterRotation has begun (which happens to
 *    AWSCURRENT only; by now another version may be current, e.g. its activation).
 * 3. It was given up when AWSPENDING left it without that.
 * 4. Then its AfterRotation, until it is finished or stopped.
 */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type {
  AfterRotationRecord,
  FailureNote,
  RotationRecord,
} from '../../domain/events/control-records.ts';
import { currentVersion, pendingVersion } from '../../domain/policy/labels.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import type { OpenDeployment } from '../command.ts';

export const stepNames = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
export type StepName = (typeof stepNames)[number];

export type Happening =
  | { kind: 'step'; step: StepName; outcome: string; milliseconds: number }
  | { kind: 'promoted' }
  | { kind: 'afterRotation'; state: 'due' | 'running'; publishedKid?: string }
  | Ending;

export type Ending =
  | { kind: 'finished' }
  | { kind: 'failed'; failure: FailureNote }
  /** AWSPENDING left the version, and it is not AWSCURRENT. */
  | { kind: 'givenUp'; failure?: FailureNote }
  | { kind: 'cancelled' }
  | { kind: 'stopped'; reason?: string }
  | { kind: 'stalled'; where: 'steps' | 'afterRotation' }
  | { kind: 'interrupted' };

export interface Following {
  secret: RotatedManifestSecret;
  secretArn: string;
  token: string;
  /** A failure that is known already: this rotation was in progress before. */
  known?: FailureNote | undefined;
  interrupted: AbortSignal;
}

/** As fast as a person reads at first; a re-encryption that takes hours is not asked for every second. */
const pause = (lookedFor: number): number => (lookedFor < 60_000 ? 1_000 : 5_000);
/** Without any news for this long, waiting on tells nobody anything. The longest step is over in 2 minutes. */
const patience = { steps: 15 * 60_000, afterRotation: 15 * 60_000 };
/**
 * A look may show labels of a moment ago ("eventually consistent", API_ListSecrets): so many without
 * AWSPENDING in a row mean that it is gone; or, when it was never seen, that it did not come.
 */
const gone = 2;
const neverCame = 10;

interface Look {
  description: SecretDescription;
  record: RotationRecord | undefined;
  after: AfterRotationRecord | undefined;
  /** Is the execution at work on the AfterRotation alive? */
  live: boolean;
}

/** Yields what happens as it happens; the last is an `Ending`. */
export async function* follow(
  deployment: OpenDeployment,
  following: Following,
): AsyncGenerator<Happening, void> {
  const { clock } = deployment;
  const { token, known, interrupted } = following;
  const aborted = new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve();
    else interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
  const began = clock.now().getTime();
  const told = new Set<string>();
  let newsAt = began;
  let without = 0;
  let pendingSeen = false;

  for (;;) {
    if (interrupted.aborted) return yield { kind: 'interrupted' };
    const look = await lookAt(deployment, following);
    const pending = pendingVersion(look.description.versionIdsToStages) === token;
    pendingSeen ||= pending;
    without = pending ? 0 : without + 1;
    const promoted = isPromoted(look, token);
    for (const [name, happening] of newsOf(look, promoted)) {
      if (told.has(name)) continue;
      told.add(name);
      newsAt = clock.now().getTime();
      yield happening;
    }
    const ending = promoted
      ? endingOfAfterRotation(look)
      : endingOfSteps(look, known, pending, without >= (pendingSeen ? gone : neverCame));
    if (ending !== undefined) return yield ending;

    const now = clock.now().getTime();
    const where = promoted ? 'afterRotation' : 'steps';
    // While an execution is alive it works, however long it takes.
    if (look.live) newsAt = now;
    if (now - newsAt >= patience[where]) return yield { kind: 'stalled', where };
    await Promise.race([clock.sleep(pause(now - began)), aborted]);
  }
}

async function lookAt(
  { secretsManager, controlTable, stepFunctions }: OpenDeployment,
  { secret, secretArn, token }: Following,
): Promise<Look> {
  const [description, record, after] = await Promise.all([
    secretsManager.describe(secretArn),
    controlTable.getRotation(secret.name, token),
    controlTable.getAfterRotation(secret.name, token),
  ]);
  const execution = after?.state === 'running' ? after.execution : undefined;
  const live = execution !== undefined && (await stepFunctions.isRunning(execution));
  return { description, record, after, live };
}

function isPromoted({ description, after }: Look, token: string): boolean {
  const begun = after !== undefined && after.state !== 'due';
  return begun || currentVersion(description.versionIdsToStages) === token;
}

function* newsOf({ record, after }: Look, promoted: boolean): Generator<[string, Happening]> {
  for (const step of stepNames) {
    const done = record?.steps[step];
    if (done === undefined) continue;
    const { outcome, milliseconds } = done;
    yield [step, { kind: 'step', step, outcome, milliseconds }];
  }
  if (!promoted) return;
  yield ['promoted', { kind: 'promoted' }];
  if (after?.state === 'due' || after?.state === 'running') {
    const { state, publishedKid } = after;
    yield [
      `afterRotation ${state}`,
      { kind: 'afterRotation', state, ...(publishedKid !== undefined && { publishedKid }) },
    ];
  }
}

function endingOfAfterRotation({ after }: Look): Ending | undefined {
  if (after?.state === 'finished') return { kind: 'finished' };
  if (after?.state !== 'stopped') return undefined;
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
