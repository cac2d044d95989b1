/**
 * One worker of the engine in a process of its own, bundled as a function is, under the engine's own login.
 * It loads, says so, works the job's pass off when told to, and tells what that took.
 */
import { randomUUID } from 'node:crypto';
import { KeyRing } from '../../domain/ciphertext/keys.ts';
import { systemClock } from '../../doors/clock.ts';
import { pooledRandom } from '../../doors/pooled-random.ts';
import { bulkPostgres } from '../../doors/postgres/bulk-session.ts';
import type { Credential, Endpoint } from '../../doors/postgres/door.ts';
import { declaredCipher } from '../../lambdas/reencryption/cipher.ts';
import { type WorkerLimits, work } from '../../lambdas/reencryption/worker.ts';
import { columnsOf, newKey, oldKey } from './keys.ts';

export interface WorkOrder {
  endpoint: Endpoint;
  credential: Credential;
  job: string;
  columns: number;
  limits: WorkerLimits;
}

export interface WorkDone {
  /** Of the process, in bytes, since it began. */
  peakMemory: number;
  /** Microseconds of CPU this work took in this process. */
  cpu: number;
  windows: number;
}

process.once('message', (order: WorkOrder) => {
  process.once('message', () => void run(order));
  process.send?.('ready');
});

async function run({ endpoint, credential, job, columns, limits }: WorkOrder): Promise<void> {
  const before = process.cpuUsage();
  const { done, windows } = await work(
    {
      door: bulkPostgres,
      endpoint,
      credential,
      clock: systemClock,
      columns: columnsOf(columns),
      cipherOf: declaredCipher,
      keys: new KeyRing([newKey, oldKey]),
      random: pooledRandom(),
      limits,
    },
    job,
    randomUUID(),
    new Date(Date.now() + 3_600_000),
  );
  const { user, system } = process.cpuUsage(before);
  const peakMemory = process.resourceUsage().maxRSS * 1024;
  const answer: WorkDone = { peakMemory, cpu: user + system, windows };
  process.send?.(done ? answer : { ...answer, windows: -1 }, () => process.disconnect?.());
}
