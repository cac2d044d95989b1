/** The rows that follow a new key: an execution of its own, begun before AfterRotation ends. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { ReencryptionRecord } from '../../domain/events/control-records.ts';
import type { RowsSeen } from '../../domain/reports/rotation-report.ts';
import { rowsFollow } from '../../doors/secret-facts.ts';
import type { OpenDeployment } from '../command.ts';

const pause = 5_000;
/** Without an execution at work and without a count that moves. */
const patience = 5 * 60_000;

/** @returns undefined where no row follows, or none was asked to for these versions */
export async function rowsOf(
  { controlTable }: OpenDeployment,
  secret: RotatedManifestSecret,
  versionIds: readonly string[],
): Promise<RowsSeen | undefined> {
  if (!rowsFollow(secret)) return undefined;
  const record = await controlTable.getReencryption(secret.name);
  return record !== undefined && versionIds.includes(record.versionId) ? seenOf(record) : undefined;
}

/** Waits until they are verified, or until somebody has to look. */
export async function waitForRows(
  deployment: OpenDeployment,
  secret: RotatedManifestSecret,
  seen: RowsSeen,
  { say, interrupted }: { say: (line: string) => void; interrupted: AbortSignal },
): Promise<RowsSeen> {
  const { clock, controlTable, stepFunctions } = deployment;
  const aborted = new Promise<void>((resolve) => {
    interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
  let last = seen;
  let movedAt = clock.now().getTime();
  while (!interrupted.aborted && (last.state === 'due' || last.state === 'active')) {
    await Promise.race([clock.sleep(pause), aborted]);
    const record = await controlTable.getReencryption(secret.name);
    if (record === undefined || record.targetKid !== seen.targetKid) return last;
    const now = seenOf(record);
    const live =
      record.execution !== undefined && (await stepFunctions.isRunning(record.execution));
    if (live || lineOf(now) !== lineOf(last)) movedAt = clock.now().getTime();
    if (lineOf(now) !== lineOf(last)) say(lineOf(now));
    last = now;
    if (clock.now().getTime() - movedAt >= patience) return last;
  }
  return last;
}

export const lineOf = ({ state, targetKid, left }: RowsSeen): string =>
  `rows          to key ${targetKid}: ${state}${left === undefined ? '' : `, ${left.toLocaleString('en-US')} values left`}`;

function seenOf({ state, targetKid, rowsLeft }: ReencryptionRecord): RowsSeen {
  const left = rowsLeft?.reduce((sum, { rows }) => sum + rows, 0);
  return { state, targetKid, ...(left !== undefined && { left }) };
}
