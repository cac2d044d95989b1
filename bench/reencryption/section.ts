/** The section of docs/benchmarks.md on the re-encryption. */
import { median } from '../measure.ts';
import { table, verdict } from '../tables.ts';
import type { ColumnsFigures, ReencryptionFigures } from './chapter.ts';
import type { Measured } from './measure-once.ts';

export const heading = 'Re-encryption';

export const reencryptionGoals = {
  ofBound: 0.75,
  /** One column. */
  ofUpdate: 0.45,
  overPgcrypto: 30,
  overRowByRow: 8,
  /** Of the UPDATE's. */
  wal: 0.7,
  growth: 1.25,
  /** Bytes of resident memory, of one worker. */
  memory: 220e6,
  /** Slowest of the sizes over the fastest. */
  flat: 0.85,
} as const;

export function reencryptionSection(figures: ReencryptionFigures): string {
  const { machine, load, plan, columns, usual } = figures;
  const one = columns.find((each) => each.columns === 1);
  const engine = median((one?.engine ?? []).map(({ rowsPerSecond }) => rowsPerSecond));
  return `## ${heading}

Measured on ${machine.date} by \`npm run bench -- reencryption${plan.rows < 1_000_000 ? '' : ' --full'}\` on ${machine.processor}, ${machine.cores} cores shared by server and workers; load before and after ${load.map((each) => each.toFixed(1)).join(' and ')}. A load above 1 before it begins means that somebody else was at work, and that the figures of a second are too low; ratios of one run suffer less.

${plan.rows.toLocaleString('en')} rows of about 290 bytes with three indexes, values of 80 characters around 11 of plaintext. PostgreSQL 18 with its own settings but for shared_buffers (1 GB) and max_wal_size (4 GB): fsync and autovacuum on, TLS. Every measurement begins with a fresh copy of the same files and a checkpoint, so that the first change of a page writes all of it to the log. Two sessions or processes each; medians of ${plan.runs}, lowest and highest in brackets. The throttle is off.

- (a) one SQL UPDATE of the same columns, without cryptography, in two sessions over the two halves of the table
- (x) cryptography alone, on the same cores: each value opened, sealed, and opened again, from text to text
- the bound: 1 / (1/a + 1/x), which a program reaches that costs nothing beside the two

${table(
  ['columns', '(a) rows/s', '(x) rows/s', 'bound', 'engine, rows/s', 'of the bound', 'of (a)'],
  columns.map(rates),
)}

${table(
  [
    'columns',
    'log a row, (a)',
    'engine',
    'of (a)',
    'table grows, (a)',
    'engine',
    'updates in place (HOT)',
  ],
  columns.map(footprint),
)}

${table(
  [
    'columns',
    'CPU a row: worker',
    'of it cryptography (x)',
    'server',
    'server at (a)',
    'memory of a worker',
  ],
  columns.map(cost),
)}

CPU in microseconds. On two cores, 2 s of CPU a second are the limit: whatever worker and server need together for a row sets the rate.

Beside the usual ways, one column, on the first ${usual.rows.toLocaleString('en')} rows of the same table, each in one session as its users run it; the engine has two, so that half the ratio is what a core gives:

${table(
  ['way', 'rows/s', 'engine is faster', 'goal'],
  [
    usualRow(
      '(b) pgcrypto: `pgp_sym_decrypt`, `pgp_sym_encrypt` in one UPDATE',
      usual.pgcrypto,
      engine,
      reencryptionGoals.overPgcrypto,
    ),
    usualRow(
      '(c) row by row, 500 rows a transaction',
      usual.batches,
      engine,
      reencryptionGoals.overRowByRow,
    ),
    usualRow('(c) row by row, a transaction each', usual.rowByRow, engine),
  ],
)}
${sizes(figures)}
What bounds it: \`createCipheriv\` and \`createDecipheriv\`, about 1.8 µs for each object whatever the value's length, three to a value; openssl alone does millions of such values a second, but no part of Node seals several values with one call. Each field beyond the first adds its cryptography and little else, because its row is read, compared and written once. The update itself costs the server less than (a): only every eighth row, at worst, tells an index.`;
}

