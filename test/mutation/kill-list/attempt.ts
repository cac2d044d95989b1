/**
 * Mutants of one suite in a process of their own, one after the other, and at the end the suite as it stands: what was
 * red because a mutant before it had spoilt the process would still be red then.
 *
 * Arguments: the suite, then places in the list. Answers are lines on standard output.
 */
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bundles, type Change } from '../runner/bundles.ts';
import { runSuite } from '../runner/suite.ts';
import { killList } from './list.ts';

export interface Attempt {
  /** Place in the list; absent: nothing was broken. */
  index?: number;
  ran: number;
  failed: { name: string; message: string }[];
  /** It did not even load. */
  broken?: string;
}

const room = tmpdir();
const root = join(import.meta.dirname, '../../..');
const [suite = '', ...places] = process.argv.slice(2);
const indices = places.map(Number);

/** Undefined: all of its tests. */
const patternsOf = (index: number): RegExp[] | undefined => {
  const only = killList[index]?.red.find((one) => one.suite === suite)?.only;
  return only && [only];
};

async function attempt(patterns: RegExp[] | undefined, change?: Change): Promise<Attempt> {
  // What suites keep there for each other, a template for one, is of this attempt alone.
  const folder = mkdtempSync(join(room, 'attempt-'));
  chmodSync(folder, 0o1777);
  process.env.TMPDIR = folder;
  const bundles = new Bundles(root, folder, { ...(change && { change }), startsProcesses: true });
  try {
    const runs = await runSuite(await bundles.load(suite), {
      wants: (name) => patterns === undefined || patterns.some((pattern) => pattern.test(name)),
      onResult: ({ status }) => change !== undefined && status === 'failed',
    });
    return { ran: runs.length, failed: runs.filter(({ status }) => status === 'failed') };
  } catch (error) {
    return { ran: 0, failed: [], broken: String((error as Error).stack ?? error) };
  }
}

const say = (answer: Attempt) =>
  new Promise((resolve) => process.stdout.write(`\n@@${JSON.stringify(answer)}\n`, resolve));

const all: RegExp[] = [];
let isWhole = false;
for (const index of indices) {
  const patterns = patternsOf(index);
  if (patterns === undefined) isWhole = true;
  else all.push(...patterns);
  await say({ index, ...(await attempt(patterns, killList[index])) });
}
await say(await attempt(isWhole ? undefined : all));
process.exit(0);
