/** The quarantine, and what people take upon themselves. */
import type * as z from 'zod';
import {
  type QuarantineAccepted,
  type QuarantinePage,
  quarantineAcceptedSchema,
  quarantinePageSchema,
  type reencryptionOperations,
  type StoreAttested,
  storeAttestedSchema,
} from '../../../domain/events/reencryption.ts';
import type { Tools } from '../doors.ts';
import { activeJob, latestJob } from '../job.ts';
import { withLedger } from '../rows-login.ts';
import { acceptQuarantined, attest, quarantinedRows } from '../sign-off.ts';
import { NoJobError, UnknownStoreError } from '../tasks/errors.ts';

type Request<Name extends keyof typeof reencryptionOperations> = z.infer<
  (typeof reencryptionOperations)[Name]
>;

export async function quarantinePage(
  tools: Tools,
  { limit, after }: Request<'quarantinedRows'>,
): Promise<QuarantinePage> {
  const { secretName: secret } = tools.deployed;
  return withLedger(tools, async (session) => {
    const job = await latestJob(session, secret);
    const rows = job === undefined ? [] : await quarantinedRows(session, job.id, limit, after);
    return quarantinePageSchema.parse({
      secret,
      ...(job !== undefined && { jobId: job.id }),
      rows: rows.map(({ leaf, columnId, rowKey, reason, kid, acceptedBy }) => ({
        leaf,
        columnId,
        rowKey: [...rowKey],
        reason,
        ...(kid !== null && { kid }),
        ...(acceptedBy !== null && { acceptedBy }),
      })),
    } satisfies QuarantinePage);
  });
}

/** @throws NoJobError */
export async function acceptRows(
  tools: Tools,
  { columnId, reason, by }: Request<'acceptQuarantined'>,
): Promise<QuarantineAccepted> {
  const { secretName: secret } = tools.deployed;
  return withLedger(tools, async (session) => {
    const job = (await activeJob(session, secret)) ?? nobodys(secret);
    const accepted = await acceptQuarantined(session, job.id, { columnId, reason, by });
    tools.log.info('quarantine-accepted', { secret, job: job.id, columnId, reason, by, accepted });
    return quarantineAcceptedSchema.parse({ secret, jobId: job.id, accepted });
  });
}

/** @throws NoJobError, UnknownStoreError */
export async function attestStore(
  tools: Tools,
  { store, evidence, by }: Request<'attestStore'>,
): Promise<StoreAttested> {
  const { secretName: secret, stores } = tools.deployed;
  if (!stores.includes(store)) {
    throw new UnknownStoreError(store, stores);
  }
  return withLedger(tools, async (session) => {
    // For the key of the job that waits for it; nobody can vouch for a key rows may yet leave.
    const { targetKid: kid } = (await latestJob(session, secret)) ?? nobodys(secret);
    await attest(session, { secret, store, kid, by, evidence });
    tools.log.info('store-attested', { secret, store, kid, by, evidence });
    return storeAttestedSchema.parse({ secret, store, kid });
  });
}

function nobodys(secret: string): never {
  throw new NoJobError(secret);
}
