/** What the database room refuses. Messages name roles, hosts and fields; never a password or a URL. */

export abstract class DatabaseRotationError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

export class InvalidDatabaseValueError extends DatabaseRotationError {
  override readonly name = 'InvalidDatabaseValueError';
  readonly code = 'ERR_ROTATION_DATABASE_VALUE';
  /** `found` must never quote what is in the field. */
  constructor(field: string, found: string, expected: string) {
    super(
      `The field ${field} ${found}; expected ${expected}. No connection was made: correct the value, ` +
        'or the deployment, whichever is wrong.',
    );
  }
}

export class InvalidSettingsError extends DatabaseRotationError {
  override readonly name = 'InvalidSettingsError';
  readonly code = 'ERR_ROTATION_DATABASE_SETTINGS';
}

export class InvalidAdminError extends DatabaseRotationError {
  override readonly name = 'InvalidAdminError';
  readonly code = 'ERR_ROTATION_ADMIN_INVALID';
  constructor(problem: string) {
    super(
      `The admin secret ${problem}; expected { username, password } of a rotator role on the same ` +
        'server that no secret of this deployment rotates with its own password.',
    );
  }
}

export class NotApplicableError extends DatabaseRotationError {
  override readonly name = 'NotApplicableError';
  readonly code = 'ERR_ROTATION_NOT_APPLICABLE';
  constructor(intent: string) {
    super(
      `A database secret has no "${intent}": a credential is set, tested and promoted in one rotation. ` +
        'Use planned, rollback or emergency.',
    );
  }
}

export class RestoreRefusedError extends DatabaseRotationError {
  override readonly name = 'RestoreRefusedError';
  readonly code = 'ERR_ROTATION_RESTORE_REFUSED';
  constructor(problem: string, nearest: string | undefined) {
    super(
      `This credential cannot be restored: ${problem}. ` +
        (nearest === undefined
          ? 'No labelled version holds one that can; start a planned rotation instead.'
          : `The nearest that can is ${nearest}: roll back to the version that holds it.`),
    );
  }
}

export class CompromisedCredentialError extends DatabaseRotationError {
  override readonly name = 'CompromisedCredentialError';
  readonly code = 'ERR_ROTATION_COMPROMISED_MATERIAL';
  constructor(material: string) {
    super(`${material} is recorded as compromised and is never set again. Rotate instead.`);
  }
}

export class RoleRefusedError extends DatabaseRotationError {
  override readonly name = 'RoleRefusedError';
  readonly code = 'ERR_ROTATION_ROLE_REFUSED';
  constructor(role: string, problem: string, remedy: string) {
    super(`The role ${role} ${problem}: nothing was changed. ${remedy}`);
  }
}

export class RoleInUseError extends DatabaseRotationError {
  override readonly name = 'RoleInUseError';
  readonly code = 'ERR_ROTATION_ROLE_IN_USE';
  constructor(role: string) {
    super(
      `${role} is the role AWSCURRENT logs in with; expected the other one. Nothing was changed, because ` +
        'every consumer would be refused at once.',
    );
  }
}

export class ReadOnlyServerError extends DatabaseRotationError {
  override readonly name = 'ReadOnlyServerError';
  readonly code = 'ERR_ROTATION_READ_ONLY_SERVER';
  constructor(host: string) {
    super(`${host} is a standby; expected the writer endpoint. Correct the deployment's host.`);
  }
}

export class CredentialNotAcceptedError extends DatabaseRotationError {
  override readonly name = 'CredentialNotAcceptedError';
  readonly code = 'ERR_ROTATION_CREDENTIAL_NOT_ACCEPTED';
  constructor(role: string, host: string) {
    super(
      `${host} refuses ${role} although its verifier was just set; expected the login probe to succeed. ` +
        'Check that host and maintenance database belong to one cluster, and run the step again.',
    );
  }
}

/** The target answers, and not as it must: nobody needs this pending value. */
export class DatabaseTestFailedError extends DatabaseRotationError {
  override readonly name = 'DatabaseTestFailedError';
  readonly code = 'ERR_ROTATION_TEST_FAILED';
  readonly problem: string;
  constructor(role: string, problem: string, remedy: string) {
    super(`A session of ${role} ${problem}. ${remedy}`);
    this.problem = problem;
  }
}

/**
 * The path consumers take does not accept what the server does. Not a refusal of the target: in singleUser
 * the pending credential is the only one the server accepts by now, and must not be dropped.
 */
export class PoolerRefusedError extends DatabaseRotationError {
  override readonly name = 'PoolerRefusedError';
  readonly code = 'ERR_ROTATION_POOLER_REFUSED';
  /** `answer`: an SQLSTATE, or what was wrong with the session. */
  constructor(at: string, role: string, answer: string) {
    super(
      `PgBouncer at ${at} does not let ${role} in (${answer}), although the server itself accepts the ` +
        'credential; expected a login and a query. Nothing was promoted. PgBouncer must read verifiers ' +
        'from the server (auth_query), because a userlist.txt is stale after every rotation: ' +
        'docs/connections.md. The rotation goes on when the step is tried again.',
    );
  }
}

export class ProxyNotReadyError extends DatabaseRotationError {
  override readonly name = 'ProxyNotReadyError';
  readonly code = 'ERR_ROTATION_PROXY_NOT_READY';
  constructor(at: string, role: string, answer: string) {
    super(
      `RDS Proxy at ${at} does not let ${role} in with AWSCURRENT (${answer}), although the server itself ` +
        'accepts it; expected a login and a query. Check that the proxy is registered with this secret, ' +
        'and that its role may read the secret and use its key: docs/connections.md. Then resume the AfterRotation.',
    );
  }
}

export class PendingMissingError extends DatabaseRotationError {
  override readonly name = 'PendingMissingError';
  readonly code = 'ERR_ROTATION_PENDING_MISSING';
  constructor() {
    super('setSecret was called without a pending value; expected the one createSecret stored.');
  }
}

export class InvalidOperationError extends DatabaseRotationError {
  override readonly name = 'InvalidOperationError';
  readonly code = 'ERR_ROTATION_INVALID_EVENT';
}
