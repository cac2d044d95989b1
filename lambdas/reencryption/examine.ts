/** What is to be done with the rows of a window. No database here: texts in, texts out. */
import { Buffer } from 'node:buffer';
import { CiphertextError, UnknownCiphertextKeyError } from '../../domain/ciphertext/errors.ts';
import type { FieldCipher } from './cipher.ts';
import type { Field } from './field.ts';

export interface WindowRow {
  readonly order: readonly string[];
  readonly identity: readonly string[];
  /** As the fields read them. */
  readonly raw: readonly (string | null)[];
}

export type Outcome =
  | { readonly kind: 'nulls' | 'skipped' | 'opened' | 'remaining' }
  | { readonly kind: 'changed'; readonly old: string; readonly now: string; readonly seals: number }
  | { readonly kind: 'quarantined'; readonly reason: string; readonly kid: string | undefined };

const nulls: Outcome = { kind: 'nulls' };
const skipped: Outcome = { kind: 'skipped' };
const verified: Outcome = { kind: 'opened' };
const remaining: Outcome = { kind: 'remaining' };

function quarantined(reason: string, kid?: string): Outcome {
  return { kind: 'quarantined', reason, kid };
}

/**
 * Rewrites one field of one row. A value that fails to open is left as it is, with all others of its array:
 * what cannot be read is never written over.
 */
export function rewrite(field: Field, raw: string | null, row: WindowRow): Outcome {
  const stored = field.decode(raw);
  if (stored.kind !== 'texts') {
    return stored.kind === 'null' ? nulls : quarantined('NOT_TEXT');
  }
  const { cipher } = field;
  let seals = 0;
  let values = 0;
  const now: (string | null)[] = [];
  for (const text of stored.texts) {
    if (text === null || text === '') {
      now.push(text);
      values += text === '' ? 1 : 0;
      continue;
    }
    values += 1;
    const kind = cipher.classify(text);
    if (kind === 'target') {
      now.push(text);
      continue;
    }
    if (kind === 'other' && field.column.plaintext !== 'seal') {
      return quarantined('NOT_CIPHERTEXT');
    }
    const plaintext =
      kind === 'other' ? Buffer.from(text, field.encoding) : opened(cipher, text, row);
    if (!Buffer.isBuffer(plaintext)) {
      return plaintext;
    }
    // What cannot be sealed is no fault of the value: a key at its limit, a random source that repeats.
    const sealed = cipher.seal(plaintext, row.identity);
    plaintext.fill(0);
    if (field.limit !== undefined && sealed.length > field.limit) {
      return quarantined('TOO_LONG', namedKid(cipher.kidOf(text)));
    }
    now.push(sealed);
    seals += 1;
  }
  if (seals === 0) {
    return values === 0 && stored.texts.length > 0 ? nulls : skipped;
  }
  return { kind: 'changed', old: field.encode(stored.texts), now: field.encode(now), seals };
}

/** Opens one field of one row with the target key and no other; writes nothing. */
export function verify(field: Field, raw: string | null, row: WindowRow): Outcome {
  const stored = field.decode(raw);
  if (stored.kind !== 'texts') {
    return stored.kind === 'null' ? nulls : quarantined('NOT_TEXT');
  }
  let outcome: Outcome = stored.texts.some((text) => text !== null) ? skipped : nulls;
  for (const text of stored.texts) {
    if (text === null || text === '') {
      continue;
    }
    switch (field.cipher.classify(text)) {
      case 'other':
        return quarantined('NOT_CIPHERTEXT');
      case 'ciphertext':
        outcome = remaining;
        break;
      case 'target':
        try {
          field.cipher.open(text, row.identity).fill(0);
        } catch (error) {
          return quarantined(
            reasonOf(error),
            missingKid(error) ?? namedKid(field.cipher.kidOf(text)),
          );
        }
        outcome = outcome === remaining ? remaining : verified;
    }
  }
  return outcome;
}

function opened(cipher: FieldCipher, text: string, row: WindowRow): Buffer | Outcome {
  try {
    return cipher.open(text, row.identity);
  } catch (error) {
    return quarantined(reasonOf(error), missingKid(error) ?? namedKid(cipher.kidOf(text)));
  }
}

/** "REFUSED" of ERR_ROTATION_CIPHERTEXT_REFUSED. What is no fault of the value is thrown on. */
function reasonOf(error: unknown): string {
  if (!(error instanceof CiphertextError)) {
    throw error;
  }
  return error.code.replace(/^ERR_ROTATION_(CIPHERTEXT_)?/, '');
}

function missingKid(error: unknown): string | undefined {
  return error instanceof UnknownCiphertextKeyError ? namedKid(error.kid) : undefined;
}

/** Some formats call their keys by other names, and a damaged value may call it anything. */
function namedKid(id: string | undefined): string | undefined {
  return id !== undefined && /^[0-9a-f]{16}$/.test(id) ? id : undefined;
}
