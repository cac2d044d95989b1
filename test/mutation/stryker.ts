/** One run of Stryker, as `stryker.config.mjs` has it. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { MutantResult } from '@stryker-mutator/api/core';
import { Stryker } from '@stryker-mutator/core';
import { equivalents } from './equivalent.ts';
import { lotOf, notDrawn } from './runner/drawn.ts';
import { type Tally, tallyOf } from './score.ts';

const root = join(import.meta.dirname, '../..');

export interface Asked {
  id: string;
  files: readonly string[];
  processes: number;
  /** Absent: every suite that runs in memory. */
  suites?: RegExp;
  /** A sample. */
  draw?: { seed: number; share: number };
  /** Goes on where an earlier run was stopped, and leaves out what has not changed since. */
  resume?: boolean;
}

export interface Run {
  results: readonly MutantResult[];
  tally: Tally;
}

export async function mutate(asked: Asked): Promise<Run> {
  const { id, files, suites, processes, draw, resume } = asked;
  process.env.MUTATION_ROOT = root;
  process.env.MUTATION_SUITES = suites?.source ?? '';
  process.env.MUTATION_SEED = String(draw?.seed ?? 0);
  process.env.MUTATION_SHARE = String(draw?.share ?? 1);
  const results = await new Stryker({
    mutate: [...files],
    concurrency: processes,
    checkers: draw === undefined ? [] : ['drawn'],
    tempDirName: `.cache/stryker-${id}`,
    jsonReporter: { fileName: `reports/mutation/${id}.json` },
    htmlReporter: { fileName: `reports/mutation/${id}.html` },
    thresholds: { high: 95, low: 85, break: null },
    ...(resume && { incremental: true, incrementalFile: `.cache/mutation/${id}.json` }),
  }).runMutationTest();
  const run = results
    .filter((result) => draw === undefined || isDrawn(result, draw))
    .filter((result) => !isEquivalent(result));
  return { results: run, tally: tallyOf(run) };
}

/** Only where it survived: one that is killed was no equivalent. */
function isEquivalent({ status, fileName, location, replacement }: MutantResult): boolean {
  if (status !== 'Survived') return false;
  const file = relative(root, fileName);
  const here = equivalents.filter((one) => one.file === file && one.replacement === replacement);
  if (here.length === 0) return false;
  const { line, column } = location.start;
  const rest = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(line - 1)
    .join('\n');
  return here.some(({ text }) => rest.startsWith(text, column - 1));
}

/** What no suite comes by is not shown to the checker: it is drawn here, by the same lot. */
function isDrawn(result: MutantResult, { seed, share }: { seed: number; share: number }): boolean {
  if (result.status !== 'NoCoverage') return result.statusReason !== notDrawn;
  const { mutatorName, replacement = '' } = result;
  const fileName = relative(root, result.fileName);
  return lotOf(seed, { fileName, location: result.location, mutatorName, replacement }) < share;
}

/** One a line, by file, as an editor opens it. */
export function survivorsOf({ results }: Run): string {
  return results
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .map(({ fileName, location: { start }, mutatorName, replacement, status }) => {
      const place = `${relative(root, fileName)}:${start.line}:${start.column}`;
      return `${place} ${mutatorName} → ${replacement?.replaceAll(/\s+/g, ' ').slice(0, 100)}${status === 'NoCoverage' ? ' (no suite comes by)' : ''}\n`;
    })
    .sort()
    .join('');
}
