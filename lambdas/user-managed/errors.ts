/** What a user-managed secret is refused for. Messages say what was found, what was expected and what to do; never a value. */

abstract class UserManagedError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

export class InboxEmptyError extends UserManagedError {
  override readonly name = 'InboxEmptyError';
  readonly code = 'ERR_ROTATION_INBOX_EMPTY';
  constructor() {
    super(
      'The inbox holds no value yet; expected the next one. One of its owners puts it (aws secretsmanager put-secret-value), which starts the rotation by itself. Nothing was changed.',
    );
  }
}

export class InboxUnchangedError extends UserManagedError {
  override readonly name = 'InboxUnchangedError';
  readonly code = 'ERR_ROTATION_INBOX_UNCHANGED';
  constructor(versionId: string) {
    super(
      `The inbox (version ${versionId}) holds the value that is in use already; expected another one. Make a new one at the vendor's and put it there. Nothing was changed.`,
    );
  }
}

export class InvalidInboxValueError extends UserManagedError {
  override readonly name = 'InvalidInboxValueError';
  readonly code = 'ERR_ROTATION_INBOX_VALUE';
  constructor(found: string, expected: string) {
    super(
      `The value in the inbox ${found}; expected ${expected}. Put it again, from a file or standard input. Nothing was changed.`,
    );
  }
}

export class NothingToRotateError extends UserManagedError {
  override readonly name = 'NothingToRotateError';
  readonly code = 'ERR_ROTATION_NOT_APPLICABLE';
  constructor(intent: string) {
    super(
      `Intent "${intent}" was asked of a user-managed secret; expected planned, rollback or emergency: its value has no keys that are published first.`,
    );
  }
}

export class RestoreRefusedError extends UserManagedError {
  override readonly name = 'RestoreRefusedError';
  readonly code = 'ERR_ROTATION_RESTORE_REFUSED';
  constructor(found: string) {
    super(
      `The version to go back to ${found}; expected an earlier value that was in use. Name another version. Nothing was changed.`,
    );
  }
}

/** The vendor's own "no": this value is not one it accepts. */
export class ProbeRefusedError extends UserManagedError {
  override readonly name = 'ProbeRefusedError';
  readonly code = 'ERR_ROTATION_PROBE_REFUSED';
  constructor(host: string, status: number) {
    super(
      `${host} refused the value with ${status}; expected it to be accepted. It is not promoted, AWSCURRENT stays. Look at the vendor's whether it is the whole value, active, and of the right account.`,
    );
  }
}

export class ProbeUnexpectedError extends UserManagedError {
  override readonly name = 'ProbeUnexpectedError';
  readonly code = 'ERR_ROTATION_PROBE_UNEXPECTED';
  constructor(host: string, status: number, expected: readonly number[]) {
    super(
      `${host} answered the probe with ${status}; expected ${expected.join(' or ')}. That says nothing about the value, which is not promoted. ${advice(status)}`,
    );
  }
}

function advice(status: number): string {
  if (status >= 300 && status < 400) {
    return 'Redirects are not followed, they would carry the value elsewhere: name the address it leads to in probe.url, and deploy.';
  }
  return status === 429 || status >= 500
    ? 'The vendor is busy or down: rotate again when it is not.'
    : 'Correct url, method or headers of the probe, and deploy.';
}
