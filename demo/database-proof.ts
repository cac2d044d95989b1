/** What PostgreSQL itself says of the rows, without any key: a ciphertext names the key it is under. */
import type { Session } from '../doors/postgres/door.ts';

export interface SealedPlace {
  /** `schema.table` */
  table: string;
  column: string;
}

/** Identifiers are those of the configuration, which admits no other characters than need no quotes. */
const prefixOf = (kid: string): string => `'qt1.${kid}.%'`;

/** The condition that is counted, for a person to count it again. */
export const underAnotherKey = (kid: string): string => `NOT LIKE ${prefixOf(kid)}`;

export interface CountedTable {
  table: string;
  rows: number;
  /** Rows under another key, by column. */
  others: { column: string; rows: number }[];
}

/** One statement a table, so that its columns are counted at one moment. */
export async function countRows(
  session: Session,
  places: readonly SealedPlace[],
  kid: string,
): Promise<CountedTable[]> {
  const counted: CountedTable[] = [];
  for (const table of new Set(places.map((place) => place.table))) {
    const columns = places.flatMap((place) => (place.table === table ? [place.column] : []));
    const counts = columns.map((column) => {
      const isOther = `${column} ${underAnotherKey(kid)}`;
      return `count(*) FILTER (WHERE ${isOther})::int AS ${column}`;
    });
    const [row] = await session.query<Record<string, number>>(
      `SELECT count(*)::int AS "of all", ${counts.join(', ')} FROM ${table}`,
    );
    counted.push({
      table,
      rows: row?.['of all'] ?? 0,
      others: columns.map((column) => ({ column, rows: row?.[column] ?? Number.NaN })),
    });
  }
  return counted;
}

/**
 * Lets PostgreSQL accept that no row of a column is under another key, and that none is written: a CHECK
 * constraint NOT VALID binds what is written from then on, VALIDATE CONSTRAINT looks at every row that is
 * there (manual, ALTER TABLE, "Notes"). Taken away again: the next key could not be written with it.
 * @throws PostgresError with SQLSTATE 23514 when a row is under another key
 */
export async function validateRows(
  session: Session,
  places: readonly SealedPlace[],
  kid: string,
): Promise<void> {
  await session.query("SELECT set_config('lock_timeout', '2s', false)");
  for (const { table, column } of places) {
    const name = `${column}_under_${kid}`;
    await session.query(
      `ALTER TABLE ${table} ADD CONSTRAINT ${name} CHECK (${column} LIKE ${prefixOf(kid)}) NOT VALID`,
    );
    try {
      await session.query(`ALTER TABLE ${table} VALIDATE CONSTRAINT ${name}`);
    } finally {
      await session.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
    }
  }
}
