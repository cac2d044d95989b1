/**
 * Was the old credential looked at? What was found is the secret's evidence, whatever it says: `isProvenDead` judges it
 * at the end of the stage, and nobody looks better for waiting longer.
 */
import type { AfterRotationRecord } from '../../../domain/events/control-records.ts';
import type { EmergencyDoors } from '../doors.ts';
import { NotProvenError } from '../errors.ts';
import { pauseBefore } from '../pauses.ts';
import { type AskedProgress, askedProgressSchema } from '../progress.ts';
import { change } from './prepare.ts';

/** A role is closed only when its last session has ended: fifteen minutes at most. */
const withinSeconds = 1200;

export async function proven(
  doors: EmergencyDoors,
  _execution: string,
  given: unknown,
): Promise<AskedProgress & { proven: boolean; waitSeconds: number }> {
  const progress = askedProgressSchema.parse(given);
  const { id, key, token, secretName, looks, among } = progress;
  const now = doors.clock.now();
  const since = progress.since ?? now.toISOString();
  const after = await doors.controlTable.getAfterRotation(secretName, token);
  if (await takeProof(doors, id, key, after)) {
    return { ...progress, proven: true, waitSeconds: 2 };
  }
  if (after?.state === 'stopped') {
    throw new NotProvenError(secretName, token, after.reason ?? 'what follows it was stopped');
  }
  const elapsed = (now.getTime() - new Date(since).getTime()) / 1000;
  if (elapsed >= withinSeconds) {
    throw new NotProvenError(
      secretName,
      token,
      `what follows it is ${after?.state ?? 'absent'} after ${Math.round(elapsed / 60)} minutes`,
    );
  }
  const waitSeconds = pauseBefore(looks, among, withinSeconds);
  return { ...progress, since, proven: false, looks: looks + 1, waitSeconds };
}

/** @returns true: it was looked at, or everything that follows is over and there was nothing to look at */
export async function takeProof(
  doors: Pick<EmergencyDoors, 'records' | 'clock'>,
  id: string,
  key: string,
  after: AfterRotationRecord | undefined,
): Promise<boolean> {
  const { proof } = after ?? {};
  if (proof === undefined && after?.state !== 'finished') return false;
  await change(doors, id, key, ({ reason: _reason, ...standing }) => ({
    ...standing,
    state: 'proven',
    provenAt: standing.provenAt ?? proof?.at ?? doors.clock.now().toISOString(),
    evidence: [
      ...standing.evidence.filter(({ fact }) => fact === 'wayNotCleared'),
      ...(proof?.evidence ?? []),
    ],
  }));
  return true;
}
