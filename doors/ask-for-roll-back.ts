/**
 * Asks for a rollback, in the only order that is safe: who asks (intent record), the way cleared by the secret's own
 * function (preempt), the hold, then RotateSecret.
 *
 * The hold comes before the rotation it belongs to: whoever dies in between leaves a secret that rests until somebody
 * looks, not one that the schedule rotates again within the hour, restored material being old.
 */
import type { HoldRecord } from '../domain/events/control-records.ts';
import {
  type Preempted,
  type PreemptRequest,
  preemptedSchema,
} from '../domain/events/preempt-operation.ts';
import type { Clock } from './clock.ts';
import type { ControlTableDoor } from './control-table.ts';
import type { FunctionsDoor } from './functions.ts';
import type { SecretsManagerDoor } from './secrets-manager.ts';

export interface RollBackDoors {
  secretsManager: Pick<SecretsManagerDoor, 'rotate'>;
  controlTable: Pick<ControlTableDoor, 'putIntent' | 'putHold'>;
  functions: FunctionsDoor;
  clock: Clock;
}

export interface RollBackQuestion {
  /** The rotation function of the secret. */
  functionName: string;
  secretArn: string;
  secretName: string;
  /** AWSCURRENT, as the plan knows it: where another one is by now, nothing is done. */
  current: string | undefined;
  /** ClientRequestToken: becomes the version id. */
  token: string;
  requestedBy: string;
  reason?: string | undefined;
  /** The version whose material becomes current again. */
  restoreVersionId: string;
  hold: HoldRecord;
}

/** Secrets Manager did not take the rotation after the way was cleared. */
export class RollBackNotStartedError extends Error {
  override readonly name = 'RollBackNotStartedError';
  readonly code = 'ERR_ROTATION_ROLLBACK_NOT_STARTED';
  constructor(found: string, { hold, leasedUntil }: { hold: HoldRecord; leasedUntil: Date }) {
    super(
      `${found} Expected Secrets Manager to begin the rollback. AWSCURRENT has not moved; a rotation that was in progress was cancelled. Run the same command again: until ${leasedUntil.toISOString()} nobody else rotates this secret, and until ${hold.until} the schedule leaves it alone.`,
    );
  }
}

/** Nobody waits for long after a rollback that never began. */
const leaseMinutes = 15;
/** "eventually consistent" (API_ListSecrets): that AWSPENDING is gone may take a moment to be seen. */
const pauses = [1_000, 2_000, 4_000, 8_000];

/** @throws FunctionFailedError, AwsCallError, RollBackNotStartedError */
export async function askForRollBack(
  { secretsManager, controlTable, functions, clock }: RollBackDoors,
  question: RollBackQuestion,
): Promise<Preempted> {
  const { functionName, secretArn, secretName, token, requestedBy, reason, hold } = question;
  const now = clock.now();
  await controlTable.putIntent(secretName, {
    intent: 'rollback',
    token,
    requestedBy,
    ...(reason !== undefined && { reason }),
    restoreVersionId: question.restoreVersionId,
    at: now.toISOString(),
  });
  const owner = ownerOf(requestedBy);
  const { current } = question;
  const request: PreemptRequest = {
    ...{ operation: 'preempt', token, owner, minutes: leaseMinutes },
    ...(current !== undefined && { current }),
  };
  const preempted = preemptedSchema.parse(await functions.invoke(functionName, request));
  await controlTable.putHold(secretName, hold);

  const leasedUntil = new Date(now.getTime() + leaseMinutes * 60_000);
  for (const pause of [...pauses, 0]) {
    const outcome = await secretsManager
      .rotate({ secretId: secretArn, clientRequestToken: token })
      .catch((error: Error) => {
        throw new RollBackNotStartedError(error.message, { hold, leasedUntil });
      });
    if (outcome === 'started') return preempted;
    await clock.sleep(pause);
  }
  const found = 'RotateSecret was answered that another rotation is in progress.';
  throw new RollBackNotStartedError(found, { hold, leasedUntil });
}

/** As the lease of a rollback names who has it. */
export const ownerOf = (requestedBy: string): string => `rollback by ${requestedBy}`.slice(0, 256);

/** After a rollback that was given up: the lease ends within a minute, and another one may be asked for. */
export async function letGo(
  { functions }: Pick<RollBackDoors, 'functions'>,
  {
    functionName,
    token,
    requestedBy,
    current,
  }: Pick<RollBackQuestion, 'functionName' | 'token' | 'requestedBy' | 'current'>,
): Promise<void> {
  const owner = ownerOf(requestedBy);
  const request: PreemptRequest = {
    ...{ operation: 'preempt', token, owner, minutes: 1 },
    ...(current !== undefined && { current }),
  };
  await functions.invoke(functionName, request);
}
