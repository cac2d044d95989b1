/** Why a drill could not be held. Messages name versions and shapes, never a value. */

export abstract class DrillError extends Error {
  abstract readonly code: `ERR_ROTATION_${string}`;
}

export class InvalidDrillRequestError extends DrillError {
  override readonly name = 'InvalidDrillRequestError';
  readonly code = 'ERR_ROTATION_DRILL_REQUEST';
  constructor(at: string) {
    super(
      `The request does not fit at "${at}"; expected { versionId?, rowsPerColumn? (1 to 1000) }. Use \`quarterturn drill\`.`,
    );
  }
}

export class NoEscrowCopyError extends DrillError {
  override readonly name = 'NoEscrowCopyError';
  readonly code = 'ERR_ROTATION_NO_ESCROW_COPY';
  constructor(secretName: string, versionId: string | undefined, copies: number) {
    super(
      `Escrow holds ${copies} copies of ${secretName}${versionId === undefined ? '' : ` and none of version ${versionId}`}; expected one. A version that was promoted before escrow was deployed has none: rotate the secret once, the new keyset holds the old keys too.`,
    );
  }
}

export class ForeignCopyError extends DrillError {
  override readonly name = 'ForeignCopyError';
  readonly code = 'ERR_ROTATION_ESCROW_COPY_FOREIGN';
  constructor(found: string, expected: string) {
    super(
      `The copy says it is ${found}; expected ${expected}. Somebody stored it by hand: find out who, then name another version.`,
    );
  }
}

export class NotAKeysetError extends DrillError {
  override readonly name = 'NotAKeysetError';
  readonly code = 'ERR_ROTATION_ESCROW_NO_KEYSET';
  constructor(versionId: string) {
    super(
      `The copy of version ${versionId} holds one plain key; expected a keyset, as every rotation makes it. Rotate the secret once.`,
    );
  }
}

export class DrillCredentialError extends DrillError {
  override readonly name = 'DrillCredentialError';
  readonly code = 'ERR_ROTATION_DATABASE_CREDENTIAL';
  constructor() {
    super(
      "The database secret has no JSON value with text in username and password, AWS's keys for them; expected AWSCURRENT to hold it. Rotate it, then hold the drill again.",
    );
  }
}
