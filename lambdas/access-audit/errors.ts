export class InvalidAccessQuestionError extends Error {
  override readonly name = 'InvalidAccessQuestionError';
  readonly code = 'ERR_ROTATION_ACCESS_QUESTION_INVALID';
  /** @param found where the question does not fit, and what is expected there; nothing of its content */
  constructor(found: string) {
    super(`The question who read which secret is refused: ${found}.`);
  }
}

export class ForeignProgressError extends Error {
  override readonly name = 'ForeignProgressError';
  readonly code = 'ERR_ROTATION_ACCESS_PROGRESS_FOREIGN';
  constructor(found: string) {
    super(
      `The progress that came with the question ${found}; expected the one that was answered to this question, unchanged. Ask without progress: the audit begins anew.`,
    );
  }
}
