import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { KeyRing } from '../../../domain/ciphertext/keys.ts';
import { makePatients, startApplication } from './application.ts';
import { type Clinic, columnOf, k1, k2, k3, startClinic } from './clinic.ts';
import type { Task } from './mortal-worker.ts';
import { type MortalWorkers, startMortalWorkers } from './mortal-workers.ts';
import { drawer } from './seeded.ts';

const full = process.env.PROOF === 'full';
/** That it can fail, concurrency.test.ts shows in every run. */
const inFull = full ? test : test.skip;
const wanted = full ? 100_000 : 1_000;
const rows = full ? 4_000 : 400;
jest.setTimeout(full ? 3_000_000 : 60_000);
const drawn = drawer();
const columns = [columnOf('patients.ssn')];
const processes = 4;
let clinic: Clinic;
let workers: MortalWorkers;

beforeAll(async () => {
  workers = startMortalWorkers();
  clinic = await startClinic();
});
afterAll(async () => {
  await workers?.stop();
  await clinic?.stop();
});

let nth = 0;
function taskToward(targetKid: string, more: Partial<Task> = {}): Task {
  return {
    place: { endpoint: clinic.endpoint, worker: clinic.worker },
    columns,
    limits: { rows: 128, strides: 4 },
    drive: {
      secret: `traffic ${nth++}`,
      targetKid,
      plan: { rowsPerRange: rows / 4, rowsCutExactly: 1_000_000 },
    },
    seen: 0,
    ...more,
  };
}

describe('an application that reads and writes all the while', () => {
  test('reads every value and loses none, while job after job runs and is killed under it', async () => {
    await makePatients(clinic, rows, k1);
    const reads = new KeyRing([k3, k2, k1]);
    const app = await startApplication(clinic, drawn, { rows, processes, key: k1, reads });
    let jobs = 0;
    let killed = 0;
    const targets = [k2, k3, k1];
    while (app.operations() < wanted && app.failures.length === 0) {
      const target = targets[jobs++ % targets.length] ?? k2;
      // The last one hears of the key when the rewriting has begun, and has stale values behind every cursor.
      app.sealsUnder.fill(target, 0, processes - 1);
      const task = taskToward(target.kid);
      const first = await workers.run(task, 10 + drawn.draw() * 60);
      killed += first.kind === 'killed' ? 1 : 0;
      app.sealsUnder.fill(target);
      const last = first.kind === 'done' ? first : await workers.run(task);
      expect({ seed: drawn.seed, last }).toMatchObject({
        last: { kind: 'done', driven: { verdict: { green: true, findings: [] } } },
      });
    }
    const { operations, failures } = await app.stop();
    expect({ seed: drawn.seed, failures }).toEqual({ seed: drawn.seed, failures: [] });
    expect(operations).toBeGreaterThanOrEqual(wanted);
    expect(killed).toBeGreaterThan(0);
    const [left] = await clinic.sql<{ n: number }>(
      'select count(*)::int as n from patients where not starts_with(ssn, $1)',
      [`qt1.${targets[(jobs - 1) % targets.length]?.kid}.`],
    );
    expect(left?.n).toBe(0);
    if (full) {
      console.log(`${operations} operations, ${jobs} jobs, ${killed} killed (SEED=${drawn.seed})`);
    }
  });

  inFull('loses updates to an engine that does not compare: the test above can fail', async () => {
    await makePatients(clinic, rows, k1);
    const reads = new KeyRing([k2, k1]);
    const app = await startApplication(clinic, drawn, { rows, processes, key: k2, reads });
    for (let jobs = 0; jobs < 20 && app.failures.length === 0; jobs++) {
      // Back and forth, so that every job has all rows to write.
      const target = jobs % 2 === 0 ? k2 : k1;
      app.sealsUnder.fill(target);
      await workers.run(
        taskToward(target.kid, { naive: 'does not compare', limits: { rows, strides: 1 } }),
      );
    }
    const { failures } = await app.stop();
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.every((text) => /found written|found first/.test(text))).toBe(true);
  });

  inFull('cannot read what has moved to the new key, nor the rest, with one key only', async () => {
    await makePatients(clinic, rows, k1);
    const app = await startApplication(clinic, drawn, {
      rows,
      processes,
      key: k2,
      reads: new KeyRing([k2]),
    });
    // Not before it has read a row: a worker may be quicker than all of them.
    for (let look = 0; look < 10_000 && app.failures.length === 0; look += 1) {
      await clinic.sql('select 1');
    }
    await workers.run(taskToward(k2.kid));
    const { failures } = await app.stop();
    expect(failures).toContainEqual(expect.stringContaining(k1.kid));
  });
});
