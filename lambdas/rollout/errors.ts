/** Why a rollout ends. The machine keeps name and message as cause, so no message holds a value. */

export abstract class RolloutError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

/** The consumer's own failure: this and ConsumerNotSteadyError alone may lead to a rollback. */
export class ConsumerUnhealthyError extends RolloutError {
  override readonly name = 'ConsumerUnhealthyError';
  readonly code = 'ERR_ROTATION_CONSUMER_UNHEALTHY';
  constructor(
    consumer: string,
    { found, consecutive, seconds }: { found: string; consecutive: number; seconds: number },
  ) {
    super(
      `${consumer} was not well: ${found}; expected ${consecutive} good ${consecutive === 1 ? 'look' : 'looks in a row'} within ${seconds} s.`,
    );
  }
}

export class ConsumerNotSteadyError extends RolloutError {
  override readonly name = 'ConsumerNotSteadyError';
  readonly code = 'ERR_ROTATION_CONSUMER_NOT_STEADY';
  constructor(consumer: string, found: string, expected: string) {
    super(`${consumer} was restarted and did not become steady: ${found}; expected ${expected}.`);
  }
}

/** What a machine's Catch knows as the consumer's: names of the errors above. */
export const ofTheConsumer = ['ConsumerUnhealthyError', 'ConsumerNotSteadyError'] as const;

export class UnknownConsumerError extends RolloutError {
  override readonly name = 'UnknownConsumerError';
  readonly code = 'ERR_ROTATION_UNKNOWN_CONSUMER';
  constructor(consumer: string) {
    super(
      `This deployment rolls out no consumer named ${consumer}; expected one with restart or health in its configuration. Nothing was done: deploy the stack again, then resume.`,
    );
  }
}

export class LockHeldError extends RolloutError {
  override readonly name = 'LockHeldError';
  readonly code = 'ERR_ROTATION_CONSUMER_LOCKED';
  constructor(consumer: string, owner: string, expiresAt: string) {
    super(
      `${consumer} is being restarted for ${owner} until ${expiresAt} at the latest; expected it to be free by now. Nothing was done to it: resume when that one has ended.`,
    );
  }
}

export class RestartRefusedError extends RolloutError {
  override readonly name = 'RestartRefusedError';
  readonly code = 'ERR_ROTATION_RESTART_REFUSED';
  constructor(consumer: string, found: string, repair: string) {
    super(`${consumer} was not restarted: ${found}. ${repair}`);
  }
}

/** Neither the consumer's doing nor ours: nothing was restarted yet. */
export class RestartNotBegunError extends RolloutError {
  override readonly name = 'RestartNotBegunError';
  readonly code = 'ERR_ROTATION_RESTART_NOT_BEGUN';
  constructor(consumer: string, found: string, seconds: number) {
    super(
      `${consumer} could not be restarted within ${seconds} s: ${found}. Its instances run on as they were; mend that, then resume.`,
    );
  }
}

export class LostRolloutError extends RolloutError {
  override readonly name = 'LostRolloutError';
  readonly code = 'ERR_ROTATION_LOST_ROLLOUT';
  constructor(consumer: string, found: string) {
    super(
      `The rollout of ${consumer} is ${found}; expected it to be under way in this execution. Another execution took it over, and goes on with it.`,
    );
  }
}

export class InvalidRolloutTaskError extends RolloutError {
  override readonly name = 'InvalidRolloutTaskError';
  readonly code = 'ERR_ROTATION_INVALID_TASK';
  constructor(at: string) {
    super(
      `The request does not fit in ${at || 'its shape'}; expected { task, execution, progress } as the rollout machine sends it, or { operation: posture | stop | start }. Nothing was done.`,
    );
  }
}

/** Something that is not ours went wrong; its message may hold anything, so only its class is told. */
export class UnexpectedError extends RolloutError {
  override readonly name = 'UnexpectedError';
  readonly code = 'ERR_ROTATION_UNEXPECTED';
  constructor(className: string) {
    super(`${className} was thrown; its message is withheld, because it may hold anything.`);
  }
}
