import { ClientError } from '../errors.ts';

/** A check ended without an error and without the right result, or did not end. */
export class HealthCheckError extends ClientError {
  override readonly name = 'HealthCheckError';
  readonly code = 'ERR_ROTATION_HEALTH';
}
