/**
 * Before a key leaves: does the ledger still say what the control table says? The ledger is restored with its rows:
 * in a database that was taken back to a backup, rows are under earlier keys again, and the job that the control
 * table calls verified is not in it.
 */
import type { Endpoint, PostgresDoor } from '../../doors/postgres/door.ts';
import { hasLedger, latestJob } from '../../doors/postgres/reencryption-job.ts';
import type { Rotation, Rows } from '../rotation/strategy.ts';
import { credentialOf } from './credential.ts';
import { codeOf } from './fence.ts';

/**
 * A database that cannot be asked keeps the keys and stops nothing.
 * @returns what the policy may rest on: without the job, no key leaves
 */
export async function asTheLedgerSays(
  door: PostgresDoor,
  endpoint: Endpoint,
  rotation: Pick<Rotation<unknown>, 'companion' | 'evidence'>,
  { job, ...rows }: Rows,
): Promise<Rows> {
  if (job?.state !== 'verified') {
    return { ...rows, ...(job && { job }) };
  }
  try {
    const credential = await credentialOf(rotation, 'rows');
    const found = await door.withSession(endpoint, credential, async (session) =>
      (await hasLedger(session)) ? latestJob(session, rows.secretName) : undefined,
    );
    const { state, epoch, targetKid, verifiedAt } = found ?? {};
    const isSame =
      state === 'verified' &&
      epoch === job.epoch &&
      targetKid === job.targetKid &&
      verifiedAt === job.verifiedAt;
    if (isSame) {
      return { ...rows, job };
    }
    rotation.evidence({
      fact: 'ledgerDisagrees',
      detail: { state: state ?? 'no job', epoch: epoch ?? '', expected: job.epoch ?? '' },
    });
  } catch (error) {
    rotation.evidence({ fact: 'ledgerNotAsked', detail: { code: codeOf(error) } });
  }
  return rows;
}
