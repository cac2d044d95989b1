import { ClientError } from '../errors.ts';

/** The server, or the pooler before it, refuses the credential, also after the secret was read again. */
export class CredentialRefusedError extends ClientError {
  override readonly name = 'CredentialRefusedError';
  readonly code = 'ERR_ROTATION_CREDENTIAL_REFUSED';
  readonly statusCode = 503;
  /** What the refusal said, e.g. `28P01`. */
  readonly sqlstate: string;
  constructor(at: string, secret: string, sqlstate: string, cause: Error) {
    super(
      `${at} refuses the credential of ${secret} (${sqlstate}), and reading the secret again brought no other one. Check that host and database are those of the secret; if a rotation is under way, it ends this by itself.`,
      { cause },
    );
    this.sqlstate = sqlstate;
  }
}

/** The pool was ended while this caller waited for a login. */
export class PoolEndedError extends ClientError {
  override readonly name = 'PoolEndedError';
  readonly code = 'ERR_ROTATION_POOL_ENDED';
  readonly statusCode = 503;
  constructor(at: string) {
    super(`The pool of ${at} was ended while a connection was waited for.`);
  }
}
