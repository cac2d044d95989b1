/** The failure of a state, by the names of the Amazon States Language (states-language.net, Appendix A). */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly error: string;

  constructor(error: string, cause: string) {
    super(cause);
    this.error = error;
  }

  /** Neither Retry nor Catch sees these, not even States.ALL. */
  get terminal(): boolean {
    return this.error === 'States.Runtime' || this.error === 'States.DataLimitExceeded';
  }
}

export function runtimeError(cause: string): StateError {
  return new StateError('States.Runtime', cause);
}
