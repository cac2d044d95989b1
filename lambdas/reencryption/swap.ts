/** One batch of changes on its way to the server, and what becomes of those that do not arrive. */
import { arrayLiteral } from '../../doors/postgres/array-literal.ts';
import type { TextRow } from '../../doors/postgres/bulk-session.ts';
import { PostgresError } from '../../doors/postgres/errors.ts';
import type { WindowRow } from './examine.ts';
import { assertStillOurs } from './job.ts';
import { type ColumnProgress, noProgress, type Quarantined, recordProgress } from './progress.ts';
import { countSeals } from './seals.ts';
import { rowsStatement, updateStatement } from './statements.ts';
import type { LeafTable } from './table.ts';
import {
  asWindowRow,
  type Change,
  claimOf,
  examine,
  readSettings,
  setAside,
  type WindowTools,
} from './window-rows.ts';

/** A row that was missed is read and tried again this often. */
const maximumTries = 3;
/** Fields of one window that the server may refuse before its refusal is the answer. */
const maximumRefused = 50;

/**
 * A constraint or a trigger of the application refuses the new value of one row: that row is found by halves and
 * quarantined, and the others are written. Where it refuses many, it is not the rows. @returns as `swap`
 */
export async function swapOrRefuse(
  tools: WindowTools,
  changes: readonly Change[],
  columns: readonly ColumnProgress[],
  found: Quarantined[],
): Promise<Change[]> {
  try {
    return await swap(tools, changes, columns);
  } catch (error) {
    const [only] = changes;
    const refused = found.filter(({ reason }) => reason === 'SERVER_REFUSED').length;
    if (!isRefusal(error) || only === undefined || refused >= maximumRefused) {
      throw error;
    }
    if (changes.length === 1) {
      setAside(tools.leaf, only, columns, found, 'SERVER_REFUSED');
      return [];
    }
    const half = Math.ceil(changes.length / 2);
    const missed = await swapOrRefuse(tools, changes.slice(0, half), columns, found);
    return [...missed, ...(await swapOrRefuse(tools, changes.slice(half), columns, found))];
  }
}

/** Data exceptions, integrity constraints, RAISE in a trigger, a view's check option. */
function isRefusal(error: unknown): boolean {
  return error instanceof PostgresError && /^(22|23|44)...$|^P0001$/.test(error.sqlstate);
}

/** One batch. @returns the changes that found another value, or no row */
async function swap(
  tools: WindowTools,
  changes: readonly Change[],
  columns: readonly ColumnProgress[],
): Promise<Change[]> {
  const { session, transact, job, leaf, limits } = tools;
  const keys = leaf.walk === 'ctid' ? [...leaf.order, ...leaf.identity] : leaf.order;
  const values = [
    String(changes.length),
    ...keys.map((_, at) => arrayLiteral(changes.map(({ row }) => keyOf(leaf, row)[at] ?? null))),
    ...leaf.fields.flatMap((_, at) => [
      arrayLiteral(changes.map(({ fields }) => fields[at]?.old ?? null)),
      arrayLiteral(changes.map(({ fields }) => fields[at]?.now ?? null)),
    ]),
  ];
  const missed = await transact(async () => {
    await assertStillOurs(session, job, limits.lockTimeout);
    const [result] = await session.rows(updateStatement(leaf), values);
    const lost = missing(changes, result);
    const lostOnes = new Set(lost);
    const batch = columns.map((column, at) => batchOf(column, at, changes, lostOnes));
    await recordProgress(session, claimOf(tools), { columns: batch });
    return { lost, batch };
  });
  for (const [at, column] of columns.entries()) {
    const batch = missed.batch[at];
    column.rewritten += batch?.rewritten ?? 0;
    column.inWindow += batch?.rewritten ?? 0;
  }
  return missed.lost;
}

/** Whether or not a row is still there for them: what was sent may stand in a log. */
export function countSealsOf(
  { session, job, range, leaf }: WindowTools,
  changes: readonly Change[],
): Promise<void> {
  const seals = new Map<string, number>();
  for (const { fields } of changes) {
    for (const [at, { cipher }] of leaf.fields.entries()) {
      seals.set(cipher.sealedAs, (seals.get(cipher.sealedAs) ?? 0) + (fields[at]?.seals ?? 0));
    }
  }
  return countSeals(session, job, range, seals);
}

function batchOf(
  column: ColumnProgress,
  at: number,
  changes: readonly Change[],
  lost: ReadonlySet<Change>,
): ColumnProgress {
  const batch = noProgress(column.columnId, column.inWindow);
  for (const change of changes) {
    const field = change.fields[at];
    batch.rewritten += field === undefined || lost.has(change) ? 0 : 1;
  }
  batch.inWindow += batch.rewritten;
  return batch;
}

function keyOf(leaf: LeafTable, { order, identity }: WindowRow): readonly string[] {
  return leaf.walk === 'ctid' ? [...order, ...identity] : order;
}

function missing(changes: readonly Change[], result: TextRow | undefined): Change[] {
  if (Number(result?.[0]) === changes.length) {
    return [];
  }
  const done = new Set(JSON.parse(result?.[1] ?? '[]') as number[]);
  return changes.filter((_, at) => !done.has(at + 1));
}

/** Reads missed rows anew. @returns those that were missed again */
export async function again(
  tools: WindowTools,
  missed: readonly Change[],
  columns: readonly ColumnProgress[],
  found: Quarantined[],
  tries: number,
): Promise<Change[]> {
  const { session, leaf } = tools;
  const keys = leaf.order.map((_, at) =>
    arrayLiteral(missed.map(({ row }) => row.order[at] ?? null)),
  );
  const read = await session.transaction(async () => {
    await session.rows(readSettings);
    return session.rows(rowsStatement(leaf), keys);
  });
  const there = new Map(
    read.map((row) => {
      const found = asWindowRow(leaf, row);
      return [JSON.stringify(found.order), found] as const;
    }),
  );
  const changes: Change[] = [];
  for (const change of missed) {
    const row = there.get(JSON.stringify(change.row.order));
    const isSame = row !== undefined && unchanged(change, row);
    if (row === undefined || tries > maximumTries) {
      giveUp(tools, change, columns, found, row !== undefined && isSame);
    } else {
      const next = examine(leaf, row, columns, found, change.fields);
      if (next !== undefined) {
        changes.push(next);
      }
    }
  }
  if (changes.length === 0) {
    return [];
  }
  await countSealsOf(tools, changes);
  return swapOrRefuse(tools, changes, columns, found);
}

function unchanged(change: Change, row: WindowRow): boolean {
  return change.fields.every(
    (field, at) => field === undefined || row.raw[at] === change.row.raw[at],
  );
}

/**
 * The row is gone or was written again and again: whatever it is now, the sweep looks at it. A value that
 * stands there untouched and still cannot be swapped is one the server will not change.
 */
function giveUp(
  { leaf }: WindowTools,
  change: Change,
  columns: readonly ColumnProgress[],
  found: Quarantined[],
  isUnchanged: boolean,
): void {
  if (isUnchanged) {
    setAside(leaf, change, columns, found, 'NOT_CHANGED');
    return;
  }
  for (const [at, column] of columns.entries()) {
    column.gone += change.fields[at] === undefined ? 0 : 1;
  }
}
