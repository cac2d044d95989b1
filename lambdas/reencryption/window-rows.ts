/** The rows of one window: how they are read, and what is to be done with each. */
import type { BulkSession, TextRow } from '../../doors/postgres/bulk-session.ts';
import type { Range } from './claim.ts';
import { type Outcome, rewrite, type WindowRow } from './examine.ts';
import type { Job } from './job.ts';
import type { ColumnProgress, Quarantined } from './progress.ts';
import { windowStatement } from './statements.ts';
import type { LeafTable } from './table.ts';

export interface WindowLimits {
  /** Rows read at once. */
  readonly rows: number;
  /** Bytes of stored values read at once; a single larger value is read alone. */
  readonly bytes: number;
  readonly strides: number;
  /** Milliseconds a statement waits for a lock an application holds. */
  readonly lockTimeout: number;
  readonly leaseSeconds: number;
}

/** What a batch runs in: retried by the caller's rules, as a whole. */
export type Transact = <T>(work: () => Promise<T>) => Promise<T>;

export interface WindowTools {
  readonly session: BulkSession;
  readonly transact: Transact;
  readonly job: Job;
  readonly range: Range;
  readonly leaf: LeafTable;
  readonly owner: string;
  readonly limits: WindowLimits;
}

export interface Change {
  readonly row: WindowRow;
  /** By field: undefined where the field stays. */
  readonly fields: readonly (Extract<Outcome, { kind: 'changed' }> | undefined)[];
}

export function claimOf({ job, range, owner, limits }: Omit<WindowTools, 'leaf'>) {
  return { job, range, owner, leaseSeconds: limits.leaseSeconds };
}

export async function readWindow(
  { session, leaf, limits }: Pick<WindowTools, 'session' | 'leaf' | 'limits'>,
  after: readonly string[] | undefined,
  upto: readonly string[] | undefined,
): Promise<WindowRow[]> {
  const text = windowStatement(leaf, { lower: after !== undefined, upper: upto !== undefined });
  const values = [String(limits.rows), String(limits.bytes), ...(after ?? []), ...(upto ?? [])];
  // The transaction makes the settings hold behind a pooler; a read needs no fence.
  const rows = await session.transaction(async () => {
    await session.rows(readSettings);
    return session.rows(text, values);
  });
  return rows.map((row) => asWindowRow(leaf, row));
}

export const readSettings = `select set_config('row_security', 'off', true)`;

export function asWindowRow({ order, identity }: LeafTable, row: TextRow): WindowRow {
  const keys = order.length + identity.length;
  return {
    order: row.slice(0, order.length) as string[],
    identity: row.slice(order.length, keys) as string[],
    raw: row.slice(keys),
  };
}

/** Counts what stays, notes what cannot be read, gives back what is to be changed. `only`: fields to look at. */
export function examine(
  { fields, identity }: LeafTable,
  row: WindowRow,
  columns: readonly ColumnProgress[],
  found: Quarantined[],
  only?: Change['fields'],
): Change | undefined {
  const changed: Change['fields'][number][] = [];
  let isChanged = false;
  for (const [at, field] of fields.entries()) {
    const column = columns[at];
    if (column === undefined || (only !== undefined && only[at] === undefined)) {
      changed.push(undefined);
      continue;
    }
    const outcome = rewrite(field, row.raw[at] ?? null, row);
    if (outcome.kind === 'changed') {
      changed.push(outcome);
      isChanged = true;
      continue;
    }
    changed.push(undefined);
    column[outcome.kind] += 1;
    if (outcome.kind === 'quarantined') {
      const { reason, kid } = outcome;
      const rowKey = identity.length > 0 ? row.identity : row.order;
      found.push({ columnId: column.columnId, rowKey, reason, kid });
    }
  }
  return isChanged ? { row, fields: changed } : undefined;
}

/** Left as it is, and told of. */
export function setAside(
  leaf: LeafTable,
  { row, fields }: Change,
  columns: readonly ColumnProgress[],
  found: Quarantined[],
  reason: string,
): void {
  const rowKey = leaf.identity.length > 0 ? row.identity : row.order;
  for (const [at, column] of columns.entries()) {
    if (fields[at] !== undefined) {
      column.quarantined += 1;
      found.push({ columnId: column.columnId, rowKey, reason, kid: undefined });
    }
  }
}
