/** What a bootstrap refuses, and how it fails. */
import type { PostgresError } from './errors.ts';

/** A statement failed, and the transaction with it: nothing was changed. */
export class BootstrapStatementError extends Error {
  override readonly name = 'BootstrapStatementError';
  readonly code = 'ERR_ROTATION_BOOTSTRAP_STATEMENT';
  readonly sqlstate: string;
  constructor(number: number, total: number, shown: string, { sqlstate }: PostgresError) {
    super(
      `Statement ${number} of ${total} failed with ${sqlstate}, and the transaction was rolled back: nothing was changed. ${
        sqlstate === '42501'
          ? 'Whoever runs it lacks a right: have it run by the role that made the one it changes. '
          : ''
      }It was: ${shown}`,
    );
    this.sqlstate = sqlstate;
  }
}

export class UnusableIdentityError extends Error {
  override readonly name = 'UnusableIdentityError';
  readonly code = 'ERR_ROTATION_UNUSABLE_IDENTITY';
  constructor(identity: string, problem: string) {
    super(
      `${identity} cannot be the identity: ${problem}. It has to be the role the application logs in ` +
        'with today; membership in any other owner would switch off row-level security for it.',
    );
  }
}
