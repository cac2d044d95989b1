import { CliError } from '../errors.ts';

/** The deployment has no function that takes fingerprints. */
export class NoFingerprintsError extends CliError {
  override readonly name = 'NoFingerprintsError';
  readonly code = 'ERR_ROTATION_NO_FINGERPRINTS';
}

/** A path of the command line that cannot be looked at. */
export class ScanPathError extends CliError {
  override readonly name = 'ScanPathError';
  readonly code = 'ERR_ROTATION_SCAN_PATH';
}
