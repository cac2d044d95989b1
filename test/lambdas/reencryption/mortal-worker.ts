/**
 * A process that drives jobs with the real engine, and ends itself by SIGKILL at the moment it is told. What
 * it had open, the kernel closes; it runs no handler, sends no rollback and no goodbye.
 */
import { writeSync } from 'node:fs';
import { type BulkPostgresDoor, bulkPostgres } from '../../../doors/postgres/bulk-session.ts';
import type { ReencryptedColumn } from '../../../lambdas/reencryption/column.ts';
import { type Drive, type Driven, drive } from './drive.ts';
import { type EngineChanges, engineOf, type Place } from './material.ts';

export interface Task {
  readonly place: Place;
  readonly columns: readonly ReencryptedColumn[];
  readonly limits: EngineChanges['limits'];
  readonly drive: Drive;
  /**
   * n: before the nth statement; n + 0.25: it is sent, its answer not read; n + 0.5: answered, and nothing
   * done with it. Counted over the whole life of the job, begin and commit among them.
   */
  readonly dieAt?: number;
  /** Statements that those who were killed before have seen. */
  readonly seen: number;
  /** Engines that must fail the tests. */
  readonly naive?: 'commits rows apart from counts' | 'does not compare';
}

export type Answer =
  | { kind: 'started' }
  | { kind: 'done'; driven: Driven; seen: number; texts: string[] }
  | { kind: 'failed'; message: string };

/** One byte a ciphertext, written before it is sent: what is left to count when this process is gone. */
const sentSeals = 3;

/** Every way out of this process to the database, watched. */
function mortalDoor(task: Task, texts: string[]): BulkPostgresDoor {
  let seen = task.seen;
  const sent = new Set<string>();
  const prefix = `qt1.${task.drive.targetKid}.`;
  const isHere = (moment: number) => moment === task.dieAt;
  const at = async <T>(text: string, run: () => Promise<T>): Promise<T> => {
    seen += 1;
    texts.push(text);
    if (isHere(seen)) {
      die();
    }
    const answer = run();
    if (isHere(seen + 0.25)) {
      // Written to the socket in this turn of the loop at the latest.
      await new Promise((resolve) => setImmediate(resolve));
      die();
    }
    const result = await answer;
    if (isHere(seen + 0.5)) {
      die();
    }
    return result;
  };
  const countSeals = (values: readonly (string | null)[]) => {
    for (const value of values) {
      for (const [text] of value?.matchAll(/qt1\.[^",}]+/g) ?? []) {
        if (text.startsWith(prefix) && !sent.has(text)) {
          sent.add(text);
          writeSync(sentSeals, '.');
        }
      }
    }
  };
  return {
    withBulkSession: (endpoint, credential, timeout, work) =>
      bulkPostgres.withBulkSession(endpoint, credential, timeout, (session) => {
        const query: typeof session.query = (text, values) =>
          at(text, () => session.query(text, values));
        return work({
          query,
          async rows(text, values = []) {
            const isUpdate = text.includes('update only');
            if (isUpdate) {
              countSeals(values);
            }
            const sql = isUpdate && task.naive === 'does not compare' ? careless(text) : text;
            const rows = await at(text, () => session.rows(sql, values));
            if (isUpdate && task.naive === 'commits rows apart from counts') {
              await query('commit');
              await query('begin');
            }
            return rows;
          },
          async transaction(inside) {
            await query('begin');
            try {
              const result = await inside();
              await query('commit');
              return result;
            } catch (error) {
              await session.query('rollback').catch(() => undefined);
              throw error;
            }
          },
        });
      }),
  };
}

function careless(text: string): string {
  const comparison = /t\."ssn"::text = u\.o0 collate "C"/;
  if (!comparison.test(text)) {
    throw new Error(`The update compares in another way than this test knows: ${text}`);
  }
  return text.replace(comparison, 'true');
}

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  // The signal is delivered before the call returns; were it not, nothing more must happen.
  for (;;);
}

const say = (answer: Answer) => process.send?.(answer);

process.on('message', (task: Task) => {
  say({ kind: 'started' });
  const texts: string[] = [];
  const engine = engineOf(task.place, task.columns, {
    door: mortalDoor(task, texts),
    ...(task.limits && { limits: task.limits }),
  });
  drive(engine, task.drive).then(
    (driven) => say({ kind: 'done', driven, seen: task.seen + texts.length, texts }),
    (error: Error) => say({ kind: 'failed', message: `${error.message}\n${error.stack}` }),
  );
});
process.on('disconnect', () => process.exit());
