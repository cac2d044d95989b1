/** The core's own errors. Messages say what was found, what was expected and what to do; never a value. */

export abstract class RotationError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

export class InvalidRotationEventError extends RotationError {
  override readonly name = 'InvalidRotationEventError';
  readonly code = 'ERR_ROTATION_INVALID_EVENT';
  constructor(found: string) {
    super(
      `The event ${found}; expected { Step, SecretId, ClientRequestToken } as Secrets Manager sends it, or a known operation. Nothing was done.`,
    );
  }
}

export class ForeignSecretError extends RotationError {
  override readonly name = 'ForeignSecretError';
  readonly code = 'ERR_ROTATION_FOREIGN_SECRET';
  constructor(expected: string) {
    super(
      `The event names a secret that is not this function's; expected ${expected}. One function rotates one secret: point the secret at its own function.`,
    );
  }
}

export class ForeignRotationFunctionError extends RotationError {
  override readonly name = 'ForeignRotationFunctionError';
  readonly code = 'ERR_ROTATION_FOREIGN_FUNCTION';
  constructor(found: string | undefined, expected: string) {
    super(
      `The secret's rotation function is ${found ?? 'none'}; expected this one, ${expected}. Deploy the stack again if somebody changed it.`,
    );
  }
}

export class RotationDisabledError extends RotationError {
  override readonly name = 'RotationDisabledError';
  readonly code = 'ERR_ROTATION_DISABLED';
  constructor(secretName: string) {
    super(
      `Rotation of ${secretName} is not enabled; expected it to be. Start the rotation through RotateSecret.`,
    );
  }
}

export class VersionNotStagedError extends RotationError {
  override readonly name = 'VersionNotStagedError';
  readonly code = 'ERR_ROTATION_VERSION_NOT_STAGED';
  constructor(secretName: string, token: string, labels: readonly string[] | undefined) {
    super(
      `Version ${token} of ${secretName} carries ${labels?.join(', ') ?? 'no label'}; expected AWSPENDING. Start a new rotation; this one was cancelled or replaced.`,
    );
  }
}

export class ValueMissingError extends RotationError {
  override readonly name = 'ValueMissingError';
  readonly code = 'ERR_ROTATION_VALUE_MISSING';
  constructor(secretName: string, versionId: string, label: string) {
    super(
      `Version ${versionId} of ${secretName} (${label}) has no value; expected one. Secrets Manager starts again at createSecret by itself.`,
    );
  }
}

export class StepOutOfOrderError extends RotationError {
  override readonly name = 'StepOutOfOrderError';
  readonly code = 'ERR_ROTATION_STEP_OUT_OF_ORDER';
  constructor(step: string, missing: string, token: string) {
    super(
      `${step} was called for ${token} although ${missing} has not succeeded for it; expected the four steps in order. Only Secrets Manager calls them.`,
    );
  }
}

export class UnrecordedVersionError extends RotationError {
  override readonly name = 'UnrecordedVersionError';
  readonly code = 'ERR_ROTATION_UNRECORDED_VERSION';
  constructor(secretName: string, token: string) {
    super(
      `Version ${token} of ${secretName} holds a value that no createSecret of ours stored; expected none. Somebody staged it by hand: remove its AWSPENDING label, then rotate.`,
    );
  }
}

/** Preflight, the lease or the strategy refuses this rotation; its AWSPENDING was taken away again. */
export class RotationRefusedError extends RotationError {
  override readonly name = 'RotationRefusedError';
  readonly code: `ERR_ROTATION_${string}`;
  constructor(code: `ERR_ROTATION_${string}`, message: string) {
    super(message);
    this.code = code;
  }
}

export class BaseMovedError extends RotationError {
  override readonly name = 'BaseMovedError';
  readonly code = 'ERR_ROTATION_BASE_MOVED';
  constructor(basedOn: string | null, found: string | undefined, pinned: boolean) {
    super(
      `AWSCURRENT is ${found ?? 'absent'}; this rotation is based on ${basedOn ?? 'no version'}. It was given up and its AWSPENDING removed${pinned ? '; its value stays under the pin label, because the target may accept it' : ''}. Start a new rotation.`,
    );
  }
}

export class NothingToRestoreError extends RotationError {
  override readonly name = 'NothingToRestoreError';
  readonly code = 'ERR_ROTATION_NOTHING_TO_RESTORE';
  constructor(secretName: string, versionId: string | undefined) {
    super(
      `${secretName} has no value ${versionId === undefined ? 'labelled AWSPREVIOUS' : `in version ${versionId}`} to go back to; expected a labelled version that holds one. Name another version.`,
    );
  }
}

/** A rollback that would change nothing. */
export class MaterialInUseError extends RotationError {
  override readonly name = 'MaterialInUseError';
  readonly code = 'ERR_ROTATION_NOTHING_TO_RESTORE';
  constructor(material: string) {
    super(
      `${material}, which the version to go back to holds, is in use already; expected other material. Name an older version.`,
    );
  }
}

export class CompromisedMaterialError extends RotationError {
  override readonly name = 'CompromisedMaterialError';
  readonly code = 'ERR_ROTATION_COMPROMISED_MATERIAL';
  constructor(material: string) {
    super(
      `${material} is recorded as compromised and never becomes current again; expected other material. Roll back to another version, or rotate.`,
    );
  }
}

export class ValueTooLargeError extends RotationError {
  override readonly name = 'ValueTooLargeError';
  readonly code = 'ERR_ROTATION_VALUE_TOO_LARGE';
  /** @param room of a sync target: bytes that its limit must leave for the activation; absent: Secrets Manager's limit */
  constructor(bytes: number, limit: number, room?: number) {
    super(
      room === undefined
        ? `The new value has ${bytes} bytes, the limit is ${limit} (API_PutSecretValue). Prune keys first.`
        : `The new value has ${bytes} bytes${room === 0 ? '' : `, and its activation adds up to ${room}`}; the smallest sync target that is given the whole value takes ${limit}. Nothing was stored. Prune keys, give that target a field or the tier Advanced, or take it out of the configuration; then deploy and rotate.`,
    );
  }
}

export class CompanionError extends RotationError {
  override readonly name = 'CompanionError';
  readonly code = 'ERR_ROTATION_COMPANION';
  constructor(name: string, found: string) {
    super(
      `The companion secret "${name}" ${found}; expected a JSON value labelled AWSCURRENT. Store it, then rotate again.`,
    );
  }
}

export class UntrustedEnvironmentError extends RotationError {
  override readonly name = 'UntrustedEnvironmentError';
  readonly code = 'ERR_ROTATION_UNTRUSTED_ENVIRONMENT';
  constructor(variable: string) {
    super(
      `The environment sets ${variable}, which could redirect or weaken this function; expected it to be absent. Deploy the stack again and find out who changed the function's configuration.`,
    );
  }
}

export class RotationEnvironmentError extends RotationError {
  override readonly name = 'RotationEnvironmentError';
  readonly code = 'ERR_ROTATION_ENVIRONMENT';
  constructor(found: readonly string[]) {
    super(
      `Of the function's environment, ${found.join(', ')}; expected what this release's stack sets. Nothing was done. Deploy the stack again, and find out who changed the function's configuration.`,
    );
  }
}
