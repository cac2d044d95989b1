/** Why an emergency is not begun, followed or shown. Each of them is met before anything was changed. */
import { CliError } from '../errors.ts';

export class NoEmergencyMachineError extends CliError {
  override readonly name = 'NoEmergencyMachineError';
  readonly code = 'ERR_ROTATION_NO_EMERGENCY_MACHINE';
}

export class UnknownEmergencyError extends CliError {
  override readonly name = 'UnknownEmergencyError';
  readonly code = 'ERR_ROTATION_UNKNOWN_EMERGENCY';
}

/** Only who is named in `emergency.contain.principals` may be cut off. */
export class SuspectNotAllowedError extends CliError {
  override readonly name = 'SuspectNotAllowedError';
  readonly code = 'ERR_ROTATION_SUSPECT_NOT_ALLOWED';
}

/** Of what is named, the machine could change nothing. */
export class NothingToProtectError extends CliError {
  override readonly name = 'NothingToProtectError';
  readonly code = 'ERR_ROTATION_NOTHING_TO_PROTECT';
}

/** IAM refused to start the machine. */
export class EmergencyNotAllowedError extends CliError {
  override readonly name = 'EmergencyNotAllowedError';
  readonly code = 'ERR_ROTATION_EMERGENCY_NOT_ALLOWED';
}

/** Nobody was denied anything. */
export class NothingToLiftError extends CliError {
  override readonly name = 'NothingToLiftError';
  readonly code = 'ERR_ROTATION_NOTHING_TO_LIFT';
}

export class EmergencyRunningError extends CliError {
  override readonly name = 'EmergencyRunningError';
  readonly code = 'ERR_ROTATION_EMERGENCY_RUNNING';
}

/** Nothing is left for another execution. */
export class EmergencyClosedError extends CliError {
  override readonly name = 'EmergencyClosedError';
  readonly code = 'ERR_ROTATION_EMERGENCY_CLOSED';
}

export class NoIncidentReportError extends CliError {
  override readonly name = 'NoIncidentReportError';
  readonly code = 'ERR_ROTATION_NO_INCIDENT_REPORT';
}
