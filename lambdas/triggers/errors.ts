/** Why a trigger is refused. It is told and not tried again: nothing about it gets better. */
export type TriggerRefusalCode =
  | 'ERR_ROTATION_TRIGGER_FORGED'
  | 'ERR_ROTATION_TRIGGER_INVALID'
  | 'ERR_ROTATION_TRIGGER_NOT_CONFIGURED'
  | 'ERR_ROTATION_TRIGGER_UNKNOWN_SECRET'
  | 'ERR_ROTATION_TRIGGER_UNKNOWN_PERSON'
  | 'ERR_ROTATION_TRIGGER_REPLAYED'
  | 'ERR_ROTATION_TRIGGER_TOO_SOON';

export class TriggerRefusedError extends Error {
  override readonly name = 'TriggerRefusedError';
  readonly code: TriggerRefusalCode;
  constructor(code: TriggerRefusalCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Some of the secrets could not be asked for: the event is tried again, and the others are not asked twice. */
export class NotEverythingAskedError extends Error {
  override readonly name = 'NotEverythingAskedError';
  readonly code = 'ERR_ROTATION_TRIGGER_NOT_EVERYTHING_ASKED';
  constructor(left: readonly { key: string; code: string }[]) {
    super(
      `Not asked for: ${left.map(({ key, code }) => `${key} (${code})`).join(', ')}; expected an emergency of them to begin. Lambda repeats the event twice, then it is a dead letter; see quarterturn status.`,
    );
  }
}

export class TriggerSettingsError extends Error {
  override readonly name = 'TriggerSettingsError';
  readonly code = 'ERR_ROTATION_TRIGGER_SETTINGS';
  constructor(found: string) {
    super(
      `triggers.json beside the bundle ${found}; expected the triggers as the deployment writes them. Deploy the stack again.`,
    );
  }
}
