/** Starts the re-encryption of a secret again that was never started, or whose execution died. */
import type { ReencryptionRecord } from '../../domain/events/control-records.ts';
import { TooManyRestartsError } from '../../doors/restart-after-rotation.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import type { CadenceDoors } from './doors.ts';

/** Executions of one version that died: from then on it is somebody's business, not the next tick's. */
const limit = 20;
/** An execution that was started, or that continues another one, takes the record within this time. */
const patience = 10 * 60_000;

export interface ReencryptionToRestart {
  readonly stateMachineArn: string;
  /** The function of the rows, as the manifest names it. */
  readonly function: string;
  readonly secret: Pick<SecretDescription, 'arn' | 'name'>;
  readonly record: Pick<ReencryptionRecord, 'state' | 'versionId' | 'execution' | 'at'>;
}

/**
 * The first execution of a version has the version's id as its name, later ones `-2`, `-3`, …: a name that is
 * taken starts nothing, so two ticks meet in one execution. One that waits because somebody paused the job is
 * alive. Nothing is handed over: the ledger in the database says how far the job is.
 * @returns the name of the execution that was started; undefined: one is alive, or there is nothing to go on with
 * @throws TooManyRestartsError
 */
export async function restartReencryption(
  { stepFunctions, clock }: Pick<CadenceDoors, 'stepFunctions' | 'clock'>,
  { stateMachineArn, function: rows, secret, record }: ReencryptionToRestart,
): Promise<string | undefined> {
  const { state, versionId, execution, at } = record;
  const isOpen = state === 'due' || state === 'active';
  if (!isOpen || clock.now().getTime() - Date.parse(at) < patience) {
    return undefined;
  }
  if (execution !== undefined && (await stepFunctions.isRunning(execution))) {
    return undefined;
  }
  const executions = stateMachineArn.replace(':stateMachine:', ':execution:');
  for (let attempt = 1; attempt <= limit; attempt++) {
    const name = attempt === 1 ? versionId : `${versionId}-${attempt}`;
    // Started, and not yet so far that it has taken the record.
    if (await stepFunctions.isRunning(`${executions}:${name}`)) {
      return undefined;
    }
    const started = await stepFunctions.startExecution({
      stateMachineArn,
      name,
      input: { secretName: secret.name, secretArn: secret.arn, function: rows, versionId },
    });
    if (started === 'started') {
      return name;
    }
  }
  throw new TooManyRestartsError(
    `The re-encryption of ${secret.name} version ${versionId} was started ${limit} times and never finished; expected one of them to. Look at its executions and at quarterturn reencrypt status.`,
  );
}
