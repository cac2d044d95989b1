/**
 * A second copy before there is a first one in use: the pending value goes into escrow, is read back and
 * compared, and only then may it be promoted. For rooms that hand in an escrow door.
 *
 * The fact is written into the rotation's record at once, not at the end of the step: a crash right after
 * the promotion must not lose the proof of what came before it.
 */
import type { Evidence, RotationRecord } from '../../domain/events/control-records.ts';
import { ValueMissingError } from './errors.ts';
import { type Run, readUntilFound } from './run.ts';

/** @throws EscrowError: AWSCURRENT has not moved, and the service tries again */
export async function escrowPending<Value>(run: Run<Value>, record: RotationRecord): Promise<void> {
  const { escrow, secretsManager, controlTable } = run.doors;
  if (escrow === undefined) {
    return;
  }
  const { SECRET_ARN, SECRET_NAME } = run.environment;
  const versionId = run.token;
  const secretString = await readUntilFound(run.doors, () =>
    secretsManager.getValue(SECRET_ARN, versionId),
  );
  if (secretString === undefined) {
    throw new ValueMissingError(SECRET_NAME, versionId, 'AWSPENDING');
  }
  const { bytes } = await escrow.store({
    secretName: SECRET_NAME,
    versionId,
    createdAt: record.at,
    secretString,
  });
  const escrowed: Evidence = { fact: 'escrowed', detail: { versionId, bytes } };
  await controlTable.updateRotation(SECRET_NAME, versionId, (latest) => ({
    ...latest,
    evidence: [...latest.evidence.filter(({ fact }) => fact !== escrowed.fact), escrowed],
  }));
}
