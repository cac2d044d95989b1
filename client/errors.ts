/**
 * Errors of the client. Each has a literal `code` and says what was found, what was expected and what to do; none
 * carries a value of a secret, a token or a plaintext, so all of them may be logged as they are.
 */
export abstract class ClientError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

/** An option is missing, unknown or out of its range. */
export class ClientSettingsError extends ClientError {
  override readonly name = 'ClientSettingsError';
  readonly code = 'ERR_ROTATION_CLIENT_SETTINGS';
}

/** A package is needed that is not installed. */
export class MissingPeerError extends ClientError {
  override readonly name = 'MissingPeerError';
  readonly code = 'ERR_ROTATION_PEER_MISSING';
  constructor(peer: string, neededFor: string) {
    super(
      `${neededFor} needs the package ${peer}, which is not installed; run \`npm install ${peer}\`.`,
    );
  }
}

/**
 * The secret could not be read, and no value of it was ever read here. `statusCode`, here and below: what Fastify and
 * Express answer when nobody handles it.
 */
export class SecretUnavailableError extends ClientError {
  override readonly name = 'SecretUnavailableError';
  readonly code = 'ERR_ROTATION_SECRET_UNAVAILABLE';
  readonly statusCode = 503;
  constructor(secret: string, cause: Error) {
    super(
      `${secret} could not be read (${described(cause)}), and there is no earlier value to go on with.`,
      { cause },
    );
  }
}

/** The secret could not be read for so long that the value at hand may be used no longer. */
export class StaleSecretError extends ClientError {
  override readonly name = 'StaleSecretError';
  readonly code = 'ERR_ROTATION_SECRET_STALE';
  readonly statusCode = 503;
  constructor(secret: string, boundSeconds: number, cause: Error | undefined) {
    super(
      `${secret} was last read more than ${boundSeconds} s ago (maxAge + staleFor); ${
        cause === undefined
          ? 'read it again before it is used.'
          : `the last attempt failed: ${described(cause)}.`
      }`,
      cause && { cause },
    );
  }
}

/** Somebody asked without waiting, before the first read. */
export class SecretNotReadyError extends ClientError {
  override readonly name = 'SecretNotReadyError';
  readonly code = 'ERR_ROTATION_SECRET_NOT_READY';
  readonly statusCode = 503;
  constructor(secret: string) {
    super(
      `${secret} has not been read yet; await \`get()\` (or \`ready()\`) once before the first call that cannot wait.`,
    );
  }
}

/** The cache was closed. */
export class SecretCacheClosedError extends ClientError {
  override readonly name = 'SecretCacheClosedError';
  readonly code = 'ERR_ROTATION_SECRET_CACHE_CLOSED';
  constructor(secret: string) {
    super(`The cache of ${secret} was closed; make a new one.`);
  }
}

/** The source gave something that is no value of this kind of secret. */
export class SecretParseError extends ClientError {
  override readonly name = 'SecretParseError';
  readonly code = 'ERR_ROTATION_SECRET_PARSE';
  constructor(secret: string, found: string) {
    super(`The value of ${secret} cannot be read: ${found}`);
  }
}

/** Secrets Manager refused, or did not answer. */
export class SecretReadError extends ClientError {
  override readonly name = 'SecretReadError';
  readonly code = 'ERR_ROTATION_SECRET_READ';
  /** AWS's name of the error, e.g. `AccessDeniedException`; `Timeout`: no answer in time. */
  readonly reason: string;
  constructor(secret: string, operation: string, reason: string, advice: string) {
    super(`${operation} of ${secret} failed: ${reason}. ${advice}`);
    this.reason = reason;
  }
}

/** By code or name: a message of somebody else's error may hold what it could not read. */
export function described(error: unknown): string {
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : undefined;
    return code?.startsWith('ERR_ROTATION_')
      ? error.message.replace(/\.$/, '')
      : (code ?? error.name);
  }
  return 'something that is no Error';
}

/** Is it one of this client's or of the values and formats beneath it, whose messages hold nothing? */
export function hasOwnCode(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('ERR_ROTATION_')
  );
}
