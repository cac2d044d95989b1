/** One claimed range, worked off window by window as the job's pass asks. */
import type { Clock } from '../../doors/clock.ts';
import { verify, type WindowRow } from './examine.ts';
import { assertStillOurs, type PassKind } from './job.ts';
import { type ColumnProgress, noProgress, type Quarantined } from './progress.ts';
import { countStatement } from './statements.ts';
import type { Throttled } from './throttled.ts';
import { finishWindow, rewriteWindow } from './window.ts';
import { readSettings, readWindow, type WindowTools } from './window-rows.ts';

export interface RangeTools extends WindowTools {
  readonly throttled: Throttled;
  readonly clock: Clock;
  readonly until: Date;
}

/** @returns whether the range is done; false: time is over, or the job is paused */
type WorkOff = (tools: RangeTools, onWindow: () => void) => Promise<boolean>;

export function workOffRange(tools: RangeTools, onWindow: () => void): Promise<boolean> {
  return workOff[tools.job.passKind](tools, onWindow);
}

const workOff: Record<PassKind, WorkOff> = {
  rewrite: (tools, onWindow) => throughWindows(tools, rewriteWindow, onWindow),
  /** What is left is rare: a range without any is one count. */
  async sweep(tools, onWindow) {
    const columns = await countRange(tools);
    if (tools.range.checkpoint === undefined && columns.every(({ remaining }) => remaining === 0)) {
      await finishWindow(tools, columns, [], { checkpoint: undefined, done: true });
      return true;
    }
    return throughWindows(tools, rewriteWindow, onWindow);
  },
  verify: (tools, onWindow) => throughWindows(tools, verifyWindow, onWindow),
  async count(tools) {
    const columns = await countRange(tools);
    await finishWindow(tools, columns, [], { checkpoint: undefined, done: true });
    return true;
  },
};

async function throughWindows(
  tools: RangeTools,
  process: typeof rewriteWindow,
  onWindow: () => void,
): Promise<boolean> {
  const { range, throttled, clock, until, leaf } = tools;
  const inWindow = new Map(range.inWindow);
  const reader = leaf.walk === 'ctid' ? await byBlocks(tools) : byKey(tools);
  let after = range.checkpoint ?? range.after;
  for (;;) {
    if (clock.now() >= until || (await isPaused(tools))) {
      return false;
    }
    if (!(await throttled.mayBegin(leaf.name))) {
      continue;
    }
    const began = clock.now().getTime();
    const { rows, checkpoint, done } = await reader(after);
    await process(tools, rows, inWindow, { checkpoint, done });
    throttled.windowTook(clock.now().getTime() - began);
    onWindow();
    if (done) {
      return true;
    }
    after = checkpoint;
  }
}

async function isPaused({ session, job, limits }: RangeTools): Promise<boolean> {
  return session.transaction(
    async () => (await assertStillOurs(session, job, limits.lockTimeout)).paused,
  );
}

interface Read {
  readonly rows: readonly WindowRow[];
  readonly checkpoint: readonly string[] | undefined;
  readonly done: boolean;
}

type Reader = (after: readonly string[] | undefined) => Promise<Read>;

/** The end of the range is where no row comes any more. */
function byKey(tools: RangeTools): Reader {
  return async (after) => {
    const rows = await readWindow(tools, after, tools.range.upto);
    return { rows, checkpoint: rows.at(-1)?.order, done: rows.length === 0 };
  };
}

/** Blocks of a window: as much as is read at once, if rows are full. */
const blocksPerWindow = 512;

/**
 * A range without an upper bound ends where the table ended when it was claimed: new versions of rows are
 * put behind it all the time, and the sweep looks at them.
 */
async function byBlocks(tools: RangeTools): Promise<Reader> {
  const { session, leaf, range } = tools;
  const [row] = await session.rows(
    `select pg_relation_size($1::regclass) / current_setting('block_size')::int`,
    [leaf.name],
  );
  const end = range.upto === undefined ? Number(row?.[0] ?? 0) : blockOf(range.upto);
  return async (after) => {
    const bound = Math.min(blockOf(after) + blocksPerWindow, end);
    const rows = await readWindow(tools, after, [`(${bound},0)`]);
    // An empty stretch is passed over; a window cut short by its bytes goes on behind its last row.
    return rows.length === 0
      ? { rows, checkpoint: [`(${bound},0)`], done: bound >= end }
      : { rows, checkpoint: rows.at(-1)?.order, done: false };
  };
}

function blockOf(ctid: readonly string[] | undefined): number {
  return Number(/^\((\d+),/.exec(ctid?.[0] ?? '')?.[1] ?? 0);
}

async function verifyWindow(
  tools: WindowTools,
  rows: readonly WindowRow[],
  _inWindow: Map<string, number>,
  end: { checkpoint: readonly string[] | undefined; done: boolean },
): Promise<void> {
  const { leaf } = tools;
  const found: Quarantined[] = [];
  const columns: ColumnProgress[] = leaf.fields.map(({ column }) => noProgress(column.id, 0));
  for (const row of rows) {
    for (const [at, field] of leaf.fields.entries()) {
      const column = columns[at];
      const outcome = verify(field, row.raw[at] ?? null, row);
      if (column === undefined || outcome.kind === 'changed') {
        continue;
      }
      column[outcome.kind] += 1;
      if (outcome.kind === 'quarantined') {
        const rowKey = leaf.identity.length > 0 ? row.identity : row.order;
        found.push({ columnId: column.columnId, rowKey, reason: outcome.reason, kid: outcome.kid });
      }
    }
  }
  await finishWindow(tools, columns, found, end);
}

/** The whole range in one statement, without keys. */
async function countRange(tools: RangeTools): Promise<ColumnProgress[]> {
  const { session, leaf, range } = tools;
  const { after, upto } = range;
  const text = countStatement(leaf, { lower: after !== undefined, upper: upto !== undefined });
  const [row] = await session.transaction(async () => {
    await session.rows(readSettings);
    return session.rows(text, [...(after ?? []), ...(upto ?? [])]);
  });
  return leaf.fields.map(({ column }, at) => ({
    ...noProgress(column.id, 0),
    nulls: Number(row?.[3 * at] ?? 0),
    skipped: Number(row?.[3 * at + 1] ?? 0),
    remaining: Number(row?.[3 * at + 2] ?? 0),
  }));
}
