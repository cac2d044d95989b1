/**
 * The job row. It is the fence: every batch looks at it FOR SHARE in its own transaction, so that whoever
 * closes the job waits for the batches under way and afterwards no worker of it writes again.
 */
import type { BulkSession } from '../../doors/postgres/bulk-session.ts';
import type { Session } from '../../doors/postgres/door.ts';
import {
  activeJob,
  closeJob,
  type Job,
  type JobRow,
  jobColumns,
  latestJob,
  type PassKind,
} from '../../doors/postgres/reencryption-job.ts';
import { JobActiveError, JobFencedError } from './errors.ts';

export { activeJob, closeJob, type Job, latestJob, type PassKind };

/**
 * Opens the job toward this key, or gives the active one back if it is the same.
 * @throws JobActiveError when another one is active
 */
export async function openJob(
  session: Session,
  wanted: Pick<Job, 'secret' | 'targetKid' | 'keysetVersion' | 'mode'>,
): Promise<Job> {
  const { secret, targetKid, keysetVersion, mode } = wanted;
  await session.query(
    `insert into quarterturn.job (secret, target_kid, keyset_version, mode, epoch)
     select $1, $2, $3, $4, coalesce(max(epoch), 0) + 1 from quarterturn.job where secret = $1
     on conflict do nothing`,
    [secret, targetKid, keysetVersion, mode],
  );
  const job = await activeJob(session, secret);
  if (
    job === undefined ||
    job.targetKid !== targetKid ||
    job.keysetVersion !== keysetVersion ||
    job.mode !== mode
  ) {
    const found =
      job === undefined
        ? 'one that was closed at this moment'
        : `toward key ${job.targetKid}, ${job.mode}, epoch ${job.epoch}`;
    throw new JobActiveError(secret, found);
  }
  return job;
}

/**
 * A job toward the key of a verified one, to count once more: it begins with a sweep, over ranges that are
 * planned anew. What was signed off stays so, as long as it is found as it was.
 * @throws JobActiveError when one is active
 */
export async function openAgain(
  session: Session,
  verified: Job,
  keysetVersion: string,
): Promise<Job> {
  const { id, secret, targetKid, mode } = verified;
  await session.transaction(async () => {
    const [opened] = await session.query<{ id: string }>(
      `insert into quarterturn.job (secret, target_kid, keyset_version, mode, pass_kind, epoch)
       select $1, $2, $3, $4, 'sweep', max(epoch) + 1 from quarterturn.job where secret = $1
       on conflict do nothing returning id::text`,
      [secret, targetKid, keysetVersion, mode],
    );
    if (opened !== undefined) {
      // Seen in no pass of the new job yet: what it does not meet again is not held against anybody.
      await session.query(
        `insert into quarterturn.quarantine
                (job, leaf, column_id, row_key, reason, kid, seen_pass, found_at, accepted_by, accepted_at)
         select $2::bigint, leaf, column_id, row_key, reason, kid, -1, found_at, accepted_by, accepted_at
           from quarterturn.quarantine where job = $1 and accepted_at is not null`,
        [id, opened.id],
      );
    }
  });
  return openJob(session, { secret, targetKid, keysetVersion, mode });
}

export async function pauseJob(session: Session, secret: string, paused: boolean): Promise<void> {
  await session.query(
    `update quarterturn.job set paused = $2 where secret = $1 and state = 'active'`,
    [secret, paused],
  );
}

export async function jobById(session: Session, id: string): Promise<Job> {
  const [row] = await session.query<JobRow>(
    `select ${jobColumns} from quarterturn.job where id = $1`,
    [id],
  );
  if (row === undefined) {
    throw new JobFencedError(id, 'no such job', 'an active one');
  }
  return row;
}

/**
 * First statement of every batch. Also sets what the batch runs under, for this transaction only, so that it
 * holds behind a pooler: a policy is an error and never a filter; waiting for a lock is bounded; the key
 * arrays are looked up one by one, whatever the planner thinks of their length.
 */
const check = `
  select state, epoch::text, target_kid, paused,
         set_config('row_security', 'off', true), set_config('lock_timeout', $2, true),
         set_config('plan_cache_mode', 'force_generic_plan', true)
    from quarterturn.job where id = $1 for share`;

/** @throws JobFencedError */
export async function assertStillOurs(
  session: BulkSession,
  job: Job,
  lockTimeout: number,
): Promise<{ paused: boolean }> {
  const [row] = await session.rows(check, [job.id, String(lockTimeout)]);
  const [state, epoch, kid, paused] = row ?? [];
  if (state !== 'active' || epoch !== job.epoch || kid !== job.targetKid) {
    const found = row === undefined ? 'no such job' : `${state}, epoch ${epoch}, target ${kid}`;
    throw new JobFencedError(job.id, found, `active, epoch ${job.epoch}, target ${job.targetKid}`);
  }
  return { paused: paused === 't' };
}
