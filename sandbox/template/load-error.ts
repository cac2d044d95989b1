/** The assembly cannot be loaded as it stands; the message names what to change. */
export class SandboxLoadError extends Error {
  override readonly name = 'SandboxLoadError';
  readonly code = 'ERR_SANDBOX_LOAD';
}
