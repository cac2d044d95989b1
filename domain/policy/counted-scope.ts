/**
 * What a count of rows covers. A proof of zero rows says nothing of a column, a store or a database that was
 * declared after it, so the proof carries this name of what was declared, and whoever rests on it compares.
 */
import { createHash } from 'node:crypto';

export interface Counted {
  readonly columns: readonly {
    readonly id: string;
    readonly table: string;
    readonly column: string;
    readonly path?: readonly string[] | undefined;
  }[];
  /** Names of the stores somebody vouches for. */
  readonly stores: readonly string[];
  /** Where the rows are. */
  readonly endpoint: { readonly host: string; readonly port: number; readonly dbname: string };
}

/** 32 hex digits; the order of declaration does not matter. */
export function scopeOf({ columns, stores, endpoint }: Counted): string {
  const places = columns.map(({ id, table, column, path = [] }) =>
    JSON.stringify([id, table, column, ...path]),
  );
  const { host, port, dbname } = endpoint;
  const text = JSON.stringify([[host, port, dbname], places.sort(), [...stores].sort()]);
  return createHash('sha256').update(`quarterturn scope v1\n${text}`).digest('hex').slice(0, 32);
}
