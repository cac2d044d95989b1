/** Opens sealed values of every declared column with the keys of one keyset, and counts. */
import { columnFormats } from '../../domain/ciphertext/column-formats.ts';
import { CiphertextError, UnknownCiphertextKeyError } from '../../domain/ciphertext/errors.ts';
import type { KeyRing } from '../../domain/ciphertext/keys.ts';
import type { DrilledColumn } from '../../domain/events/drill.ts';
import type { DeclaredColumn } from '../../doors/declared-columns.ts';
import { unfit } from '../../doors/postgres/catalogue.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { bindingOf, drawSealed } from '../../doors/postgres/sealed-values.ts';

export interface Restored {
  columns: DrilledColumn[];
  kidsMissing: string[];
}

/** Reads only, in one transaction. */
export async function restoreColumns(
  session: Session,
  declared: readonly DeclaredColumn[],
  keys: KeyRing,
  rowsPerColumn: number,
): Promise<Restored> {
  return session.transaction(async () => {
    await session.query('set transaction read only');
    // Rows hidden by a policy must be an error, not a silence (PostgreSQL, "row_security").
    await session.query('set local row_security = off');
    const missing = new Set<string>();
    const columns: DrilledColumn[] = [];
    for (const column of declared) {
      const problem = await unfit(session, column);
      columns.push(
        problem === undefined
          ? await restoreColumn(session, column, keys, rowsPerColumn, missing)
          : { ...placed(column), sampled: 0, opened: 0, refused: [], kids: [], problem },
      );
    }
    return { columns, kidsMissing: [...missing].sort() };
  });
}

async function restoreColumn(
  session: Session,
  column: DeclaredColumn,
  keys: KeyRing,
  rows: number,
  missing: Set<string>,
): Promise<DrilledColumn> {
  const formats = columnFormats(column);
  const drawn = await drawSealed(session, column, rows);
  const kids = new Map<string, number>();
  const refused = new Map<string, number>();
  for (const { stored, row } of drawn) {
    try {
      const { kid, plaintext } = formats.open(stored, keys, bindingOf(column, row));
      plaintext.fill(0);
      count(kids, kid);
    } catch (error) {
      if (!(error instanceof CiphertextError)) {
        throw error;
      }
      count(kids, named(formats.kidOf(stored, keys)));
      count(refused, error.code);
      if (error instanceof UnknownCiphertextKeyError) {
        missing.add(error.kid);
      }
    }
  }
  const unopened = [...refused.values()].reduce((sum, each) => sum + each, 0);
  return {
    ...placed(column),
    sampled: drawn.length,
    opened: drawn.length - unopened,
    refused: [...refused].map(([code, times]) => ({ code, count: times })),
    kids: [...kids].map(([kid, times]) => ({ kid, count: times })),
  };
}

const placed = ({ id, table, column }: DeclaredColumn) => ({ id, table, column });

const count = (counts: Map<string, number>, what: string) =>
  counts.set(what, (counts.get(what) ?? 0) + 1);

/** Of a value that does not open. What a damaged one has in the place of its kid may be anything, and is not told. */
function named(id: string | undefined): string {
  return id !== undefined && /^(?:[0-9a-f]{8}){1,2}$/.test(id) ? id : 'unreadable';
}
