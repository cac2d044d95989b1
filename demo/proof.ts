/** A fact the demo promised to read back, and did not find. */
export class ProofFailedError extends Error {
  override readonly name = 'ProofFailedError';
  readonly code = 'ERR_ROTATION_PROOF_FAILED';
}

/** @throws ProofFailedError when `holds` is false; `expected` says what should have been */
export function prove(holds: boolean, expected: string): asserts holds {
  if (!holds) {
    throw new ProofFailedError(`Expected: ${expected}. It is not so.`);
  }
}

/** @throws ProofFailedError when there is no such thing */
export function present<T>(value: T | undefined, what: string): T {
  prove(value !== undefined, what);
  return value;
}
