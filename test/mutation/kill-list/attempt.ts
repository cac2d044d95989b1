/**
 * One mutant, or none, in a process of its own: the named suites on one standard output. Whatever a broken product does
 * to its process, the next mutant does not meet.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Bundles } from '../runner/bundles.ts';
import { runSuite } from '../runner/suite.ts';
import { killList } from './list.ts';

export interface SuiteAttempt {
  suite: string;
  ran: number;
  failed: { name: string; message: string }[];
  /** It did not even load. */
  broken?: string;
}

const root = join(import.meta.dirname, '../../..');

async function attempt(index: number, isMutated: boolean): Promise<SuiteAttempt[]> {
  const kill = killList[index];
  if (kill === undefined) throw new Error(`there is no mutant ${index}`);
  const folder = mkdtempSync(join(tmpdir(), 'bundles-'));
  const bundles = new Bundles(root, folder, {
    ...(isMutated && { change: kill }),
    startsProcesses: true,
  });
  const attempts: SuiteAttempt[] = [];
  for (const { suite, only } of kill.red) {
    try {
      const runs = await runSuite(await bundles.load(suite), {
        wants: (name) => only === undefined || only.test(name),
        onResult: ({ status }) => isMutated && status === 'failed',
      });
      const failed = runs.filter(({ status }) => status === 'failed');
      attempts.push({ suite, ran: runs.length, failed });
    } catch (error) {
      attempts.push({ suite, ran: 0, failed: [], broken: String((error as Error).stack ?? error) });
    }
  }
  return attempts;
}

const [index = '', form = ''] = process.argv.slice(2);
const attempts = await attempt(Number(index), form === 'mutated');
process.stdout.write(`\n@@${JSON.stringify(attempts)}\n`, () => process.exit(0));
