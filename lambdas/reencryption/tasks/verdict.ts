/**
 * Is zero proven? The record says so, every key that handed over gets its proof, and an alarm hears of what
 * nobody has vouched for. The ledger's answer stays the same, so this may run any number of times.
 */
import { metricDimensions, metricNames } from '../../../domain/config/names.ts';
import type { ZeroProof } from '../../../domain/events/control-records.ts';
import { scopeOf } from '../../../domain/policy/counted-scope.ts';
import type { KeyEntry } from '../../../domain/secrets/keyset.ts';
import { currentKeyset, targetWatch } from '../current-keyset.ts';
import type { Tools } from '../doors.ts';
import { type Job, jobById } from '../job.ts';
import { verdict as verdictOf } from '../ledger.ts';
import { assertStillOurs, findingsOf, keep } from '../records.ts';
import { withLedger } from '../rows-login.ts';
import { countsOfJob } from '../values-left.ts';
import { assertNotClosed } from './pass.ts';
import { doubtsOf } from './preflight.ts';
import { type Progress, progressSchema } from './progress.ts';

export async function verdict(tools: Tools, execution: string, given: unknown): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(tools, execution, progress);
  const { deployed, clock, metrics } = tools;
  const current = await currentKeyset(tools);
  const watch = targetWatch(tools, current);
  const { recorded } = progress;
  const { job, green, columns, ...judged } = await withLedger(tools, async (session) => {
    const before = await jobById(session, progress.jobId);
    assertNotClosed(before);
    await watch(before);
    const judged = await verdictOf(
      session,
      before.id,
      deployed.stores,
      doubtsOf(recorded),
      deployed.columns.map(({ id }) => id),
    );
    const job = await jobById(session, before.id);
    return { job, ...judged, columns: await countsOfJob(session, job) };
  });
  const findings = findingsOf([...judged.findings, ...recorded]);
  const now = clock.now();
  const scope = scopeOf(deployed);
  if (green) {
    const foundRows = columns.some(({ rewritten }) => rewritten > 0);
    for (const key of current.keyset.keys) {
      await prove(tools, key, { ...job, scope, foundRows }, now);
    }
  }
  await keep(tools, execution, progress.targetKid, {
    state: green ? 'verified' : 'unproven',
    rowsLeft: columns.map(({ columnId, remaining, quarantined }) => ({
      columnId,
      rows: Math.max(remaining, quarantined),
    })),
    findings,
    at: now.toISOString(),
    ...(green && { verifiedAt: job.verifiedAt ?? now.toISOString(), scope }),
  });
  metrics.emit({
    dimensions: { [metricDimensions.secret]: deployed.secretName },
    values: { [metricNames.reencryptionUnproven]: green ? 0 : 1 },
    at: now,
  });
  return {
    ...progress,
    green,
    columns,
    findings,
  };
}

interface Counted extends Pick<Job, 'targetKid' | 'epoch'> {
  readonly scope: string;
  /** The job sealed rows anew: until then they were under any key that opens, and so they are in backups. */
  readonly foundRows: boolean;
}

/**
 * Only of keys that have handed over: the primary's rows may come back at any moment, a published key has none
 * yet, and what is proven of either says nothing of later.
 */
async function prove(
  { controlTable, deployed }: Tools,
  { kid, key, state, primarySince }: KeyEntry,
  { targetKid, epoch, scope, foundRows }: Counted,
  now: Date,
): Promise<void> {
  const isGone = key === undefined;
  if (isGone || kid === targetKid || state === 'primary' || state === 'published') {
    return;
  }
  const at = now.toISOString();
  const before = (await controlTable.getZeroProofs(deployed.secretName)).get(kid);
  const isTheFirst =
    isBroken(before, primarySince) ||
    before?.scope !== scope ||
    (foundRows && state !== 'disabled');
  const firstProvenAt = isTheFirst ? at : (before?.firstProvenAt ?? at);
  const proof: ZeroProof = { kid, targetKid, epoch, firstProvenAt, lastProvenAt: at, scope };
  if (before?.epoch === epoch && before.targetKid === targetKid && firstProvenAt !== at) {
    // Told twice of one job: proven once.
    return;
  }
  await controlTable.putZeroProof(deployed.secretName, proof);
}

/** It has been primary since: rows may have been sealed with it after that proof. */
function isBroken(before: ZeroProof | undefined, primarySince: string | undefined): boolean {
  return (
    before !== undefined &&
    primarySince !== undefined &&
    Date.parse(primarySince) >= Date.parse(before.firstProvenAt)
  );
}
