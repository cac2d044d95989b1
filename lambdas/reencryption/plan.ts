/**
 * Cuts the declared tables into ranges and writes them down. A leaf is planned once for a job, in one
 * transaction; planning again adds the leaves that have appeared since (a partition made while it runs).
 * Together the ranges of a leaf are everything: the first has no lower bound, the last no upper one.
 */
import type { Session } from '../../doors/postgres/door.ts';
import { quoteIdentifier } from '../../doors/postgres/identifiers.ts';
import { type Leaf, leavesOfTable } from '../../doors/postgres/leaves.ts';
import { byTable, type Walk, walkOf } from '../../doors/postgres/walk.ts';
import type { ReencryptedColumn } from './column.ts';
import { ColumnDeclarationError } from './errors.ts';
import type { Job } from './job.ts';

export interface PlannedLeaf {
  /** "schema.table" as declared. */
  readonly declared: string;
  readonly leaf: string;
  readonly walk: Walk;
  readonly rowsEstimated: number;
  /** Upper bounds, ascending, of all ranges but the last. */
  readonly bounds: readonly (readonly string[])[];
}

export interface PlanLimits {
  /** At most. */
  readonly rowsPerRange: number;
  /** Tables up to here are cut exactly; larger ones by a sample of their keys. */
  readonly rowsCutExactly: number;
}

export const planLimits: PlanLimits = { rowsPerRange: 100_000, rowsCutExactly: 1_000_000 };
/** So that a table of one range's size keeps more than one worker busy; a window is the least worth claiming. */
const rangesOfASmallTable = 16;
const fewestRows = 8_000;
/** Rows of one block have keys close together: it is blocks that make a sample even, not rows. */
const sampledBlocksPerRange = 8;

/** Reads only: what `plan` would write. @throws ColumnDeclarationError */
export async function dryPlan(
  session: Session,
  columns: readonly ReencryptedColumn[],
  limits: PlanLimits = planLimits,
): Promise<PlannedLeaf[]> {
  const planned: PlannedLeaf[] = [];
  for (const [table, declared] of byTable(columns)) {
    for (const leaf of await leavesOf(session, table)) {
      planned.push(await cut(session, table, leaf, walkOf(leaf, declared), limits));
    }
  }
  return planned;
}

/** @returns how many ranges this call has written: 0 when everything was planned. @throws ColumnDeclarationError */
export async function plan(
  session: Session,
  job: Job,
  columns: readonly ReencryptedColumn[],
  limits: PlanLimits = planLimits,
): Promise<number> {
  let written = 0;
  for (const [table, declared] of byTable(columns)) {
    for (const leaf of await leavesOf(session, table)) {
      written += await session.transaction(async () => {
        // Two planners: the second waits for the first one's row and finds it.
        const walk = walkOf(leaf, declared);
        const fresh = await session.query(
          `insert into quarterturn.leaf (job, leaf, declared, walk, rows_estimated) values ($1, $2, $3, $4, 0)
           on conflict do nothing returning leaf`,
          [job.id, leaf.name, table, walk],
        );
        return fresh.length === 0
          ? 0
          : write(session, job, await cut(session, table, leaf, walk, limits));
      });
    }
  }
  return written;
}

async function leavesOf(session: Session, table: string): Promise<Leaf[]> {
  const leaves = await leavesOfTable(session, table);
  const strange = leaves.find(({ kind }) => kind !== 'r');
  if (strange !== undefined) {
    throw new ColumnDeclarationError(
      table,
      `${strange.name} is no table of this database (relkind ${strange.kind}); declare it where its rows are`,
    );
  }
  return leaves;
}

async function write(session: Session, job: Job, planned: PlannedLeaf): Promise<number> {
  const lower: unknown[] = [null, ...planned.bounds.map((bound) => JSON.stringify(bound))];
  const upper: unknown[] = [...planned.bounds.map((bound) => JSON.stringify(bound)), null];
  await session.query(
    'update quarterturn.leaf set rows_estimated = $3 where job = $1 and leaf = $2',
    [job.id, planned.leaf, Math.round(planned.rowsEstimated)],
  );
  await session.query(
    `insert into quarterturn.range (job, leaf, ordinal, after_key, upto_key, pass)
     select $1, $2, place,
            case when lower is not null then array(select json_array_elements_text(lower::json)) end,
            case when upper is not null then array(select json_array_elements_text(upper::json)) end,
            (select pass from quarterturn.job where id = $1)
       from unnest($3::text[], $4::text[]) with ordinality as bounds(lower, upper, place)`,
    [job.id, planned.leaf, lower, upper],
  );
  return lower.length;
}

async function cut(
  session: Session,
  declared: string,
  leaf: Leaf,
  walk: Walk,
  limits: PlanLimits,
): Promise<PlannedLeaf> {
  const rows = await estimatedRows(session, leaf, limits);
  const perRange = rowsOfRange(rows, limits);
  const wanted = Math.max(1, Math.ceil(rows / perRange));
  const every = rows <= limits.rowsCutExactly ? perRange : undefined;
  const bounds =
    walk === 'ctid'
      ? blockBounds(leaf.pages, wanted)
      : await keyBounds(session, leaf, wanted, every);
  return { declared, leaf: leaf.name, walk, rowsEstimated: rows, bounds };
}

function rowsOfRange(rows: number, { rowsPerRange }: PlanLimits): number {
  const spread = Math.max(fewestRows, Math.ceil(rows / rangesOfASmallTable));
  return Math.min(rowsPerRange, spread);
}

/** Statistics may be missing or old: a table that may be small is counted. */
async function estimatedRows(session: Session, leaf: Leaf, limits: PlanLimits): Promise<number> {
  if (leaf.rows > limits.rowsCutExactly || leaf.pages > limits.rowsCutExactly) {
    return Math.max(leaf.rows, leaf.pages);
  }
  const [row] = await session.query<{ rows: number }>(
    `select count(*)::float8 as rows from only ${leaf.name}`,
  );
  return row?.rows ?? 0;
}

/** "(block,0)": every row before that block. */
function blockBounds(pages: number, wanted: number): string[][] {
  const perRange = Math.max(1, Math.ceil(pages / wanted));
  const bounds: string[][] = [];
  for (let block = perRange; block < pages; block += perRange) {
    bounds.push([`(${block},0)`]);
  }
  return bounds;
}

/** @param rowsCounted rows of a range, where the table is cut exactly; undefined: by a sample, into `wanted` */
async function keyBounds(
  session: Session,
  leaf: Leaf,
  wanted: number,
  rowsCounted: number | undefined,
): Promise<string[][]> {
  if (wanted === 1) {
    return [];
  }
  const keys = leaf.key.map(({ name }) => quoteIdentifier(name)).join(', ');
  // Of a large table only blocks are sampled: bounds need not be exact, only ascending.
  const percent = Math.min(100, (100 * wanted * sampledBlocksPerRange) / Math.max(leaf.pages, 1));
  const from = rowsCounted !== undefined ? '' : ` tablesample system (${percent})`;
  const every = rowsCounted ?? `greatest(seen / ${wanted}, 1)`;
  const texts = leaf.key.map(({ name }) => `${quoteIdentifier(name)}::text`).join(', ');
  const found = await session.query<{ bound: string[] }>(
    `select array[${texts}] as bound
       from (select ${keys}, row_number() over (order by ${keys}) as place, count(*) over () as seen
               from only ${leaf.name}${from}) as placed
      where place % ${every} = 0 order by place`,
  );
  return found.map(({ bound }) => bound);
}
