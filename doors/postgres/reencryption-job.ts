/**
 * The job row of the re-encryption, where the engine and whoever stops it meet. It is the fence: every batch
 * looks at it FOR SHARE in its own transaction, so that whoever closes the job waits for the batches under way
 * and afterwards no worker of it writes again.
 */
import type { Session } from './door.ts';

export type PassKind = 'rewrite' | 'sweep' | 'verify' | 'count';

export interface Job {
  /** bigint, as text. */
  readonly id: string;
  readonly secret: string;
  readonly targetKid: string;
  /** VersionId of the secret's version that holds the keyset. */
  readonly keysetVersion: string;
  /** Rises with every job of the secret. */
  readonly epoch: string;
  readonly mode: 'online' | 'maintenance';
  readonly state: 'active' | 'verified' | 'closed';
  readonly paused: boolean;
  readonly pass: number;
  readonly passKind: PassKind;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly verifiedAt: string | null;
}

export type JobRow = Record<string, unknown> & Job;

const iso = (column: string) =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
export const jobColumns = `id::text, secret, target_kid as "targetKid", keyset_version as "keysetVersion",
  epoch::text, mode, state, paused, pass, pass_kind as "passKind", ${iso('created_at')} as "createdAt",
  ${iso('verified_at')} as "verifiedAt"`;

export async function activeJob(session: Session, secret: string): Promise<Job | undefined> {
  const [row] = await session.query<JobRow>(
    `select ${jobColumns} from quarterturn.job where secret = $1 and state = 'active'`,
    [secret],
  );
  return row;
}

/** The job that was opened last, whatever became of it. */
export async function latestJob(session: Session, secret: string): Promise<Job | undefined> {
  const [row] = await session.query<JobRow>(
    // Qualified: a bare `epoch` is the text that is selected, and '9' comes after '10' there.
    `select ${jobColumns} from quarterturn.job where secret = $1 order by job.epoch desc limit 1`,
    [secret],
  );
  return row;
}

/**
 * Rollback and emergency, before they promote a value: when this returns, no batch of the job is under way and
 * none will be written. Without an active job it changes nothing.
 * @returns the job that was closed
 */
export async function closeJob(
  session: Session,
  secret: string,
  because: string,
): Promise<Job | undefined> {
  const [closed] = await session.query<JobRow>(
    `update quarterturn.job set state = 'closed', closed_because = $2
      where secret = $1 and state = 'active' returning ${jobColumns}`,
    [secret, because],
  );
  return closed;
}

/** Before the first job of a database there is nothing to look a job up in, or to close. */
export async function hasLedger(session: Session): Promise<boolean> {
  const [row] = await session.query<{ made: boolean }>(
    `select to_regclass('quarterturn.job') is not null as made`,
  );
  return row?.made === true;
}
