/** What stops a task. Messages name secrets, kids and executions, never a value. */
import { ReencryptionError } from '../errors.ts';

export class InvalidRequestError extends ReencryptionError {
  override readonly name = 'InvalidRequestError';
  readonly code = 'ERR_ROTATION_INVALID_REQUEST';
  constructor(found: string) {
    super(
      `The request ${found}; expected { task, execution, progress } as the machine sends it, or an operation as the command line does. Nothing was done.`,
    );
  }
}

export class ForeignSecretError extends ReencryptionError {
  override readonly name = 'ForeignSecretError';
  readonly code = 'ERR_ROTATION_FOREIGN_SECRET';
  constructor(expected: string) {
    super(
      `The request names a secret that is not this function's; expected ${expected}, by name and full ARN. Nothing was done: start the execution with the function of that secret.`,
    );
  }
}

/** The key that rows would move to must not be moved to. */
export class TargetRefusedError extends ReencryptionError {
  override readonly name = 'TargetRefusedError';
  readonly code = 'ERR_ROTATION_TARGET_REFUSED';
  constructor(secret: string, found: string, remedy: string) {
    super(`The rows of ${secret} cannot move: ${found}. ${remedy}`);
  }
}

/** A job would meet what no run mends. */
export class PreflightRefusedError extends ReencryptionError {
  override readonly name = 'PreflightRefusedError';
  readonly code = 'ERR_ROTATION_PREFLIGHT_REFUSED';
  constructor(secret: string, codes: readonly string[]) {
    super(
      `The rows of ${secret} do not move: found ${codes.join(', ')}; expected nothing that blocks. No row was changed. quarterturn reencrypt status and dry-run say which tables and columns; mend them, then quarterturn reencrypt resume.`,
    );
  }
}

export class RowsLoginError extends ReencryptionError {
  override readonly name = 'RowsLoginError';
  readonly code = 'ERR_ROTATION_ROWS_LOGIN';
  constructor() {
    super(
      'AWSCURRENT of the secret with the login that rewrites rows is missing, or no JSON document with username and password; expected one as a database rotation leaves it. Make its first value: quarterturn rotate.',
    );
  }
}

/** Passes by itself; the machine tries again. */
export class DatabaseUnavailableError extends ReencryptionError {
  override readonly name = 'DatabaseUnavailableError';
  readonly code = 'ERR_ROTATION_DATABASE_UNAVAILABLE';
  constructor(found: string) {
    super(`${found} Nothing that was written is lost: the ledger says how far the job is.`);
  }
}

export class NoJobError extends ReencryptionError {
  override readonly name = 'NoJobError';
  readonly code = 'ERR_ROTATION_NO_JOB';
  constructor(secret: string) {
    super(
      `Secret ${secret} has no re-encryption to sign anything off for; expected one that is active. Nothing was changed: quarterturn reencrypt status.`,
    );
  }
}

export class UnknownStoreError extends ReencryptionError {
  override readonly name = 'UnknownStoreError';
  readonly code = 'ERR_ROTATION_UNKNOWN_STORE';
  constructor(store: string, declared: readonly string[]) {
    super(
      `Store ${store} is not declared; expected one of ${declared.join(', ') || 'none'}. Nothing was recorded: declare it in rotation.config.ts and deploy, or correct its name.`,
    );
  }
}
