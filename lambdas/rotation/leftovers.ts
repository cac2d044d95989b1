/**
 * What still holds a key that left for good. "Pruned" is not deleted: Secrets Manager keeps every version with a
 * label, and removes one without when it likes (API_DeleteSecret, "You can't directly delete a version"): until
 * then its value can be read by its id. So once a value without the key is promoted, our own labels are taken off the versions that hold it, and the
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
      run.evidence.push(statement(key, held, copies));
    }
  } catch (error) {
    run.doors.log.error('leftoversNotRemoved', {
      secret: run.environment.SECRET_NAME,
      token: run.token,
      code: String((error as { code?: unknown }).code ?? 'ERR_ROTATION_UNEXPECTED'),
    });
  }
}

/** By material, the versions that hold it. */
interface Holders {
  labelled: ReadonlyMap<string, readonly string[]>;
  /** `undefined`: this function may not list them. */
  unlabelled: ReadonlyMap<string, readonly string[]> | undefined;
}

/** Our labels are gone from all of them but AWSPREVIOUS. */
async function holdersOf<Value>(run: Run<Value>, gone: readonly Gone[]): Promise<Holders> {
  const { secretsManager } = run.doors;
  const { SECRET_ARN } = run.environment;
  const { versionIdsToStages: stages } = await secretsManager.describe(SECRET_ARN);
  // Before labels are taken off: each version is in one of the two, as it was found.
  const unlabelled = await unlabelledVersions(run);
  const labelled = new Map<string, string[]>();
  for (const [versionId, labels] of Object.entries(stages)) {
    if (versionId === run.token || versionId === currentVersion(stages)) {
      continue;
    }
    const isHolder = await noteHeld(run, gone, versionId, labelled);
    if (!isHolder || labels.includes('AWSPREVIOUS')) {
      continue;
    }
    const pins = labels.filter((label) => label === pinLabel);
    for (const label of [...pins, ...dateLabelsOf(versionId, stages)]) {
      await secretsManager.moveLabel({ secretId: SECRET_ARN, label, from: versionId });
    }
  }
  if (unlabelled === undefined) {
    return { labelled, unlabelled };
  }
  const left = new Map<string, string[]>();
  for (const versionId of unlabelled) {
    await noteHeld(run, gone, versionId, left);
  }
  return { labelled, unlabelled: left };
}

/** A version that is gone in the meantime holds nothing. */
async function noteHeld<Value>(
  run: Run<Value>,
  gone: readonly Gone[],
  versionId: string,
  held: Map<string, string[]>,
): Promise<boolean> {
  const value = await readVersionFor(run, 'emergency', versionId);
  const here = gone.filter((key) => value !== undefined && run.strategy.holds?.(value, key));
  for (const { material } of here) {
    held.set(material, [...(held.get(material) ?? []), versionId]);
  }
  return here.length > 0;
}

/** The right is there only where keys leave; a key may have left before that was taken back. */
async function unlabelledVersions<Value>({ doors, environment }: Run<Value>) {
  try {
    return await doors.secretsManager.unlabelledVersions(environment.SECRET_ARN);
  } catch {
    return undefined;
  }
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
/** S3 lists when an object was stored in whole seconds (API_ListObjectVersions). */
const inSeconds = (instant: string) => new Date(Math.floor(Date.parse(instant) / 1000) * 1000);

/**
 * Destroyed: no version, labelled or not, and no copy in escrow holds it. Every copy that was stored while the
 * key was in the keyset holds it, whatever the version; that spares reading them.
 */
function statement(key: Gone, { labelled, unlabelled }: Holders, copies?: Copies): Evidence {
  const { material: kid } = key;
  const versions = labelled.get(kid) ?? [];
  const nameless = unlabelled === undefined ? undefined : (unlabelled.get(kid) ?? []);
  const until = inSeconds(key.prunedAt);
  const stored = copies?.stored?.filter(
    ({ storedAt }) => storedAt >= inSeconds(key.createdAt) && storedAt < until,
  );
  const inEscrow = copies !== undefined && stored?.length !== 0;
  if (versions.length === 0 && nameless?.length === 0 && !inEscrow) {
    return { fact: 'keyDestroyed', detail: { kid } };
  }
  const last = stored?.reduce((a, { storedAt }) => (storedAt > a ? storedAt : a), new Date(0));
  return {
    fact: 'keyStillHeld',
    detail: {
      kid,
      versions: versions.join(', ').slice(0, 512),
      ...(nameless?.length !== 0 && { unlabelled: unlabelledOnes(nameless) }),
      ...(inEscrow && { escrow: escrowUntil(last ?? until, stored?.length, copies.lockedDays) }),
    },
  };
}

function unlabelledOnes(versions: readonly string[] | undefined): string {
  return versions === undefined
    ? 'not known, this function may not list them'
    : `${versions.length}, deleted by Secrets Manager in its own time: ${versions.join(', ')}`.slice(
        0,
        512,
      );
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
