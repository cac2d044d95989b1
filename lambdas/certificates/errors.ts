/** Thrown so that Lambda repeats the look; what was recorded and told stays so. */
export class CertificatesNotCheckedError extends Error {
  override readonly name = 'CertificatesNotCheckedError';
  readonly code = 'ERR_ROTATION_CERTIFICATES_NOT_CHECKED';
  constructor(certificates: readonly string[]) {
    super(
      `What was found of ${certificates.join(', ')} could not be recorded or told; expected every certificate to be. The log names the reason of each. Lambda repeats the look, which tells nobody twice.`,
    );
  }
}
