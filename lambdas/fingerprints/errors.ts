/** The question is not one. Where it does not fit is said, never what stands there: the key is part of it. */
export class FingerprintsQuestionError extends Error {
  override readonly name = 'FingerprintsQuestionError';
  readonly code = 'ERR_ROTATION_FINGERPRINTS_QUESTION';
  constructor(found: string) {
    super(
      `The question for fingerprints does not fit: ${found}; expected {"operation":"fingerprints","scanKey":"<64 hex digits>","secrets":["<key>", …]} with at most ten keys of this deployment. Ask with \`quarterturn scan\`.`,
    );
  }
}

/** A scan without this secret would call a repository clean that it has not looked at. */
export class FingerprintsNotTakenError extends Error {
  override readonly name = 'FingerprintsNotTakenError';
  readonly code = 'ERR_ROTATION_FINGERPRINTS_NOT_TAKEN';
  constructor(secret: string, found: string) {
    super(
      `The fingerprints of ${secret} could not be taken: ${found}; expected every labelled version of it to be readable by this function. Correct that, or name the other secrets alone: quarterturn scan --secret <key>.`,
    );
  }
}
