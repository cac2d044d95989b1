/**
 * SQLite in WebAssembly runs the compiled query over rows of log files. It is loaded when the first query runs:
 * a sandbox that asks Athena nothing never pays for it.
 * @see https://sql.js.org/documentation/
 */
import type { Database, SqlJsStatic } from 'sql.js';
import { QueryError } from './sql/error.ts';
import type { Type } from './sql/functions.ts';

export type Value = string | number | null;

export interface Rows {
  table: string;
  columns: readonly string[];
  rows: readonly (readonly Value[])[];
}

let loaded: Promise<SqlJsStatic> | undefined;

/** By an import, which the package of the command line sees and names among what the sandbox needs. */
function engine(): Promise<SqlJsStatic> {
  loaded ??= import('sql.js').then(({ default: initialize }) => initialize());
  return loaded;
}

/** @throws QueryError for what goes wrong on a row, such as a CAST */
export async function runInSqlite(
  sql: string,
  tables: readonly Rows[],
  types: readonly Type[],
): Promise<(string | null)[][]> {
  const { Database } = await engine();
  const database = new Database();
  try {
    let thrown: QueryError | undefined;
    const guarded =
      <V extends unknown[]>(work: (...values: V) => Value) =>
      (...values: V): Value => {
        try {
          return work(...values);
        } catch (error) {
          thrown ??= error instanceof QueryError ? error : undefined;
          throw error;
        }
      };
    database.run('PRAGMA case_sensitive_like = ON');
    define(database, guarded);
    for (const { table, columns, rows } of tables) {
      const names = columns.map((name) => `"${name}"`).join(', ');
      database.run(`CREATE TABLE ${table} (${names})`);
      const insert = database.prepare(
        `INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`,
      );
      database.run('BEGIN');
      for (const row of rows) {
        insert.run(row);
      }
      database.run('COMMIT');
      insert.free();
    }
    try {
      const [result] = database.exec(sql);
      return (result?.values ?? []).map((row) =>
        row.map((value, index) => shown(value, types[index])),
      );
    } catch (error) {
      throw thrown ?? error;
    }
  } finally {
    database.close();
  }
}

function shown(value: Value, type: Type | undefined): string | null {
  if (value === null) {
    return null;
  }
  return type === 'boolean' ? String(value === 1) : String(value);
}

type Guard = <V extends unknown[]>(work: (...values: V) => Value) => (...values: V) => Value;

/** With null where any parameter is null, as Trino's functions have it. */
function define(database: Database, guarded: Guard): void {
  const functions: Readonly<Record<string, (...values: never[]) => Value>> = {
    // SQLite's own change ASCII alone.
    lower_text: (text: string) => text.toLowerCase(),
    upper_text: (text: string) => text.toUpperCase(),
    starts_with: (text: string, start: string) => Number(text.startsWith(start)),
    regexp_like: (text: string, pattern: string) => Number(expressionOf(pattern).test(text)),
    regexp_extract: (text: string, pattern: string, group: number) =>
      expressionOf(pattern).exec(text)?.[group] ?? null,
    json_extract_scalar: jsonScalar,
    cast_bigint: (text: string) => {
      if (!/^\s*[+-]?\d+\s*$/.test(text)) {
        throw new QueryError('INVALID_CAST_ARGUMENT', `Cannot cast '${text}' to BIGINT`);
      }
      return Number(text);
    },
  };
  for (const [name, work] of Object.entries(functions)) {
    const call = guarded((...values: unknown[]) =>
      values.includes(null) ? null : work(...(values as never[])),
    );
    // sql.js takes the number of parameters from the function itself.
    Object.defineProperty(call, 'length', { value: work.length });
    database.create_function(name, call as (...values: never[]) => Value);
  }
  database.create_aggregate(
    'min_by',
    by((a, b) => a < b),
  );
  database.create_aggregate(
    'max_by',
    by((a, b) => a > b),
  );
}

/** The value beside the least or the greatest; rows without the latter do not count. */
function by(isBetter: (a: string | number, b: string | number) => boolean): object {
  interface Best {
    value: Value;
    key: Value;
  }
  return {
    init: (): Best => ({ value: null, key: null }),
    step: (best: Best, value: Value, key: Value): Best =>
      key !== null && (best.key === null || isBetter(key, best.key)) ? { value, key } : best,
    finalize: ({ value }: Best): Value => value,
  };
}

/** Java's expressions and these agree on what queries use; flags in front are Java's alone. */
function expressionOf(pattern: string): RegExp {
  const [, flags = ''] = /^\(\?([is]+)\)/.exec(pattern) ?? [];
  try {
    return new RegExp(pattern.replace(/^\(\?[is]+\)/, ''), flags);
  } catch {
    throw new QueryError('INVALID_FUNCTION_ARGUMENT', `Invalid regular expression: ${pattern}`);
  }
}

/** `$.a.b`, `$["a b"]`, `$.a[0]`; what is no scalar, or no JSON, is null (functions/json.html). */
function jsonScalar(json: string, path: string): Value {
  const steps = [
    ...path.slice(1).matchAll(/\.([A-Za-z_][\w-]*)|\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]/g),
  ];
  const length = steps.reduce((sum, [step]) => sum + step.length, 0);
  if (!path.startsWith('$') || length !== path.length - 1) {
    throw new QueryError('INVALID_FUNCTION_ARGUMENT', `Invalid JSON path: '${path}'`);
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  for (const [, name, quoted, index] of steps) {
    const key = name ?? quoted ?? index ?? '';
    value =
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined;
  }
  return value === undefined || value === null || typeof value === 'object' ? null : String(value);
}
