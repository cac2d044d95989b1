/** GCM under random nonces: at most 2^32 seals with one key (NIST SP 800-38D section 8.3). */
import { SealRefusedError } from '../../domain/ciphertext/errors.ts';
import { sealAlarm, sealLimit } from '../../domain/ciphertext/nonces.ts';
import { arrayLiteral } from '../../doors/postgres/array-literal.ts';
import type { BulkSession } from '../../doors/postgres/bulk-session.ts';
import type { Range } from './claim.ts';
import type { Job } from './job.ts';

/** Every worker of a wide fleet may be this far ahead of what it has recorded. */
const inFlight = 10_000_000;

/**
 * Asked before each range. @returns column ids ('' where all share one key) past 2^31: rotate soon
 * @throws SealRefusedError close to 2^32
 */
export async function assertSealsLeft(session: BulkSession, job: Job): Promise<string[]> {
  const rows = await session.rows(
    `select column_id, sum(seals) from quarterturn.seal_count where secret = $1 and kid = $2 group by column_id`,
    [job.secret, job.targetKid],
  );
  const worst = rows.find(([, seals]) => Number(seals) > sealLimit - inFlight);
  if (worst !== undefined) {
    throw new SealRefusedError(
      `Key ${job.targetKid}${worst[0] === '' ? '' : `/${worst[0]}`} has sealed ${worst[1]} values, the limit is 2^32; rotate the encryption key.`,
    );
  }
  return rows.filter(([, seals]) => Number(seals) >= sealAlarm).map(([id]) => id ?? '');
}

/** Sharded by range: one row for all would make every batch of every worker wait for the last one's commit. */
const record = `
  insert into quarterturn.seal_count as s (secret, kid, column_id, shard, seals)
  select $1, $2, n.column_id, ($3::bigint % 64)::smallint, n.seals
    from unnest($4::text[], $5::bigint[]) as n(column_id, seals) order by n.column_id
  on conflict (secret, kid, column_id, shard) do update set seals = s.seals + excluded.seals`;

/**
 * Before they are sent, and not in the transaction that sends them: one that is rolled back has been in the
 * server's log all the same, and a worker that is killed counts nothing afterwards. So the count is never
 * less than what was made known to anybody; a kill between the two leaves it higher, by a window at most.
 */
export async function countSeals(
  session: BulkSession,
  job: Job,
  range: Range,
  seals: ReadonlyMap<string, number>,
): Promise<void> {
  const made = [...seals].filter(([, count]) => count > 0);
  if (made.length > 0) {
    await session.rows(record, [
      job.secret,
      job.targetKid,
      range.id,
      arrayLiteral(made.map(([sealedAs]) => sealedAs)),
      arrayLiteral(made.map(([, count]) => String(count))),
    ]);
  }
}
