/**
 * testSecret: proves that the pending value works. Free of effects.
 *
 * The states it can meet:
 * 1. a rotation record of this token       → tests the pending value, in order after setSecret
 * 2. no record; AWSPENDING has no value, or a copy of the current one
 *                                          → the service's configuration test (RotateSecret with
 *                                            RotateImmediately=false): tests the current value
 * 3. no record, and no value at all yet    → the configuration test of a new secret: succeeds
 * 4. no record, another value              → somebody staged it by hand: refused
 */
import { currentVersion } from '../../../domain/policy/labels.ts';
import { StepOutOfOrderError, UnrecordedVersionError } from '../errors.ts';
import {
  assertNoForeignLease,
  isMarker,
  type Run,
  readVersions,
  rotationOf,
  trialRotation,
} from '../run.ts';

export async function testSecret<Value>(
  run: Run<Value>,
): Promise<'tested' | 'currentTested' | 'uninitialised'> {
  const record = await run.doors.controlTable.getRotation(run.environment.SECRET_NAME, run.token);
  if (record === undefined) {
    return testConfiguration(run);
  }
  if (record.steps.setSecret === undefined) {
    throw new StepOutOfOrderError('testSecret', 'setSecret', run.token);
  }
  await assertNoForeignLease(run);
  await run.strategy.testSecret(
    await readVersions(run, record.intent),
    await rotationOf(run, record),
  );
  return 'tested';
}

async function testConfiguration<Value>(
  run: Run<Value>,
): Promise<'currentTested' | 'uninitialised'> {
  const { secretsManager } = run.doors;
  const { SECRET_ARN, SECRET_NAME } = run.environment;
  const currentId = currentVersion(run.description.versionIdsToStages);
  const current = currentId && (await secretsManager.getValue(SECRET_ARN, currentId));
  const pending = await secretsManager.getValue(SECRET_ARN, run.token);
  if (pending !== undefined && pending !== current) {
    throw new UnrecordedVersionError(SECRET_NAME, run.token);
  }
  if (!current || isMarker(current)) {
    return 'uninitialised';
  }
  // Never stored: the configuration test leaves nothing behind.
  const rotation = await trialRotation(run);
  await run.strategy.testSecret({ current: run.strategy.parse(current) }, rotation);
  return 'currentTested';
}
