/**
 * Do the rows that are there open under the key that is taken over? Before the first rotation they are in the
 * application's own form. Two forms are tried, AES-256-GCM with the key as it is: nonce, ciphertext and tag in
 * one text (base64, base64url or hex), and three texts with colons between them. Only a tag that fits counts, so a
 * value is never taken for opened by its looks.
 */
import { Buffer } from 'node:buffer';
import { createDecipheriv, type KeyObject } from 'node:crypto';
import type { Finding } from '../../domain/events/operator-requests.ts';
import type { DeclaredColumn } from '../../doors/declared-columns.ts';
import { unfit } from '../../doors/postgres/catalogue.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { quoteIdentifier } from '../../doors/postgres/identifiers.ts';

const sampledRows = 100;
const tagBytes = 16;
const nonceSizes = [12, 16];
const keyBytes = 32;

interface Sealed {
  nonce: Buffer;
  ciphertext: Buffer;
  tag: Buffer;
}

export interface AdoptedRows {
  opened: number;
  findings: Finding[];
}

/** Reads only. Values in qt1 are the rotation's own preflight's business: they name the key they need. */
export async function adoptedRows(
  session: Session,
  columns: readonly DeclaredColumn[],
  key: KeyObject,
): Promise<AdoptedRows> {
  return session.transaction(async () => {
    await session.query('set transaction read only');
    await session.query('set local row_security = off');
    const result: AdoptedRows = { opened: 0, findings: [] };
    for (const column of columns) {
      if ((await unfit(session, column)) === undefined) {
        await lookInto(session, column, key, result);
      }
    }
    return result;
  });
}

async function lookInto(
  session: Session,
  { table, column }: DeclaredColumn,
  key: KeyObject,
  result: AdoptedRows,
): Promise<void> {
  const name = quoteIdentifier(column);
  const rows = await session.query<{ value: string }>(
    `select ${name}::text as value from ${table.split('.').map(quoteIdentifier).join('.')}
      where ${name} is not null and not starts_with(${name}, 'qt1.') limit ${sampledRows}`,
  );
  const sealed = rows.map(({ value }) => readings(value));
  const ciphertexts = sealed.filter((candidates) => candidates.length > 0);
  const opened = ciphertexts.filter((candidates) => candidates.some((it) => opens(it, key))).length;
  result.opened += opened;
  if (opened < ciphertexts.length) {
    result.findings.push({
      code: 'ROWS_NOT_OPENED',
      level: 'blocks',
      message: `${ciphertexts.length - opened} of ${rows.length} sampled values of ${table}.${column} do not open with this key; expected all of them to, as AES-256-GCM with nonce, ciphertext and tag in one text or with colons between them. Is it the key the application encrypts this column with? Take a column it does not encrypt, or that another key or another form encrypts, out of the configuration.`,
    });
  }
  const clear = rows.length - ciphertexts.length;
  if (clear > 0) {
    result.findings.push({
      code: 'ROWS_IN_CLEAR',
      level: 'warns',
      message: `${clear} of ${rows.length} sampled values of ${table}.${column} are no ciphertext of a known form.`,
    });
  }
}

/** Every way to read a text as nonce, ciphertext and tag; none: it is no ciphertext of these forms. */
function readings(text: string): Sealed[] {
  const parts = text.split(':');
  if (parts.length === 3) {
    const [first, second, third] = parts.map(decoded);
    if (!first || !second || !third) {
      return [];
    }
    return [
      { nonce: first, tag: second, ciphertext: third },
      { nonce: first, ciphertext: second, tag: third },
    ].filter(({ nonce, tag }) => nonceSizes.includes(nonce.length) && tag.length === tagBytes);
  }
  const whole = parts.length === 1 ? decoded(text) : undefined;
  return nonceSizes
    .filter((size) => whole !== undefined && whole.length >= size + tagBytes)
    .map((size) => ({
      nonce: (whole as Buffer).subarray(0, size),
      ciphertext: (whole as Buffer).subarray(size, -tagBytes),
      tag: (whole as Buffer).subarray(-tagBytes),
    }));
}

/** Canonical text only: words and numbers are rarely one. */
function decoded(text: string): Buffer | undefined {
  if (/^([0-9a-f]{2})+$/i.test(text)) {
    return Buffer.from(text, 'hex');
  }
  for (const encoding of ['base64', 'base64url'] as const) {
    const bytes = Buffer.from(text, encoding);
    if (
      bytes.length > 0 &&
      bytes.toString(encoding).replace(/=+$/, '') === text.replace(/=+$/, '')
    ) {
      return bytes;
    }
  }
  return undefined;
}

function opens({ nonce, ciphertext, tag }: Sealed, key: KeyObject): boolean {
  if (key.symmetricKeySize !== keyBytes) {
    return false;
  }
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes });
    decipher.setAuthTag(tag);
    decipher.update(ciphertext);
    decipher.final();
    return true;
  } catch {
    return false;
  }
}
