/** Why a task of an emergency ends. The machine keeps name and message as cause, so no message holds a value. */

export abstract class EmergencyError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

export class InvalidEmergencyInputError extends EmergencyError {
  override readonly name = 'InvalidEmergencyInputError';
  readonly code = 'ERR_ROTATION_EMERGENCY_INPUT';
  constructor(at: string) {
    super(
      `The execution's input does not fit in ${at || 'its shape'}; expected { "secrets": ["<key>"] or "all", "reason": "…" } and what docs/emergency.md names beside them. Nothing was begun: start it again.`,
    );
  }
}

export class UnknownSecretsError extends EmergencyError {
  override readonly name = 'UnknownSecretsError';
  readonly code = 'ERR_ROTATION_EMERGENCY_UNKNOWN_SECRETS';
  constructor(unknown: readonly string[], known: readonly string[]) {
    super(
      `The input names ${unknown.join(', ')}; expected keys of this deployment's secrets: ${known.join(', ')}. Nothing was begun: mend the name and start it again.`,
    );
  }
}

export class RefusedSuspectsError extends EmergencyError {
  override readonly name = 'RefusedSuspectsError';
  readonly code = 'ERR_ROTATION_EMERGENCY_SUSPECTS';
  constructor(refused: readonly string[], because: string) {
    super(
      `The input names ${refused.join(', ')} as suspects; expected ${because}. Nothing was begun: start it again without them, and cut them off yourself where that is needed.`,
    );
  }
}

export class UnattendedLimitsError extends EmergencyError {
  override readonly name = 'UnattendedLimitsError';
  readonly code = 'ERR_ROTATION_EMERGENCY_UNATTENDED';
  constructor(found: string) {
    super(
      `The input is unattended and asks for ${found}; expected the named secrets alone: what nobody decided changes those and stops no consumer. Nothing was begun: a person starts what goes beyond it.`,
    );
  }
}

export class ConsumersMustStopError extends EmergencyError {
  override readonly name = 'ConsumersMustStopError';
  readonly code = 'ERR_ROTATION_EMERGENCY_CONSUMERS_MUST_STOP';
  constructor(keys: readonly string[]) {
    super(
      `keepRunning is given and the readers of ${keys.join(', ')} know one key, or its rows move with consumers stopped; expected them to be stopped: under a new key running ones could not open what is there. Nothing was begun: leave keepRunning out, or stop them yourself and say so (quarterturn reencrypt consumers --stopped).`,
    );
  }
}

export class SecretsTakenError extends EmergencyError {
  override readonly name = 'SecretsTakenError';
  readonly code = 'ERR_ROTATION_EMERGENCY_SECRETS_TAKEN';
  constructor(id: string, keys: readonly string[]) {
    super(
      `Emergency ${id} is running and changes ${keys.join(', ')}; expected no other one to. Nothing was begun: follow that one, or start an execution under its id when it has ended.`,
    );
  }
}

export class EmergencyRunningError extends EmergencyError {
  override readonly name = 'EmergencyRunningError';
  readonly code = 'ERR_ROTATION_EMERGENCY_RUNNING';
  constructor(id: string, execution: string) {
    super(
      `Emergency ${id} is being worked on by ${execution}; expected that execution to have ended before another one goes on with it. Nothing was begun: follow that one.`,
    );
  }
}

export class EmergencyMismatchError extends EmergencyError {
  override readonly name = 'EmergencyMismatchError';
  readonly code = 'ERR_ROTATION_EMERGENCY_MISMATCH';
  constructor(id: string, found: string) {
    super(
      `Emergency ${id} ${found}; expected an execution under its id to ask for the same. Nothing was begun: leave the id out to begin another one.`,
    );
  }
}

export class UnknownEmergencyError extends EmergencyError {
  override readonly name = 'UnknownEmergencyError';
  readonly code = 'ERR_ROTATION_EMERGENCY_UNKNOWN';
  constructor(id: string) {
    super(
      `No emergency ${id} is on record in this deployment; expected an id as \`quarterturn emergency\` prints it. Nothing was done.`,
    );
  }
}

/** Another rotation comes in between again and again. */
export class RotationInTheWayError extends EmergencyError {
  override readonly name = 'RotationInTheWayError';
  readonly code = 'ERR_ROTATION_IN_PROGRESS';
  constructor(secretName: string, pending: string | undefined, tries: number) {
    super(
      `${secretName} has rotation ${pending ?? 'unknown'} in progress after ${tries} attempts to clear the way; expected AWSPENDING to be absent or on AWSCURRENT. Look at quarterturn doctor, then go on under the same id.`,
    );
  }
}

export class NotPromotedError extends EmergencyError {
  override readonly name = 'NotPromotedError';
  readonly code = 'ERR_ROTATION_EMERGENCY_NOT_PROMOTED';
  constructor(secretName: string, versionId: string, found: string) {
    super(
      `Version ${versionId} of ${secretName} is not AWSCURRENT: ${found}; expected it to be promoted within ten minutes. The old credential still works. Mend that, then go on under the same id: it is asked for anew.`,
    );
  }
}

export class NotProvenError extends EmergencyError {
  override readonly name = 'NotProvenError';
  readonly code = 'ERR_ROTATION_EMERGENCY_NOT_PROVEN';
  constructor(secretName: string, versionId: string, found: string) {
    super(
      `Version ${versionId} of ${secretName} is AWSCURRENT, and nothing shows yet what became of the old credential: ${found}; expected a look at it. Mend that, then go on under the same id.`,
    );
  }
}

export class ContainmentError extends EmergencyError {
  override readonly name = 'ContainmentError';
  readonly code = 'ERR_ROTATION_EMERGENCY_CONTAINMENT';
  constructor(failed: readonly string[]) {
    super(
      `Not everything could be denied to the suspects: ${failed.join('; ')}; expected a statement in every secret's resource policy, and their sessions revoked. Secrets are changed all the same: cut the suspects off yourself, then go on under the same id.`,
    );
  }
}

export class LiftError extends EmergencyError {
  override readonly name = 'LiftError';
  readonly code = 'ERR_ROTATION_EMERGENCY_LIFT';
  constructor(failed: readonly string[]) {
    super(
      `Not everything that was denied could be taken back: ${failed.join('; ')}; expected no statement of this emergency to be left. The rest is lifted: mend that, and start it again.`,
    );
  }
}

/** Stages are noted with it; what follows is done all the same. */
export class StageIncompleteError extends EmergencyError {
  override readonly name = 'StageIncompleteError';
  readonly code = 'ERR_ROTATION_EMERGENCY_STAGE_INCOMPLETE';
}

export class InvalidTaskError extends EmergencyError {
  override readonly name = 'InvalidTaskError';
  readonly code = 'ERR_ROTATION_INVALID_TASK';
  constructor(at: string) {
    super(
      `The task's input does not fit in ${at || 'its shape'}; expected { task, execution, progress } as the emergency machine sends it, or the end of one of its executions as EventBridge tells it. Nothing was done.`,
    );
  }
}

/** Something that is not ours went wrong; its message may hold anything, so only its class is told. */
export class UnexpectedError extends EmergencyError {
  override readonly name = 'UnexpectedError';
  readonly code = 'ERR_ROTATION_UNEXPECTED';
  constructor(className: string) {
    super(
      `${className} was thrown; its message is withheld, because it may hold anything. Go on under the same id to try again.`,
    );
  }
}
