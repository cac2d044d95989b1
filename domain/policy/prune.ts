/**
 * Which encryption keys may leave a keyset: decryptOnly → disabled → pruned. Pure: what is known goes in, a
 * ruling for every key comes out. Whatever is missing, unknown or cannot be read keeps the key.
 *
 * | leaves to  | when |
 * |------------|------|
 * | disabled   | the last job is verified, moved every row to today's primary and counted zero rows under this key over every declared store; the zero is proven since the key was last primary, and over all that is declared today |
 * | pruned     | the same; it is disabled for 30 days; the rows were counted again by a job toward a key that became primary after it was disabled; no backup holds a row under it any more |
 *
 * Leaked keys and keys that nobody ever used are no exception: rows may be under either.
 */

/** A key of a keyset; instants as ISO 8601. */
export interface HeldKey {
  readonly kid: string;
  readonly state: string;
  readonly createdAt: string;
  readonly primarySince?: string | undefined;
  readonly disabledAt?: string | undefined;
}

export interface LeavingFacts {
  /** Every key of the keyset, tombstones too: they say until when others were primary. */
  readonly keys: readonly HeldKey[];
  /** The re-encryption as the control table has it; absent: there never was one. */
  readonly job?:
    | { readonly state: string; readonly targetKid: string; readonly epoch?: string | undefined }
    | undefined;
  readonly zeroProofs: ReadonlyMap<string, ProvenZero>;
  /** What is declared today (counted-scope.ts). */
  readonly scope: string;
  /** Days the longest-lived copy of a row is kept, over the database and every declared store. */
  readonly retentionDays: number | 'forever';
  readonly now: Date;
}

export interface ProvenZero {
  readonly targetKid: string;
  readonly epoch: string;
  readonly firstProvenAt: string;
  readonly lastProvenAt: string;
  /** What was declared then; absent: nobody noted it. */
  readonly scope?: string | undefined;
}

export type WhyItStays =
  /** Primary or published. */
  | 'inUse'
  /** No job, one under way, one that stopped, or rows or stores that nobody vouches for. */
  | 'jobNotVerified'
  | 'jobTowardAnotherKey'
  | 'noProofOfZeroRows'
  /** The last job did not count it. */
  | 'notInTheLastCount'
  /** The proof is from before the key was last used, or when that was is unknown. */
  | 'provenBeforeLastUse'
  /** Columns, stores or the database are declared otherwise since: rows that were not counted may be under it. */
  | 'declaredOtherwiseSince'
  | 'disabledTooShort'
  | 'countedOnce'
  | 'backupsKept'
  | 'backupsKeptForever';

export type Ruling =
  | { readonly kid: string; readonly act: 'stay'; readonly why: WhyItStays }
  | { readonly kid: string; readonly act: 'disable' | 'prune' };

const day = 86_400_000;
/** A disabled key refuses to open, and whoever misses it has this long to say so. */
export const disabledDays = 30;

/** A ruling for every key but the tombstones, which are gone. */
export function leavingKeys(facts: LeavingFacts): Ruling[] {
  return facts.keys.flatMap(({ kid, state }) => {
    switch (state) {
      case 'pruned':
      case 'revoked':
        return [];
      case 'decryptOnly':
        return [ruling(kid, 'disable', [jobVerified, provenZero], facts)];
      case 'disabled':
        return [
          ruling(kid, 'prune', [jobVerified, provenZero, longDisabled, counted, noBackups], facts),
        ];
      default:
        return [{ kid, act: 'stay', why: 'inUse' }];
    }
  });
}

/**
 * When the key was primary for the last time, or, of one that never was, when it was made: a proof of zero
 * rows from before says nothing. Milliseconds; Infinity when it is primary, or nobody can tell.
 *
 * Whoever followed it became primary after it did, and so did everybody since: the earliest of them is never
 * too early, although one that was primary twice shows the later time only.
 */
export function usedUntil(keys: readonly HeldKey[], kid: string): number {
  const key = keys.find((other) => other.kid === kid);
  if (key === undefined || key.state === 'primary') return Number.POSITIVE_INFINITY;
  if (key.primarySince === undefined) return orNever(Date.parse(key.createdAt));
  const since = Date.parse(key.primarySince);
  const followers = keys
    .map(({ primarySince = '' }) => Date.parse(primarySince))
    .filter((at) => at > since);
  return Math.min(...followers);
}

interface Asked extends LeavingFacts {
  readonly key: HeldKey;
  readonly primary: HeldKey;
  readonly proof: ProvenZero | undefined;
}
/** One precondition; undefined: it holds. Comparisons are written so that an unreadable date fails. */
type Precondition = (asked: Asked) => WhyItStays | undefined;

function ruling(
  kid: string,
  act: 'disable' | 'prune',
  preconditions: readonly Precondition[],
  facts: LeavingFacts,
): Ruling {
  const key = facts.keys.find((it) => it.kid === kid);
  const primary = facts.keys.find(({ state }) => state === 'primary');
  if (key === undefined || primary === undefined) return { kid, act: 'stay', why: 'inUse' };
  const asked = { ...facts, key, primary, proof: facts.zeroProofs.get(kid) };
  for (const precondition of preconditions) {
    const why = precondition(asked);
    if (why !== undefined) return { kid, act: 'stay', why };
  }
  return { kid, act };
}

function jobVerified({ job, primary }: Asked): WhyItStays | undefined {
  if (job?.state !== 'verified') return 'jobNotVerified';
  return job.targetKid === primary.kid ? undefined : 'jobTowardAnotherKey';
}

function provenZero({ job, key, keys, primary, proof, scope }: Asked): WhyItStays | undefined {
  if (proof === undefined) return 'noProofOfZeroRows';
  if (proof.epoch !== job?.epoch || proof.targetKid !== primary.kid) return 'notInTheLastCount';
  if (proof.scope !== scope) return 'declaredOtherwiseSince';
  const proven = Date.parse(proof.firstProvenAt) > usedUntil(keys, key.kid);
  return proven ? undefined : 'provenBeforeLastUse';
}

function longDisabled({ key, now }: Asked): WhyItStays | undefined {
  const since = Date.parse(key.disabledAt ?? '');
  return now.getTime() - since >= disabledDays * day ? undefined : 'disabledTooShort';
}

/** Another job than the one it was disabled after: its target was not primary then. */
function counted({ key, primary, proof }: Asked): WhyItStays | undefined {
  const disabledAt = Date.parse(key.disabledAt ?? '');
  const last = Date.parse(proof?.lastProvenAt ?? '');
  // A proof that began anew is the first one again.
  const again = last > disabledAt && last > Date.parse(proof?.firstProvenAt ?? '');
  const byAnother = Date.parse(primary.primarySince ?? '') > disabledAt;
  return again && byAnother ? undefined : 'countedOnce';
}

/**
 * From the proof on no new row is under it, so the last backup with one is taken before. Rows of a maintenance
 * window may be under a key that never became primary: of such a key it counts from when it was disabled.
 */
function noBackups({ key, proof, retentionDays, now }: Asked): WhyItStays | undefined {
  if (retentionDays === 'forever') return 'backupsKeptForever';
  const proven = key.primarySince === undefined ? key.disabledAt : proof?.firstProvenAt;
  const kept = retentionDays * day;
  return now.getTime() - Date.parse(proven ?? '') >= kept ? undefined : 'backupsKept';
}

function orNever(instant: number): number {
  return Number.isNaN(instant) ? Number.POSITIVE_INFINITY : instant;
}
