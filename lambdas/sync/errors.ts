/** Why copies were not made. The machine records name and message, so no message holds a value. */

export abstract class SyncError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

export class InvalidSyncTaskError extends SyncError {
  override readonly name = 'InvalidSyncTaskError';
  readonly code = 'ERR_ROTATION_INVALID_TASK';
  constructor(at: string) {
    super(
      `The task's input does not fit in ${at || 'its shape'}; expected { task: "sync", execution, progress: { secretArn, secretName, versionId } } as the AfterRotation machine sends it. Nothing was copied.`,
    );
  }
}

export class ForeignSecretError extends SyncError {
  override readonly name = 'ForeignSecretError';
  readonly code = 'ERR_ROTATION_FOREIGN_SECRET';
  constructor() {
    super(
      "The task's secretArn is not the full ARN of its secretName in this account and region; expected the one describe-secret shows. Nothing was copied.",
    );
  }
}

export class SupersededError extends SyncError {
  override readonly name = 'SupersededError';
  readonly code = 'ERR_ROTATION_SUPERSEDED';
  constructor(versionId: string, current: string | undefined, copied: boolean) {
    super(
      `AWSCURRENT is ${current ?? 'absent'}; expected ${versionId}. A later rotation took its place ${
        copied
          ? 'while copies were written; they were written again with what is current now'
          : 'and makes the copies itself. Nothing was copied'
      }.`,
    );
  }
}

/** One of the targets. */
export class FieldMissingError extends SyncError {
  override readonly name = 'FieldMissingError';
  readonly code = 'ERR_ROTATION_SYNC_FIELD';
  constructor(field: string, members: readonly string[] | undefined) {
    super(
      members === undefined
        ? `the value is no JSON object; expected one with the member "${field}", or no field in the configuration`
        : `the value has no member "${field}" but ${members.join(', ') || 'none'}; expected that member, or another field in the configuration`,
    );
  }
}

/** One of the targets. */
export class CopyTooLargeError extends SyncError {
  override readonly name = 'CopyTooLargeError';
  readonly code = 'ERR_ROTATION_SYNC_TOO_LARGE';
  constructor(bytes: number, limit: number) {
    super(
      `the copy has ${bytes} bytes, the target takes ${limit}; prune keys, or copy a field, or choose a larger tier`,
    );
  }
}

/** One of the targets. */
export class CredentialMissingError extends SyncError {
  override readonly name = 'CredentialMissingError';
  readonly code = 'ERR_ROTATION_SYNC_CREDENTIAL';
  constructor(secretName: string, found: string, expected: string) {
    super(`${secretName} ${found}; expected ${expected} labelled AWSCURRENT. Store it there`);
  }
}

/** One of the targets: it took the copy, and shows another one, or none. */
export class ReadBackError extends SyncError {
  override readonly name = 'ReadBackError';
  readonly code = 'ERR_ROTATION_SYNC_READ_BACK';
  constructor(found: string) {
    super(`the copy was written, and ${found}; find out who else writes there`);
  }
}

/** One of the targets: those before it took the time of this call. */
export class NoTimeLeftError extends SyncError {
  override readonly name = 'NoTimeLeftError';
  readonly code = 'ERR_ROTATION_SYNC_NO_TIME';
  constructor(seconds: number) {
    super(`the copy was not begun: ${seconds} seconds had passed, because others did not answer`);
  }
}

/** One of the targets. */
export class WebhookRefusedError extends SyncError {
  override readonly name = 'WebhookRefusedError';
  readonly code = 'ERR_ROTATION_SYNC_WEBHOOK';
  readonly status: number;
  constructor(status: number) {
    super(`it answered ${status}; expected 2xx. Look at the log of the receiver`);
    this.status = status;
  }
}

export interface FailedTarget {
  readonly target: string;
  /** Status or code: `ERR_ROTATION_GITHUB 403`. */
  readonly found: string;
  readonly message: string;
}

/** At least one of these copies may go well when it is made again: the machine asks again. */
export class SyncTargetError extends SyncError {
  override readonly name = 'SyncTargetError';
  readonly code = 'ERR_ROTATION_SYNC_TARGET';
  constructor(secretName: string, failed: readonly FailedTarget[], of: number) {
    super(told(secretName, failed, of));
  }
}

/** None of these copies goes well before somebody changes something. */
export class SyncRefusedError extends SyncError {
  override readonly name = 'SyncRefusedError';
  readonly code = 'ERR_ROTATION_SYNC_REFUSED';
  constructor(secretName: string, failed: readonly FailedTarget[], of: number) {
    super(`${told(secretName, failed, of)} Then resume.`);
  }
}

/** Names first: a record keeps the beginning of it. */
function told(secretName: string, failed: readonly FailedTarget[], of: number): string {
  const list = failed.map(({ target, found }) => `${target} (${found})`).join(', ');
  const reasons = failed.map(({ target, message }) => `${target}: ${message}`).join(' ');
  return `${failed.length} of ${of} copies of ${secretName} failed: ${list}. ${reasons}`;
}

/** Something that is not ours went wrong; its message may hold anything, so only its class is told. */
export class UnexpectedError extends SyncError {
  override readonly name = 'UnexpectedError';
  readonly code = 'ERR_ROTATION_UNEXPECTED';
  constructor(className: string) {
    super(
      `${className} was thrown; its message is withheld, because it may hold anything. Resume to try again.`,
    );
  }
}
