/**
 * What still holds a key that left for good. "Pruned" is not deleted: Secrets Manager keeps every version with a
 * label, and removes one without when it likes (API_DeleteSecret, "You can't directly delete a version"). So
 * once a value without the key is promoted, our own labels are taken off the versions that hold it, and the
 * evidence names whatever is left. AWSPREVIOUS stays as it is: a rollback needs it, and the next promotion
 * takes it away.
 *
 * Repeated at every promotion, because the value goes on naming what left it. Nothing of this can undo the
 * promotion: a failure is logged, and the next rotation tries again.
 */
import { pinLabel } from '../../domain/config/names.ts';
import { currentVersion, dateLabelsOf } from '../../domain/policy/labels.ts';
import { type Run, readVersion, readVersionFor } from './run.ts';
import type { Evidence, Gone } from './strategy.ts';

/** @param promoted read again when absent */
export async function removeLeftovers<Value>(run: Run<Value>, promoted?: Value): Promise<void> {
  const { strategy } = run;
  if (strategy.gone === undefined) {
    return;
  }
  try {
    const value = promoted ?? (await readVersion(run, run.token));
    const gone = value === undefined ? [] : strategy.gone(value);
    if (gone.length === 0) {
      return;
    }
    const held = await holdersOf(run, gone);
    const copies = await escrowCopies(run);
    for (const key of gone) {
      run.evidence.push(statement(key, held.get(key.material) ?? [], copies));
    }
  } catch (error) {
    run.doors.log.error('leftoversNotRemoved', {
      secret: run.environment.SECRET_NAME,
      token: run.token,
      code: String((error as { code?: unknown }).code ?? 'ERR_ROTATION_UNEXPECTED'),
    });
  }
}

/** By material, the versions that hold it; our labels are gone from all of them but AWSPREVIOUS. */
async function holdersOf<Value>(
  run: Run<Value>,
  gone: readonly Gone[],
): Promise<ReadonlyMap<string, string[]>> {
  const { secretsManager } = run.doors;
  const { SECRET_ARN } = run.environment;
  const { versionIdsToStages: stages } = await secretsManager.describe(SECRET_ARN);
  const held = new Map<string, string[]>();
  for (const [versionId, labels] of Object.entries(stages)) {
    if (versionId === run.token || versionId === currentVersion(stages)) {
      continue;
    }
    const value = await readVersionFor(run, 'emergency', versionId);
    const here = gone.filter((key) => value !== undefined && run.strategy.holds?.(value, key));
    for (const { material } of here) {
      held.set(material, [...(held.get(material) ?? []), versionId]);
    }
    if (here.length === 0 || labels.includes('AWSPREVIOUS')) {
      continue;
    }
    const pins = labels.filter((label) => label === pinLabel);
    for (const label of [...pins, ...dateLabelsOf(versionId, stages)]) {
      await secretsManager.moveLabel({ secretId: SECRET_ARN, label, from: versionId });
    }
  }
  return held;
}

interface Copies {
  /** Absent: this function may not look. */
  stored?: readonly { storedAt: Date }[];
  lockedDays?: number | undefined;
}

/** `undefined`: this kind of secret is not in escrow. */
async function escrowCopies<Value>({ doors, escrowDays }: Run<Value>): Promise<Copies | undefined> {
  const { escrow } = doors;
  if (escrow === undefined) {
    return undefined;
  }
  const lockedDays = escrowDays;
  try {
    return escrow.list === undefined ? { lockedDays } : { stored: await escrow.list(), lockedDays };
  } catch {
    return { lockedDays };
  }
}

const day = 86_400_000;

/**
 * Destroyed: no labelled version and no copy in escrow holds it. Every copy that was stored while the key was in
 * the keyset holds it, whatever the version; that spares reading them.
 */
function statement(key: Gone, versions: readonly string[], copies: Copies | undefined): Evidence {
  const { material: kid } = key;
  const until = new Date(key.prunedAt);
  const stored = copies?.stored?.filter(
    ({ storedAt }) => storedAt >= new Date(key.createdAt) && storedAt < until,
  );
  const inEscrow = copies !== undefined && stored?.length !== 0;
  if (versions.length === 0 && !inEscrow) {
    return { fact: 'keyDestroyed', detail: { kid } };
  }
  const last = stored?.reduce((a, { storedAt }) => (storedAt > a ? storedAt : a), new Date(0));
  return {
    fact: 'keyStillHeld',
    detail: {
      kid,
      versions: versions.join(', ').slice(0, 512),
      ...(inEscrow && { escrow: escrowUntil(last ?? until, stored?.length, copies.lockedDays) }),
    },
  };
}

function escrowUntil(
  last: Date,
  count: number | undefined,
  lockedDays: number | undefined,
): string {
  const copies = count === undefined ? 'its copies' : `${count} of its copies`;
  return lockedDays === undefined
    ? `${copies}, the last of ${last.toISOString()}`
    : `${copies}, locked until ${new Date(last.getTime() + lockedDays * day).toISOString()}`;
}
