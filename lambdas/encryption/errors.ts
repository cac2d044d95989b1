/** The database does not look as declared. Findings name tables and columns, never a value. */
export class EncryptionPreflightError extends Error {
  override readonly name = 'EncryptionPreflightError';
  readonly code = 'ERR_ROTATION_ENCRYPTION_PREFLIGHT';
  constructor(findings: readonly string[]) {
    super(
      `${findings.length} finding(s) before a new key: ${findings.join('; ')}. ` +
        'Correct the database or the declared columns, then rotate again.',
    );
  }
}

/** A sealed probe did not come back, or opened where it must not. */
export class CanaryError extends Error {
  override readonly name = 'CanaryError';
  readonly code = 'ERR_ROTATION_CANARY';
  constructor(finding: string) {
    super(
      `Canary of the encryption keyset: ${finding}. The value is not promoted; AWSCURRENT stays.`,
    );
  }
}

/** The companion secret cannot be used to log in. */
export class DatabaseCredentialError extends Error {
  override readonly name = 'DatabaseCredentialError';
  readonly code = 'ERR_ROTATION_DATABASE_CREDENTIAL';
  constructor(companion: string) {
    super(
      `The companion secret "${companion}" has no text in username and password, AWS's keys for them; expected both. Rotate that secret, then this one again.`,
    );
  }
}

/** The deployment is not complete: a file or a variable is missing beside the bundle. */
export class EncryptionDeploymentError extends Error {
  override readonly name = 'EncryptionDeploymentError';
  readonly code = 'ERR_ROTATION_ENCRYPTION_DEPLOYMENT';
  constructor(finding: string) {
    super(`${finding}; deploy the stack again.`);
  }
}
