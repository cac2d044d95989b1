/**
 * Opens the job toward the target key, or finds it.
 *
 * 1. active, toward it:        ours; one that was judged already and is to be looked at again is swept
 * 2. active, toward another:   closed, when this returns none of its batches is under way
 * 3. verified, and on record:  only the answer was lost; Verdict says the same again
 * 4. verified, not on record:  counted once more, as a job that begins with a sweep
 * 5. anything else:            a new one
 */
import type { BulkSession } from '../../../doors/postgres/bulk-session.ts';
import { assertReadableIn } from '../cipher.ts';
import { currentKeyset, targetWatch } from '../current-keyset.ts';
import type { Tools } from '../doors.ts';
import { closeJob, type Job, latestJob, openAgain, openJob } from '../job.ts';
import { openPass, passResult } from '../pass.ts';
import { assertStillOurs, keep } from '../records.ts';
import { withLedger } from '../rows-login.ts';
import { type Begun, begunSchema, type Progress } from './progress.ts';

export async function open(tools: Tools, execution: string, given: unknown): Promise<Progress> {
  const progress = begunSchema.parse(given);
  const { deployed, clock } = tools;
  for (const column of deployed.columns) {
    assertReadableIn(deployed.mode, column);
  }
  const known = (await assertStillOurs(tools, execution, progress)).jobId;
  const current = await currentKeyset(tools);
  await targetWatch(
    tools,
    current,
  )({ ...progress, id: known ?? 'to be opened', mode: deployed.mode });

  const job = await withLedger(tools, (session) => jobOf(tools, session, progress, known));
  await keep(tools, execution, progress.targetKid, {
    state: 'active',
    jobId: job.id,
    epoch: job.epoch,
    pass: { number: job.pass, kind: job.passKind },
    at: clock.now().toISOString(),
  });
  return {
    ...progress,
    // Once is enough: an execution that continues this one goes on with the job it opened.
    again: false,
    jobId: job.id,
    epoch: job.epoch,
    startedAt: job.createdAt,
    pass: job.pass,
    stage: job.state === 'verified' ? 'verdict' : job.passKind,
    open: 0,
    swept: false,
    sweeps: 0,
    remaining: 0,
    looked: 0,
    stalled: 0,
    cleared: false,
    calls: 0,
    green: false,
  };
}

async function jobOf(
  { deployed }: Tools,
  session: BulkSession,
  { targetKid, versionId }: Begun,
  known: string | undefined,
): Promise<Job> {
  const { secretName: secret, mode, columns, planLimits } = deployed;
  const latest = await latestJob(session, secret);
  const isSame = latest?.targetKid === targetKid && latest.mode === mode;
  if (latest?.state === 'active' && isSame) {
    if (known === undefined && latest.passKind === 'count') {
      const { open } = await passResult(session, latest.id);
      return open === 0
        ? openPass(session, latest.id, 'sweep', latest.pass, columns, planLimits)
        : latest;
    }
    return latest;
  }
  if (latest?.state === 'verified' && isSame) {
    return latest.id === known ? latest : openAgain(session, latest, versionId);
  }
  await closeJob(session, secret, `a job toward key ${targetKid} (${mode}) took its place`);
  return openJob(session, { secret, targetKid, keysetVersion: versionId, mode });
}
