/**
 * setSecret: makes the target accept the pending value.
 *
 * The states it can meet:
 * 1. the lease belongs to another token → refused
 * 2. createSecret has not succeeded     → out of order
 * 3. AWSCURRENT is not the base         → given up before the target is touched again
 * 4. its material is compromised        → refused before the target is touched, AWSPENDING removed
 * 5. the target accepts the value       → the strategy's probe says so: nothing to do
 * 6. it does not                        → the strategy sets it
 */
import type { RotationRecord } from '../../../domain/events/control-records.ts';
import { currentVersion } from '../../../domain/policy/labels.ts';
import { StepOutOfOrderError } from '../errors.ts';
import {
  assertNoForeignLease,
  assertNotCompromised,
  type Run,
  readVersions,
  rotationOf,
} from '../run.ts';
import { clearRefused, giveUp } from '../staging.ts';
import type { Material } from '../strategy.ts';

export async function setSecret<Value>(run: Run<Value>): Promise<'set'> {
  const record = await recordAfter(run, 'setSecret', 'createSecret');
  await assertNoForeignLease(run);
  await assertBase(run, record);
  const versions = await readVersions(run, record.intent);
  await refuseCompromised(
    run,
    run.strategy.material(versions.pending as Value),
    versions.current && run.strategy.material(versions.current),
  );
  await run.strategy.setSecret(versions, await rotationOf(run, record));
  return 'set';
}

/** @throws StepOutOfOrderError unless the step before has succeeded under this token */
export async function recordAfter<Value>(
  run: Run<Value>,
  step: string,
  before: string,
): Promise<RotationRecord> {
  const record = await run.doors.controlTable.getRotation(run.environment.SECRET_NAME, run.token);
  if (record?.steps[before] === undefined) {
    throw new StepOutOfOrderError(step, before, run.token);
  }
  return record;
}

/**
 * Material recorded as compromised since createSecret never becomes current.
 * @throws CompromisedMaterialError; AWSPENDING is gone, so that the next rotation is not refused
 */
export async function refuseCompromised<Value>(
  run: Run<Value>,
  pending: Material,
  current: Material | undefined,
): Promise<void> {
  const compromised = await run.doors.controlTable.getCompromised(run.environment.SECRET_NAME);
  try {
    assertNotCompromised(pending, current, compromised);
  } catch (error) {
    await clearRefused(run, run.token);
    throw error;
  }
}

/** The compare of compare-and-swap, before anything is done: only the base may be replaced. */
export async function assertBase<Value>(run: Run<Value>, record: RotationRecord): Promise<void> {
  const current = currentVersion(run.description.versionIdsToStages) ?? null;
  if (current !== record.basedOn) {
    const rotation = await rotationOf(run, record);
    await giveUp(run, record.basedOn, (strategy, pending) =>
      strategy.testSecret({ pending }, rotation),
    );
  }
}
