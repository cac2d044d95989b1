/** What stops the engine. Messages name tables, columns and kids, never a value. */
export { ColumnDeclarationError } from '../../doors/postgres/column-declaration.ts';

export abstract class ReencryptionError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

/** Another job took over, or this one was closed: whoever gets this writes nothing more. */
export class JobFencedError extends ReencryptionError {
  override readonly name = 'JobFencedError';
  readonly code = 'ERR_ROTATION_JOB_FENCED';
  constructor(job: string, found: string, expected: string) {
    super(
      `Re-encryption job ${job} may not write any more: found ${found}, expected ${expected}. Nothing of this batch was written; the job that replaced it goes on.`,
    );
  }
}

/** One job at a time for one secret. */
export class JobActiveError extends ReencryptionError {
  override readonly name = 'JobActiveError';
  readonly code = 'ERR_ROTATION_JOB_ACTIVE';
  constructor(secret: string, found: string) {
    super(
      `Secret ${secret} has an active re-encryption job (${found}). Wait until it is verified; an emergency or a rollback closes it first.`,
    );
  }
}

/** Another worker has this range now: its lease had run out. */
export class RangeLostError extends ReencryptionError {
  override readonly name = 'RangeLostError';
  readonly code = 'ERR_ROTATION_RANGE_LOST';
  constructor(range: string) {
    super(`Range ${range} belongs to another worker now; nothing of this batch was written.`);
  }
}

/** So many values do not open that a key or a declaration is wrong, not the values. */
export class TooManyQuarantinedError extends ReencryptionError {
  override readonly name = 'TooManyQuarantinedError';
  readonly code = 'ERR_ROTATION_TOO_MANY_QUARANTINED';
  constructor(found: number, limit: number) {
    super(
      `${found} values are quarantined, the limit is ${limit}: look at their reasons (quarterturn reencrypt quarantine) before the job goes on.`,
    );
  }
}

/** What was sealed did not open to what had been sealed: the machine is not to be trusted. */
export class SelfCheckError extends ReencryptionError {
  override readonly name = 'SelfCheckError';
  readonly code = 'ERR_ROTATION_SELF_CHECK';
  constructor(column: string) {
    super(
      `A value of ${column}, just sealed, does not open to the same plaintext. Nothing of this batch was written; stop the job and look at this function's runtime.`,
    );
  }
}

/** A step of the job is asked for before what it rests on is done. */
export class StepOrderError extends ReencryptionError {
  override readonly name = 'StepOrderError';
  readonly code = 'ERR_ROTATION_STEP_ORDER';
}
