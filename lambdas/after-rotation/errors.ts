/** Why an AfterRotation stops. The machine records name and message, so no message holds a value. */

export abstract class AfterRotationError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

export class NoAfterRotationError extends AfterRotationError {
  override readonly name = 'NoAfterRotationError';
  readonly code = 'ERR_ROTATION_NO_AFTER_ROTATION';
  constructor(secretName: string, versionId: string) {
    super(
      `${secretName} version ${versionId} has no AfterRotation record; expected the one finishSecret writes before it promotes. No rotation of ours made that version.`,
    );
  }
}

export class UnknownSecretError extends AfterRotationError {
  override readonly name = 'UnknownSecretError';
  readonly code = 'ERR_ROTATION_UNKNOWN_SECRET';
  constructor() {
    super(
      "The execution's secretName is not a rotating secret of this stack's manifest; expected it to be. Deploy the stack that manages it, then resume.",
    );
  }
}

export class ForeignSecretError extends AfterRotationError {
  override readonly name = 'ForeignSecretError';
  readonly code = 'ERR_ROTATION_FOREIGN_SECRET';
  constructor(secretName: string) {
    super(
      `The execution's secretArn is not the full ARN of ${secretName} in this account and region; expected the one describe-secret shows. Start the execution again with it.`,
    );
  }
}

export class SupersededError extends AfterRotationError {
  override readonly name = 'SupersededError';
  readonly code = 'ERR_ROTATION_SUPERSEDED';
  constructor(versionId: string, current: string | undefined) {
    super(
      `AWSCURRENT is ${current ?? 'absent'}; expected ${versionId}. A later rotation took its place and has an AfterRotation of its own.`,
    );
  }
}

export class NotSettledError extends AfterRotationError {
  override readonly name = 'NotSettledError';
  readonly code = 'ERR_ROTATION_NOT_SETTLED';
  constructor(versionId: string, pending: string | undefined, current: string | undefined) {
    super(
      `Rotation ${versionId} is not complete after the last look: AWSCURRENT is ${current ?? 'absent'}, AWSPENDING is ${pending ?? 'absent'}; expected AWSCURRENT on it and AWSPENDING absent or there, too. Look at the rotation function's log, then resume or roll back.`,
    );
  }
}

export class ActivationRefusedError extends AfterRotationError {
  override readonly name = 'ActivationRefusedError';
  readonly code = 'ERR_ROTATION_ACTIVATION_REFUSED';
  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
  }
}

export class RolloutFailedError extends AfterRotationError {
  override readonly name = 'RolloutFailedError';
  readonly code = 'ERR_ROTATION_ROLLOUT_FAILED';
  /**
   * What to do (mend it and resume, or roll back) is said by whoever shows it, with the command.
   * @param unwell by consumer, what was found and expected. @param because why it is not rolled back from by itself
   */
  constructor(round: string, unwell: string, because: string) {
    super(
      `in round "${round}", ${unwell.replace(/\.$/, '')}. Not rolled back by itself: ${because}.`,
    );
  }
}

export class RollBackRefusedError extends AfterRotationError {
  override readonly name = 'RollBackRefusedError';
  readonly code = 'ERR_ROTATION_ROLL_BACK_REFUSED';
  constructor(why: string) {
    super(`${why}. Look at the secret (quarterturn status), then roll back: quarterturn rollback.`);
  }
}

/** Asked again by the machine. */
export class ConsumersMovingError extends AfterRotationError {
  override readonly name = 'ConsumersMovingError';
  readonly code = 'ERR_ROTATION_CONSUMERS_MOVING';
  constructor(operation: 'stop' | 'start', underWay: string) {
    super(
      `Not every consumer is there yet (${operation}): ${underWay}; expected that within half an hour. Look at it, then resume.`,
    );
  }
}

export class ConsumersNotMovedError extends AfterRotationError {
  override readonly name = 'ConsumersNotMovedError';
  readonly code = 'ERR_ROTATION_CONSUMERS_NOT_MOVED';
  constructor(operation: 'stop' | 'start', failed: string) {
    super(
      `A consumer could not be told to ${operation}: ${failed}; expected its platform to do so. ${
        operation === 'stop'
          ? 'No row was changed. Mend it, then run quarterturn reencrypt resume; or stop it yourself and say so: quarterturn reencrypt consumers --stopped.'
          : 'Every row is under the new key, and consumers may still be stopped: start them, then resume.'
      }`,
    );
  }
}

/** Tried again by the machine; then consumers are restarted without it. */
export class RedeployError extends AfterRotationError {
  override readonly name = 'RedeployError';
  readonly code = 'ERR_ROTATION_REDEPLOY';
  constructor(host: string, found: string) {
    super(
      `The webhook at ${host} that redeploys the previous release ${found}; expected 2xx within 10 s. Consumers are restarted without it: redeploy by hand if the release has to go back, too.`,
    );
  }
}

export class LostAfterRotationError extends AfterRotationError {
  override readonly name = 'LostAfterRotationError';
  readonly code = 'ERR_ROTATION_LOST_AFTER_ROTATION';
  constructor(versionId: string, found: string) {
    super(
      `The AfterRotation of version ${versionId} is ${found}; expected it to be running under this execution. An emergency or rollback stopped it, or another execution took it over.`,
    );
  }
}

export class NoRowsError extends AfterRotationError {
  override readonly name = 'NoRowsError';
  readonly code = 'ERR_ROTATION_NO_ROWS';
  constructor(secretName: string) {
    super(
      `No rows follow the keys of ${secretName} in this deployment, or this function was not told their machine; expected both. Deploy the stack again, then resume.`,
    );
  }
}

/** Tried again by the machine. */
export class ConsumersHookError extends AfterRotationError {
  override readonly name = 'ConsumersHookError';
  readonly code = 'ERR_ROTATION_CONSUMERS_HOOK';
  constructor(secretName: string, event: 'stop' | 'start', found: number | string) {
    super(
      `The hook of ${secretName} was asked to ${event} its consumers and answered ${found}; expected 2xx within 30 s. ${
        event === 'stop'
          ? 'No row was changed. Mend the hook, then run quarterturn reencrypt resume; or stop them yourself and say so: quarterturn reencrypt consumers --stopped.'
          : 'Every row is under the new key, and consumers may still be stopped: start them, then resume.'
      }`,
    );
  }
}

export class InvalidTaskError extends AfterRotationError {
  override readonly name = 'InvalidTaskError';
  readonly code = 'ERR_ROTATION_INVALID_TASK';
  constructor(at: string) {
    super(
      `The task's input does not fit in ${at || 'its shape'}; expected { task, execution, progress } as the AfterRotation machine sends it. Nothing was done: start the execution again with the input of the starter.`,
    );
  }
}

/** Something that is not ours went wrong; its message may hold anything, so only its class is told. */
export class UnexpectedError extends AfterRotationError {
  override readonly name = 'UnexpectedError';
  readonly code = 'ERR_ROTATION_UNEXPECTED';
  constructor(className: string) {
    super(
      `${className} was thrown; its message is withheld, because it may hold anything. Resume to try again.`,
    );
  }
}
