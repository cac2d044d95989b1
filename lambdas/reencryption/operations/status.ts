/** Where the job stands, as the ledger has it now. */
import {
  type ReencryptionStatus,
  reencryptionStatusSchema,
} from '../../../domain/events/reencryption.ts';
import type { Session } from '../../../doors/postgres/door.ts';
import { serverLoad } from '../../../doors/postgres/pressure.ts';
import type { Tools } from '../doors.ts';
import { type Job, latestJob } from '../job.ts';
import { ledger } from '../ledger.ts';
import { withLedger } from '../rows-login.ts';
import { attestedStores } from '../sign-off.ts';

export async function status(tools: Tools): Promise<ReencryptionStatus> {
  const { secretName: secret, stores } = tools.deployed;
  const at = tools.clock.now().toISOString();
  return withLedger(tools, async (session) => {
    const latest = await latestJob(session, secret);
    const load = await serverLoad(session, 'quarterturn.job');
    return reencryptionStatusSchema.parse({
      secret,
      ...(latest !== undefined && { job: await jobStatus(session, latest, stores) }),
      ...(load.replicationLagSeconds !== undefined && {
        replicationLagSeconds: Math.max(0, load.replicationLagSeconds),
      }),
      at,
    } satisfies ReencryptionStatus);
  });
}

async function jobStatus(
  session: Session,
  latest: Job,
  stores: readonly string[],
): Promise<NonNullable<ReencryptionStatus['job']>> {
  const { id, epoch, targetKid, mode, state, paused, pass, passKind } = latest;
  const { ranges, rowsEstimated, columns } = await ledger(session, id);
  const [quarantined] = await session.query<{ rows: number; accepted: number }>(
    `select count(*)::int as rows, count(accepted_at)::int as accepted
       from quarterturn.quarantine where job = $1 and seen_pass >= 0`,
    [id],
  );
  const known = await attestedStores(session, latest);
  return {
    id,
    epoch,
    targetKid,
    mode,
    state,
    paused,
    pass,
    passKind,
    ranges: { ...ranges },
    rowsEstimated,
    columns: columns.map((column) => ({ ...column })),
    quarantined: { rows: quarantined?.rows ?? 0, accepted: quarantined?.accepted ?? 0 },
    storesOpen: stores.filter((store) => !known.has(store)),
    createdAt: latest.createdAt,
    ...(latest.verifiedAt !== null && { verifiedAt: latest.verifiedAt }),
  };
}
