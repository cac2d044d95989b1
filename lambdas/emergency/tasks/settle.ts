/**
 * Has what follows each rotation ended? Consumers asked whether they are well, the audit event sent, rows on their way.
 * Rows themselves take as long as they take; the re-encryption has its own proof and its own event.
 */
import type { Evidence } from '../../../domain/events/control-records.ts';
import { rowsFollow } from '../../../domain/policy/emergency-by-hand.ts';
import type { EmergencyDoors } from '../doors.ts';
import { StageIncompleteError } from '../errors.ts';
import { type Looped, loopSchema } from '../progress.ts';
import { emergencyOf } from '../secrets.ts';
import { closeStage, evidenceOf, isOver, openStage } from '../stages.ts';
import { goOnAfter } from './follow.ts';
import { change } from './prepare.ts';
import { takeProof } from './proven.ts';

/** What follows waits for readers' caches and asks consumers until they are well. */
const settleMinutes = 60;

export async function settle(
  doors: EmergencyDoors,
  execution: string,
  given: unknown,
): Promise<Looped> {
  const { id, drill, since } = loopSchema.parse(given);
  const over: Looped = { id, drill, done: true };
  await emergencyOf(doors, id);
  // An execution before left it open: whoever goes on has mended what stopped.
  const goesOn =
    since === undefined && (await doors.records.getStage(id, 'settle'))?.state === 'failed';
  if (isOver(await openStage(doors, id, 'settle'))) return over;
  const found = (await doors.records.getSecrets(id)).filter(
    ({ versionId, promotedAt }) => versionId !== undefined && promotedAt !== undefined,
  );
  if (drill || found.length === 0) {
    const reason = drill ? 'a drill changes nothing that could settle' : 'no secret was changed';
    await closeStage(doors, id, 'settle', { state: 'skipped', reason });
    return over;
  }

  const now = doors.clock.now();
  const begun = since ?? now.toISOString();
  const evidence: Evidence[] = [];
  const { secrets } = await doors.manifest();
  const rows = new Set(secrets.filter(rowsFollow).map(({ key }) => key));
  const waiting: string[] = [];
  const stopped: string[] = [];
  for (const { key, name, versionId = '' } of found) {
    const after = await doors.controlTable.getAfterRotation(name, versionId);
    await takeProof(doors, id, key, after);
    const isOpen = after !== undefined && after.state !== 'finished';
    if (isOpen && goesOn) {
      // Its old credential is proven dead, so no other stage has it go on.
      const { arn } = await doors.secretsManager.describe(name);
      await goOnAfter(doors, execution, { arn, name }, after);
      waiting.push(`${key} is ${after.state}`);
    } else if (after?.state === 'finished') {
      await change(doors, id, key, (standing) => ({ ...standing, afterRotation: 'finished' }));
      const job = rows.has(key) ? await doors.controlTable.getReencryption(name) : undefined;
      if (job !== undefined)
        evidence.push(evidenceOf('rowsFollow', { secret: key, state: job.state }));
    } else if (after?.state === 'stopped') {
      const told = `stopped: ${after.reason ?? 'nothing says why'}`.slice(0, 1024);
      await change(doors, id, key, (standing) => ({ ...standing, afterRotation: told }));
      stopped.push(`${key} ${told}`);
    } else {
      waiting.push(`${key} is ${after?.state ?? 'absent'}`);
    }
  }
  evidence.unshift(
    evidenceOf('settled', { finished: found.length - waiting.length - stopped.length }),
  );
  await doors.records.updateStage(
    id,
    'settle',
    (standing) => standing && { ...standing, evidence },
  );
  const isLate = now.getTime() - new Date(begun).getTime() >= settleMinutes * 60_000;
  if (waiting.length > 0 && !isLate) {
    return { id, drill, done: false, since: begun, refused: 0 };
  }
  const open = [...stopped, ...waiting];
  if (open.length > 0) {
    throw new StageIncompleteError(
      `${open.join('; ')}; expected what follows each rotation to end. See quarterturn status, then go on under the same id.`.slice(
        0,
        1024,
      ),
    );
  }
  await closeStage(doors, id, 'settle', { state: 'done', evidence });
  return over;
}
