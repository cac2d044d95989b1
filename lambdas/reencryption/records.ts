/** The job as the control table remembers it. The execution that began last writes, every other one is replaced. */
import type { ReencryptionRecord } from '../../domain/events/control-records.ts';
import type { Tools } from './doors.ts';
import { JobFencedError } from './errors.ts';

type Records = Pick<Tools, 'controlTable' | 'deployed'>;

/** @throws JobFencedError */
export async function assertStillOurs(
  { controlTable, deployed }: Records,
  execution: string,
  { targetKid }: { targetKid: string },
): Promise<ReencryptionRecord> {
  const record = await controlTable.getReencryption(deployed.secretName);
  if (
    record === undefined ||
    record.execution !== execution ||
    record.targetKid !== targetKid ||
    record.state === 'closed'
  ) {
    const found =
      record === undefined
        ? 'none on record'
        : `one toward ${record.targetKid}, ${record.state}, of ${record.execution ?? 'nobody yet'}`;
    throw new JobFencedError(`of ${deployed.secretName}`, found, `${targetKid} under ${execution}`);
  }
  return record;
}

/** What a task adds to the record of its execution; of another one's it changes nothing. */
export async function keep(
  { controlTable, deployed }: Records,
  execution: string,
  targetKid: string,
  added: Partial<ReencryptionRecord> | ((standing: ReencryptionRecord) => ReencryptionRecord),
): Promise<void> {
  await controlTable.updateReencryption(deployed.secretName, (standing) =>
    standing === undefined ||
    standing.execution !== execution ||
    standing.targetKid !== targetKid ||
    standing.state === 'closed'
      ? undefined
      : typeof added === 'function'
        ? added(standing)
        : { ...standing, ...added },
  );
}

/** A pause is noted when it is first met, and does not count as coming further; work takes it off. */
export function movedOrPaused(
  { pausedSince, ...record }: ReencryptionRecord,
  paused: boolean,
  now: Date,
): ReencryptionRecord {
  const at = now.toISOString();
  return paused ? { ...record, pausedSince: pausedSince ?? at } : { ...record, at };
}

/** The schema's limits: what does not fit is in the ledger. */
export function findingsOf(findings: readonly string[]): string[] {
  return [...new Set(findings)].slice(0, 20).map((finding) => finding.slice(0, 512));
}
