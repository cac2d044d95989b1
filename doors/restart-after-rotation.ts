/** Starts an AfterRotation again that was never started (events are best effort) or died. */
import type { AfterRotationRecord } from '../domain/events/control-records.ts';
import type { SecretDescription } from './secrets-manager.ts';
import type { StepFunctionsDoor } from './step-functions.ts';

/** A version whose AfterRotation died this often is somebody's business, not the next tick's. */
const limit = 20;

export class TooManyRestartsError extends Error {
  override readonly name = 'TooManyRestartsError';
  readonly code = 'ERR_ROTATION_TOO_MANY_RESTARTS';
}

/**
 * The first start of a version has the version's id as its name, later ones `-2`, `-3`, …: a name that is
 * taken starts nothing, so two that ask (the schedule, doctor) meet in one execution. The input names the
 * dead execution to take over from; whether it is still that one's is decided by the first task, by
 * compare-and-swap.
 * @returns the name of the execution
 */
export async function restartAfterRotation(
  { stepFunctions }: { stepFunctions: Pick<StepFunctionsDoor, 'startExecution'> },
  stateMachineArn: string,
  { arn, name }: Pick<SecretDescription, 'arn' | 'name'>,
  record: Pick<AfterRotationRecord, 'versionId' | 'state' | 'execution'>,
): Promise<string> {
  const { versionId } = record;
  const takeOver = record.state === 'running' ? record.execution : undefined;
  for (let attempt = 1; attempt <= limit; attempt++) {
    const execution = attempt === 1 ? versionId : `${versionId}-${attempt}`;
    const started = await stepFunctions.startExecution({
      stateMachineArn,
      name: execution,
      input: { secretArn: arn, secretName: name, versionId, ...(takeOver && { takeOver }) },
    });
    if (started === 'started') return execution;
  }
  throw new TooManyRestartsError(
    `The AfterRotation of ${name} version ${versionId} was started ${limit} times and never finished; expected one of them to. Look at its executions.`,
  );
}
