export class InvalidAnnouncementError extends Error {
  override readonly name = 'InvalidAnnouncementError';
  readonly code = 'ERR_ROTATION_INVALID_EVENT';
  constructor(found: string) {
    super(
      `The event ${found}; expected one of this deployment as docs/events.md describes it. Nobody was told: find out who put it on the bus.`,
    );
  }
}

/** Thrown when everybody else was told: the call is repeated for those who are left. */
export class NotEverybodyToldError extends Error {
  override readonly name = 'NotEverybodyToldError';
  readonly code = 'ERR_ROTATION_NOT_EVERYBODY_TOLD';
  /** @param left where it was not sent, and why: codes, no text of the message */
  constructor(left: readonly { where: string; code: string }[]) {
    super(
      `Not told: ${left.map(({ where, code }) => `${where} (${code})`).join(', ')}; expected every topic to take its message. Whoever was told is not told again. Check the topic, its key and the right of this function.`,
    );
  }
}
