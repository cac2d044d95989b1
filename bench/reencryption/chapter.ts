/** The re-encryption: each measurement several times, in turn, so that what else runs meets all of them. */
import { loadavg } from 'node:os';
import { type Machine, machine } from '../measure.ts';
import { type Measured, measureCrypto, measureEngine, measureUpdate } from './measure-once.ts';
import { type People, startPeople } from './people.ts';
import { type Bundles, bundled } from './processes.ts';
import { measureUsualWays, type UsualWays } from './usual-ways.ts';

export interface ReencryptionPlan {
  rows: number;
  runs: number;
  /** Of the usual ways. */
  fewRows: number;
  /** Tables of these sizes show whether speed and memory depend on it. */
  sizes: readonly number[];
}

export const reencryptionPlans = {
  quick: { rows: 2_000, runs: 1, fewRows: 100, sizes: [] },
  usual: { rows: 400_000, runs: 3, fewRows: 20_000, sizes: [] },
  full: { rows: 1_000_000, runs: 3, fewRows: 20_000, sizes: [100_000, 1_000_000, 5_000_000] },
} as const satisfies Record<string, ReencryptionPlan>;

export interface ColumnsFigures {
  columns: number;
  /** One of each a run. */
  updates: Measured[];
  /** Rows a second. */
  crypto: number[];
  engine: Measured[];
}

export interface ReencryptionFigures {
  machine: Machine;
  /** Processes that wanted a core, on average over a minute: before the first and after the last measurement. */
  load: readonly [number, number];
  plan: ReencryptionPlan;
  columns: ColumnsFigures[];
  usual: UsualWays;
  sizes: { rows: number; engine: Measured }[];
}

const rowsOfCrypto = 200_000;

export async function measureReencryption(
  plan: ReencryptionPlan,
  say: (what: string) => void,
): Promise<ReencryptionFigures> {
  const load = () => loadavg()[0] ?? Number.NaN;
  const before = load();
  const bundles = await bundled();
  try {
    const figures = await onPeople(plan.rows, say, async (people) => ({
      columns: [
        await measureColumns(people, bundles, plan, 1, say),
        await measureColumns(people, bundles, plan, 3, say),
      ],
      usual: await measureUsualWays(people, plan.fewRows),
    }));
    const sizes = [];
    for (const rows of plan.sizes) {
      const engine = await onPeople(rows, say, (people) => measureEngine(people, bundles, 1));
      sizes.push({ rows, engine });
    }
    return { machine: machine(new Date()), load: [before, load()], plan, ...figures, sizes };
  } finally {
    bundles.remove();
  }
}

async function onPeople<T>(
  rows: number,
  say: (what: string) => void,
  work: (people: People) => Promise<T>,
): Promise<T> {
  say(`re-encryption: a table of ${rows} rows`);
  const people = await startPeople(rows);
  try {
    return await work(people);
  } finally {
    await people.stop();
  }
}

async function measureColumns(
  people: People,
  bundles: Bundles,
  { rows, runs }: ReencryptionPlan,
  columns: number,
  say: (what: string) => void,
): Promise<ColumnsFigures> {
  const figures: ColumnsFigures = { columns, updates: [], crypto: [], engine: [] };
  for (let run = 0; run < runs; run++) {
    say(`re-encryption: ${columns} of 3 columns, run ${run + 1} of ${runs}`);
    figures.updates.push(await measureUpdate(people, columns));
    const some = Math.ceil(Math.min(rows, rowsOfCrypto) / columns);
    figures.crypto.push(await measureCrypto(bundles, columns, some));
    figures.engine.push(await measureEngine(people, bundles, columns));
  }
  return figures;
}
