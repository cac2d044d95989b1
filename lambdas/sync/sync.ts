/**
 * Copies AWSCURRENT of one secret to where the deployment says, and to nowhere else: an invocation names the secret,
 * the list beside the bundle names the places.
 *
 * 1. the secret has no targets           → nothing, and nothing is read
 * 2. AWSCURRENT is not the version asked → SupersededError, nothing is written
 * 3. otherwise every target is written and read back; what failed is told together, at the end
 * 4. AWSCURRENT moved meanwhile          → written again with what is current now, then SupersededError: whoever
 *    writes last has looked last, so no target keeps a value that was current before
 */
import * as z from 'zod';
import { isSecretOf, uninitialisedMarker } from '../../domain/config/names.ts';
import { type Evidence, tokenSchema } from '../../domain/events/control-records.ts';
import type { StoredValue } from '../../doors/secrets-manager.ts';
import type { SyncDoors } from './doors.ts';
import type { SyncTarget } from './environment.ts';
import {
  ForeignSecretError,
  InvalidSyncTaskError,
  SupersededError,
  SyncError,
  SyncRefusedError,
  SyncTargetError,
  UnexpectedError,
} from './errors.ts';
import { makeCopies, type Outcome } from './make-copies.ts';

const taskSchema = z.object({
  task: z.literal('sync'),
  /** ARN of the execution that asks. */
  execution: z.string().startsWith('arn:'),
  progress: z.object({
    secretArn: z.string().min(1).max(2048),
    secretName: z.string().regex(/^[A-Za-z0-9/_+=.@-]{1,512}$/),
    versionId: tokenSchema,
  }),
});

export interface Deployed {
  readonly targets: readonly SyncTarget[];
  /** `<name>/<environment>`. */
  readonly deployment: string;
}

/** Rotations of one secret that may end while copies are written. */
const mostPasses = 3;

export async function sync(
  doors: SyncDoors,
  deployed: Deployed,
  given: unknown,
): Promise<{ evidence: Evidence[] }> {
  try {
    return await copied(doors, deployed, taskSchema.parse(given));
  } catch (error) {
    throw printable(error);
  }
}

async function copied(
  doors: SyncDoors,
  { targets, deployment }: Deployed,
  { execution, progress }: z.infer<typeof taskSchema>,
): Promise<{ evidence: Evidence[] }> {
  const { secretArn, secretName, versionId } = progress;
  if (!isSecretOf(secretArn, secretName, execution)) throw new ForeignSecretError();
  const own = targets.filter(({ secret }) => secret === secretName);
  if (own.length === 0) return { evidence: [] };

  let current = await currentOf(doors, secretArn);
  if (current?.versionId !== versionId) {
    throw new SupersededError(versionId, current?.versionId, false);
  }
  let outcomes: Outcome[] = [];
  for (let pass = 1; current !== undefined && pass <= mostPasses; pass++) {
    outcomes = await makeCopies(doors, own, { ...current, secretName, deployment });
    const found: StoredValue | undefined = await currentOf(doors, secretArn);
    if (found?.versionId === current.versionId) break;
    current = found;
  }
  if (current?.versionId !== versionId) {
    throw new SupersededError(versionId, current?.versionId, true);
  }
  return { evidence: evidenceOf(outcomes, secretName) };
}

async function currentOf(
  { secretsManager }: SyncDoors,
  secretArn: string,
): Promise<StoredValue | undefined> {
  const found = await secretsManager.getCurrent(secretArn);
  return found?.secretString.replaceAll(/\s/g, '') === uninitialisedMarker ? undefined : found;
}

/** @throws SyncTargetError, SyncRefusedError */
function evidenceOf(outcomes: readonly Outcome[], secretName: string): Evidence[] {
  const failed = outcomes.filter((outcome) => 'failed' in outcome);
  if (failed.length > 0) {
    const told = failed.map((outcome) => outcome.failed);
    throw failed.some(({ retryable }) => retryable)
      ? new SyncTargetError(secretName, told, outcomes.length)
      : new SyncRefusedError(secretName, told, outcomes.length);
  }
  return outcomes.flatMap((outcome) => ('evidence' in outcome ? outcome.evidence : []));
}

/** Step Functions keeps an error's message as the cause: only messages of our own get there. */
function printable(error: unknown): Error {
  if (error instanceof SyncError) return error;
  if (error instanceof z.ZodError) {
    return new InvalidSyncTaskError(error.issues[0]?.path.join('.') ?? '');
  }
  const { code, name } = error as { code?: unknown; name?: string };
  return error instanceof Error && typeof code === 'string' && code.startsWith('ERR_ROTATION_')
    ? error
    : new UnexpectedError(name ?? 'Something');
}
