/** The keys of a value do not behave as their states say. */
export class JwtProbeFailedError extends Error {
  override readonly name = 'JwtProbeFailedError';
  readonly code = 'ERR_ROTATION_JWT_PROBE_FAILED';
  constructor(finding: string) {
    super(`Probe of the JWT keyset: ${finding}. The value is not promoted; AWSCURRENT stays.`);
  }
}
