/**
 * Takes the re-encryption of this secret for the execution: the target key is what AWSCURRENT says now, and the
 * record says since when readers may know it. Run again it answers the same.
 */
import type { ReencryptionRecord } from '../../../domain/events/control-records.ts';
import { scopeOf } from '../../../domain/policy/counted-scope.ts';
import { assertUsableTarget, currentKeyset, targetOf } from '../current-keyset.ts';
import type { Tools } from '../doors.ts';
import { type Begun, inputSchema } from './progress.ts';

export async function begin(tools: Tools, execution: string, given: unknown): Promise<Begun> {
  const input = inputSchema.parse(given);
  const { controlTable, clock, deployed } = tools;
  const { mode, secretName, workers: width } = deployed;
  const { versionId, keyset } = await currentKeyset(tools);
  const target = targetOf(keyset, mode);
  await assertUsableTarget(tools, target);

  const now = clock.now();
  const wanted = { mode, versionId, targetKid: target.kid, execution };
  let isProven = false;
  const record = await controlTable.updateReencryption(secretName, (standing) => {
    const isVerified = standing?.state === 'verified' && standing.targetKid === target.kid;
    // What was declared since was not counted.
    const again = input.again || (isVerified && standing.scope !== scopeOf(deployed));
    isProven = isVerified && !again;
    return isProven ? undefined : taken(standing, wanted, again, now);
  });

  const isMaintenance = mode === 'maintenance';
  const readerCacheSeconds = isMaintenance ? 0 : deployed.readerCacheSeconds;
  return {
    ...input,
    versionId,
    nothingToDo: isProven,
    maintenance: isMaintenance,
    consumersStopped: false,
    targetKid: target.kid,
    waitSeconds: isProven ? 0 : waitFor(record, readerCacheSeconds, now),
    readerCacheSeconds,
    workers: Array.from({ length: width }, (_, worker) => worker),
    width,
    recorded: [],
    polls: 0,
    rounds: 0,
  };
}

/** Without a `jobId` it is Open's to say which job this is; `at` stays: readers have known the key since then. */
function taken(
  standing: ReencryptionRecord | undefined,
  wanted: Pick<ReencryptionRecord, 'mode' | 'versionId' | 'targetKid' | 'execution'>,
  again: boolean,
  now: Date,
): ReencryptionRecord | undefined {
  if (standing === undefined || standing.targetKid !== wanted.targetKid) {
    const at = now.toISOString();
    return { ...wanted, state: 'due', findings: [], at, dueSince: at };
  }
  if (standing.execution === wanted.execution && ['due', 'active'].includes(standing.state)) {
    return undefined;
  }
  const { jobId, epoch, pass, verifiedAt: _, pausedSince: __, scope: ___, ...rest } = standing;
  const isAnew = again || standing.state === 'closed' || jobId === undefined;
  return {
    ...rest,
    ...wanted,
    findings: [],
    // It was over, and consumers may run since.
    ...(['closed', 'verified'].includes(standing.state) && { dueSince: now.toISOString() }),
    ...(isAnew
      ? { state: 'due' }
      : { state: 'active', jobId, ...(epoch && { epoch }), ...(pass && { pass }) }),
  };
}

/** A job was opened already: the wait is over. */
function waitFor(record: ReencryptionRecord | undefined, cache: number, now: Date): number {
  if (record?.jobId !== undefined || record === undefined) {
    return 0;
  }
  const known = (now.getTime() - Date.parse(record.at)) / 1_000;
  return Math.max(0, Math.ceil(cache - known));
}
