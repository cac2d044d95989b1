/** Why a consumer was not asked: nothing is known of it then. Messages name consumers and secrets; never a value. */

abstract class HealthError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

export class InvalidHealthQuestionError extends HealthError {
  override readonly name = 'InvalidHealthQuestionError';
  readonly code = 'ERR_ROTATION_INVALID_EVENT';
  constructor(path: string) {
    super(
      `The question does not fit at ${path}; expected { consumer, expected }, with what it must hold. Nobody was asked.`,
    );
  }
}

export class UnknownConsumerError extends HealthError {
  override readonly name = 'UnknownConsumerError';
  readonly code = 'ERR_ROTATION_UNKNOWN_CONSUMER';
  constructor(known: readonly string[]) {
    super(
      `The question names a consumer this function was not deployed for; expected ${known.length === 0 ? 'a deployment with one' : `one of ${known.join(', ')}`}. Deploy the stack again if the configuration has changed.`,
    );
  }
}

export class BearerUnavailableError extends HealthError {
  override readonly name = 'BearerUnavailableError';
  readonly code = 'ERR_ROTATION_BEARER_UNAVAILABLE';
  constructor(found: string, expected: string) {
    super(
      `The secret that consumers.health.bearer names ${found}; expected ${expected}. Put it with aws secretsmanager put-secret-value. Nobody was asked.`,
    );
  }
}
