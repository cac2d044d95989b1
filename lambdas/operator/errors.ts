/** What the operator refuses. Messages name secrets, roles and hosts; never a password. */

export abstract class OperatorError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

export class InvalidRequestError extends OperatorError {
  override readonly name = 'InvalidRequestError';
  readonly code = 'ERR_ROTATION_INVALID_EVENT';
  constructor(found: string) {
    super(
      `The request ${found}; expected { operation, secret } of planBootstrap or planRows, or { operation, secret, digest } of executeBootstrap or executeRows. Nothing was done.`,
    );
  }
}

export class UnknownDatabaseError extends OperatorError {
  override readonly name = 'UnknownDatabaseError';
  readonly code = 'ERR_ROTATION_UNKNOWN_DATABASE';
  constructor(known: readonly string[]) {
    super(
      `The request names a secret that is no database of this network; expected one of ${known.join(', ')}. Nothing was done.`,
    );
  }
}

export class UnknownRowsError extends OperatorError {
  override readonly name = 'UnknownRowsError';
  readonly code = 'ERR_ROTATION_UNKNOWN_ROWS';
  constructor(known: readonly string[]) {
    super(
      `The request names a secret whose rows are re-encrypted by no role of this network; expected ${known.length === 0 ? 'a deployment with `reencryption` for it' : `one of ${known.join(', ')}`}. Nothing was done.`,
    );
  }
}

export class OperatorDeploymentError extends OperatorError {
  override readonly name = 'OperatorDeploymentError';
  readonly code = 'ERR_ROTATION_OPERATOR_DEPLOYMENT';
  constructor(finding: string) {
    super(`${finding}; deploy the stack again.`);
  }
}

export class InvalidCredentialError extends OperatorError {
  override readonly name = 'InvalidCredentialError';
  readonly code = 'ERR_ROTATION_CREDENTIAL_INVALID';
  constructor(secret: string, problem: string) {
    super(
      `The secret ${secret} ${problem}; expected a JSON document with username and password of a role on the deployed host. No connection was made.`,
    );
  }
}

export class NobodyExecutesError extends OperatorError {
  override readonly name = 'NobodyExecutesError';
  readonly code = 'ERR_ROTATION_NO_BOOTSTRAP';
  constructor(secret: string) {
    super(
      `The deployment names no \`bootstrap\` secret for ${secret}, so this function may change nothing: a person runs the statements of the plan.`,
    );
  }
}

export class BootstrapBlockedError extends OperatorError {
  override readonly name = 'BootstrapBlockedError';
  readonly code = 'ERR_ROTATION_BOOTSTRAP_BLOCKED';
  constructor(findings: readonly string[]) {
    super(`Nothing was changed. ${findings.join(' ')}`);
  }
}

export class PlanChangedError extends OperatorError {
  override readonly name = 'PlanChangedError';
  readonly code = 'ERR_ROTATION_PLAN_CHANGED';
  constructor() {
    super(
      'The cluster is not what it was when this plan was confirmed; nothing was changed. Look at the new plan, and confirm that one.',
    );
  }
}

export class LoginNotProvenError extends OperatorError {
  override readonly name = 'LoginNotProvenError';
  readonly code = 'ERR_ROTATION_LOGIN_NOT_PROVEN';
  constructor(role: string, host: string) {
    super(
      `${host} refuses ${role} although its verifier was just set and its password stored; expected the login to succeed. Check pg_hba.conf and that the host is the writer, then run the same again.`,
    );
  }
}

export class StillUnpreparedError extends OperatorError {
  override readonly name = 'StillUnpreparedError';
  readonly code = 'ERR_ROTATION_STILL_UNPREPARED';
  constructor(missing: readonly string[]) {
    super(
      `Every statement was executed, and this is missing all the same: ${missing.join('; ')}. Everything was rolled back. Expected a role whose grants count; have the owner of these objects run the plan.`,
    );
  }
}
