/**
 * The document in escrow: the whole stored value of one version, and which version it is. It is all a
 * program needs to open a row when Secrets Manager or its key is gone; `docs/escrow.md` describes it.
 */

export interface EscrowCopy {
  /** Name of the secret in Secrets Manager. */
  secretName: string;
  /** The version whose value this is. */
  versionId: string;
  /** When the value was made, ISO 8601: of the rotation, not of the copy, so that a repetition is the same. */
  createdAt: string;
  /** As Secrets Manager holds it, byte for byte. */
  secretString: string;
}

/** What readers look at first; they accept this format and the one before. */
const format = 'quarterturn-escrow';
const formatVersion = 1;

export class EscrowDocumentError extends Error {
  override readonly name = 'EscrowDocumentError';
  readonly code = 'ERR_ROTATION_ESCROW_DOCUMENT';
  constructor(found: string) {
    super(
      `The document in escrow ${found}; expected { format: "${format}", version: ${formatVersion}, secretName, versionId, createdAt, secretString }. Take an older version of the object, or another copy.`,
    );
  }
}

/** The same bytes for the same copy. */
export function escrowDocument({
  secretName,
  versionId,
  createdAt,
  secretString,
}: EscrowCopy): string {
  const document = {
    format,
    version: formatVersion,
    secretName,
    versionId,
    createdAt,
    secretString,
  };
  return `${JSON.stringify(document)}\n`;
}

/** @throws EscrowDocumentError; no message contains a part of `text` */
export function parseEscrowDocument(text: string): EscrowCopy {
  const members = membersOf(text);
  if (members.format !== format || members.version !== formatVersion) {
    throw new EscrowDocumentError('is of another format or version');
  }
  const textOf = (name: keyof EscrowCopy): string => {
    const value = members[name];
    if (typeof value !== 'string' || value === '') {
      throw new EscrowDocumentError(`has no text in ${name}`);
    }
    return value;
  };
  return {
    secretName: textOf('secretName'),
    versionId: textOf('versionId'),
    createdAt: textOf('createdAt'),
    secretString: textOf('secretString'),
  };
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // JSON.parse quotes its input in its message.
    throw new EscrowDocumentError('is not JSON');
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw new EscrowDocumentError('is not a JSON object');
  }
  return json as Record<string, unknown>;
}
