/** Errors of the command line: what was found, what was expected, what to do. */

/** Found, expected, fix; main prints the message as it is. */
export abstract class CliError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

/** The command line itself is wrong: exit code 2. */
export class UsageError extends CliError {
  override readonly name = 'UsageError';
  readonly code = 'ERR_ROTATION_USAGE';
}

export class UnknownDeploymentError extends CliError {
  override readonly name = 'UnknownDeploymentError';
  readonly code = 'ERR_ROTATION_UNKNOWN_DEPLOYMENT';
}

export class EndpointMismatchError extends CliError {
  override readonly name = 'EndpointMismatchError';
  readonly code = 'ERR_ROTATION_ENDPOINT_MISMATCH';
}

export class UnknownSecretError extends CliError {
  override readonly name = 'UnknownSecretError';
  readonly code = 'ERR_ROTATION_UNKNOWN_SECRET';
}

export class NoDrillError extends CliError {
  override readonly name = 'NoDrillError';
  readonly code = 'ERR_ROTATION_NO_DRILL';
}

/** The function speaks another release. */
export class DrillAnswerError extends CliError {
  override readonly name = 'DrillAnswerError';
  readonly code = 'ERR_ROTATION_DRILL_ANSWER';
}

export class NotRotatedError extends CliError {
  override readonly name = 'NotRotatedError';
  readonly code = 'ERR_ROTATION_NOT_ROTATED';
}

export class FunctionAnswerError extends CliError {
  override readonly name = 'FunctionAnswerError';
  readonly code = 'ERR_ROTATION_FUNCTION_ANSWER';
  constructor(functionName: string, at: string) {
    super(
      `${functionName} answered something this release does not know (at "${at}"); expected both to be of one release. Deploy the stack with this release, or use the release that was deployed.`,
    );
  }
}

export class NotAdoptableError extends CliError {
  override readonly name = 'NotAdoptableError';
  readonly code = 'ERR_ROTATION_NOT_ADOPTABLE';
}

export class NotReencryptedError extends CliError {
  override readonly name = 'NotReencryptedError';
  readonly code = 'ERR_ROTATION_NOT_REENCRYPTED';
}

export class ReportFileError extends CliError {
  override readonly name = 'ReportFileError';
  readonly code = 'ERR_ROTATION_REPORT_FILE';
}

/** The deployment takes no event of a pipeline, or none of this caller. */
export class NoGateError extends CliError {
  override readonly name = 'NoGateError';
  readonly code = 'ERR_ROTATION_NO_GATE';
}

/** A repair of doctor that changed nothing, or not enough. */
export class RepairFailedError extends CliError {
  override readonly name = 'RepairFailedError';
  readonly code = 'ERR_ROTATION_REPAIR_FAILED';
}