function rates({ columns, updates, crypto, engine }: ColumnsFigures): string[] {
  const a = updates.map(({ rowsPerSecond }) => rowsPerSecond);
  const e = engine.map(({ rowsPerSecond }) => rowsPerSecond);
  const bound = a.map((each, run) => 1 / (1 / each + 1 / (crypto[run] ?? Number.NaN)));
  const ofBound = e.map((each, run) => each / (bound[run] ?? Number.NaN));
  const ofUpdate = e.map((each, run) => each / (a[run] ?? Number.NaN));
  const goal = columns === 1 ? `, ≥ ${reencryptionGoals.ofUpdate}` : '';
  return [
    String(columns),
    spread(a, thousands),
    spread(crypto, thousands),
    spread(bound, thousands),
    spread(e, thousands),
    `${spread(ofBound, ratio)}, ≥ ${reencryptionGoals.ofBound}: ${verdict(median(ofBound) >= reencryptionGoals.ofBound)}`,
    `${spread(ofUpdate, ratio)}${goal}${goal && `: ${verdict(median(ofUpdate) >= reencryptionGoals.ofUpdate)}`}`,
  ];
}

function footprint({ columns, updates, engine }: ColumnsFigures): string[] {
  const of = (measured: readonly Measured[], key: 'walPerRow' | 'growth' | 'hot') =>
    median(measured.map((each) => each[key]));
  const wal = of(engine, 'walPerRow') / of(updates, 'walPerRow');
  const growth = of(engine, 'growth');
  return [
    String(columns),
    `${of(updates, 'walPerRow').toFixed(0)} B`,
    `${of(engine, 'walPerRow').toFixed(0)} B`,
    `${wal.toFixed(2)}, ≤ ${reencryptionGoals.wal}: ${verdict(wal <= reencryptionGoals.wal)}`,
    `${of(updates, 'growth').toFixed(2)} ×`,
    `${growth.toFixed(2)} ×, ≤ ${reencryptionGoals.growth}: ${verdict(growth <= reencryptionGoals.growth)}`,
    `${(of(engine, 'hot') * 100).toFixed(0)} %`,
  ];
}

function cost({ columns, updates, crypto, engine }: ColumnsFigures): string[] {
  const of = (measured: readonly Measured[], key: 'clientCpu' | 'serverCpu') => {
    const figure = median(measured.map((each) => each[key]));
    return Number.isNaN(figure) ? 'not told here' : figure.toFixed(1);
  };
  const memory = Math.max(...engine.map(({ peakMemory }) => peakMemory));
  return [
    String(columns),
    of(engine, 'clientCpu'),
    ((2 / median(crypto)) * 1e6).toFixed(1),
    of(engine, 'serverCpu'),
    of(updates, 'serverCpu'),
    `${(memory / 1e6).toFixed(0)} MB, ≤ ${reencryptionGoals.memory / 1e6}: ${verdict(memory <= reencryptionGoals.memory)}`,
  ];
}

function usualRow(way: string, rate: number, engine: number, goal?: number): string[] {
  const times = engine / rate;
  return [
    way,
    rate.toFixed(0),
    `${times.toFixed(0)} ×`,
    goal === undefined ? 'none set' : `≥ ${goal} ×: ${verdict(times >= goal)}`,
  ];
}

function sizes({ sizes: made }: ReencryptionFigures): string {
  if (made.length === 0) {
    return '\nWith `--full`: a million rows, and tables of up to five million to see whether speed and memory depend on the size.\n';
  }
  const all = made.map(({ engine }) => engine.rowsPerSecond);
  const flat = Math.min(...all) / Math.max(...all);
  const rows = made.map(({ rows, engine }) => [
    rows.toLocaleString('en'),
    thousands(engine.rowsPerSecond),
    `${(engine.peakMemory / 1e6).toFixed(0)} MB`,
  ]);
  return `
One column, tables of several sizes, once each, from the login of the workers to their end. Slowest over fastest: ${flat.toFixed(2)}, ≥ ${reencryptionGoals.flat}: ${verdict(flat >= reencryptionGoals.flat)}.

${table(['rows', 'rows/s', 'memory of a worker'], rows)}
`;
}

function spread(samples: readonly number[], write: (figure: number) => string): string {
  const middle = write(median(samples));
  return samples.length < 2
    ? middle
    : `${middle} (${write(Math.min(...samples))}–${write(Math.max(...samples))})`;
}

const ratio = (figure: number) => figure.toFixed(2);
const thousands = (figure: number) => `${(figure / 1_000).toFixed(1)} k`;
