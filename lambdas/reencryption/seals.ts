/** GCM under random nonces: at most 2^32 seals with one key (NIST SP 800-38D section 8.3). */
import { SealRefusedError } from '../../domain/ciphertext/errors.ts';
import { sealAlarm, sealLimit } from '../../domain/ciphertext/nonces.ts';
import type { BulkSession } from '../../doors/postgres/bulk-session.ts';
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
