/**
 * Do the rows that are there open under the key that is taken over? Before the first rotation they are in the
 * application's own form. The formats the column declares are asked first; what is of none of them is tried in
 * the formats programs use most, so that the finding can say what to declare. Only a tag that fits counts: a value
 * is never taken for opened by its looks.
 */
import type { KeyObject } from 'node:crypto';
import { announcedMarks, columnFormats } from '../../domain/ciphertext/column-formats.ts';
import { CiphertextError } from '../../domain/ciphertext/errors.ts';
import { KeyRing } from '../../domain/ciphertext/keys.ts';
import type { Finding } from '../../domain/events/operator-requests.ts';
import type { DeclaredColumn } from '../../doors/declared-columns.ts';
import { unfit } from '../../doors/postgres/catalogue.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { anyValues, bindingOf, type StoredValue } from '../../doors/postgres/sealed-values.ts';
import { type CommonFormat, commonFormats, writtenAsCode } from './common-formats.ts';

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
  // The adopted key gets its kid with its first rotation; here nothing names it.
  const keys = new KeyRing([{ kid: '0'.repeat(16), key, adopted: true }]);
  return session.transaction(async () => {
    await session.query('set transaction read only');
    await session.query('set local row_security = off');
    const result: AdoptedRows = { opened: 0, findings: [] };
    for (const column of columns) {
      if ((await unfit(session, column)) === undefined) {
        const values = await anyValues(session, column);
        const found = lookInto(column, values, keys);
        result.opened += found.opened;
        result.findings.push(...findingsOf(column, found));
      }
    }
    return result;
  });
}

interface Found {
  looked: number;
  opened: number;
  /** Ciphertext by announcement or by shape, that does not open. */
  refused: number;
  clear: number;
  /** Have the shape of AES-CBC without a MAC, which no key can confirm. */
  unauthenticated: number;
  /** What opened without being declared: of each value, the formats it opens in. */
  undeclared: (readonly CommonFormat[])[];
}

function lookInto(column: DeclaredColumn, values: readonly StoredValue[], keys: KeyRing): Found {
  const found: Found = {
    looked: 0,
    opened: 0,
    refused: 0,
    clear: 0,
    unauthenticated: 0,
    undeclared: [],
  };
  const declared = columnFormats(column);
  for (const { stored, row } of values) {
    if (isQt1(stored)) {
      continue;
    }
    found.looked += 1;
    const recognised = declared.recognise(stored);
    if (
      recognised === 'declared' &&
      opens(() => declared.open(stored, keys, bindingOf(column, row)))
    ) {
      found.opened += 1;
      continue;
    }
    const shaped = commonFormats.filter(({ formats }) => formats.recognise(stored) === 'declared');
    const others = shaped.filter(({ formats }) =>
      opens(() => formats.open(stored, keys, { profile: 'none' })),
    );
    if (others.length > 0) {
      found.opened += 1;
      found.undeclared.push(others);
    } else if (recognised !== undefined || shaped.some(({ isAnyBytes }) => !isAnyBytes)) {
      found.refused += 1;
    } else if (cbcShape.test(stored)) {
      found.unauthenticated += 1;
    } else {
      found.clear += 1;
    }
  }
  return found;
}

/** iv:data in hex, up to 64 KB of it. */
const cbcShape = /^[0-9a-f]{32}:(?:[0-9a-f]{32}){1,4096}$/;

const isQt1 = (stored: string) =>
  announcedMarks.slice(0, 2).some((mark) => stored.startsWith(mark));

/** Few formats that explain all values, the one that explains most first: one text may be right in several encodings. */
function fewest(values: Found['undeclared']): [CommonFormat, number][] {
  const chosen: [CommonFormat, number][] = [];
  for (let left = values; left.length > 0; ) {
    const counts = new Map<CommonFormat, number>();
    for (const format of left.flat()) {
      counts.set(format, (counts.get(format) ?? 0) + 1);
    }
    const [best] = [...counts].sort(([, one], [, other]) => other - one);
    if (best === undefined) {
      break;
    }
    chosen.push(best);
    left = left.filter((formats) => !formats.includes(best[0]));
  }
  return chosen;
}

function findingsOf(
  { table, column, plaintext, accepts }: DeclaredColumn,
  { looked, refused, clear, unauthenticated, undeclared }: Found,
): Finding[] {
  const of = `${looked} sampled values of ${table}.${column}`;
  const findings: Finding[] = [];
  if (refused > 0) {
    findings.push({
      code: 'ROWS_NOT_OPENED',
      level: 'blocks',
      message: `${refused} of ${of} do not open with this key; expected all of them to, ${accepts === undefined ? 'in the usual forms of AES-256-GCM or as Fernet' : 'in the formats the column accepts'}. Is it the key the application encrypts this column with? Take a column it does not encrypt, or that another key encrypts, out of the configuration; list another form under accepts.`,
    });
  }
  const formats = fewest(undeclared);
  if (formats.length > 0) {
    const code = formats.map(([{ settings }]) => writtenAsCode(settings)).join(', ');
    findings.push({
      code: 'FORMAT_NOT_DECLARED',
      // Taken for plaintext, they would be sealed a second time.
      level: plaintext === 'seal' ? 'blocks' : 'warns',
      message: `${undeclared.length} of ${of} open in a format the column does not accept; declare accepts: [${code}], or a re-encryption leaves them as they are and ends unproven.`,
    });
  }
  if (unauthenticated > 0) {
    findings.push({
      code: 'FORMAT_NOT_DECLARED',
      level: plaintext === 'seal' ? 'blocks' : 'warns',
      message: `${unauthenticated} of ${of} look like AES-CBC without a MAC, whose key nothing confirms; if they are, declare accepts: [{ name: 'colon-cbc', opensWith: 'adopted', plaintext: <what the column holds> }] and reencryption mode 'maintenance'.`,
    });
  }
  if (clear > 0) {
    findings.push({
      code: 'ROWS_IN_CLEAR',
      level: 'warns',
      message: `${clear} of ${of} are no ciphertext of a known form.`,
    });
  }
  return findings;
}

function opens(attempt: () => { plaintext: Uint8Array }): boolean {
  try {
    attempt().plaintext.fill(0);
    return true;
  } catch (error) {
    if (error instanceof CiphertextError) {
      return false;
    }
    throw error;
  }
}
