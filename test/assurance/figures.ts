/**
 * The figures of a proof's full form, kept beside the documentation: what `docs/assurance.md` states is read
 * from here. One file a proof, so that two workers never write the same one.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../../docs/figures');

export interface Figures {
  /** Names the file and its place in `docs/assurance.md`, e.g. "crash-matrix-jwt". */
  id: string;
  /** What the run started from: the same seed repeats it. */
  seed: number;
  /** Day of the run, UTC, `YYYY-MM-DD`. */
  date: string;
  /** By what is counted, e.g. `{ "schedules": 3816, "bad": 0 }`. */
  figures: Readonly<Record<string, number>>;
}

export const isFull = process.env.PROOF === 'full';

/** Prints what was counted in any run; writes it down in a full one. @param figures all finite */
export function recordFigures(id: string, seed: number, figures: Figures['figures']): void {
  const told = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  process.stderr.write(`${id} (SEED=${seed}): ${told.join(', ')}\n`);
  if (!isFull) {
    return;
  }
  const date = new Date().toISOString().slice(0, 10);
  const record: Figures = { id, seed, date, figures };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${id}.json`), `${JSON.stringify(record, null, 2)}\n`);
}

export function readFigures(): Figures[] {
  return readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Figures);
}
