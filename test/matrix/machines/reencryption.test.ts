/**
 * The re-encryption over a real PostgreSQL: every call of every door of its tasks, and every invocation, fails in seven
 * ways. What is inside a session stands in test/lambdas/reencryption/crash.test.ts, statement by statement.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PostgresUnreachableError } from '../../../doors/postgres/errors.ts';
import { runTask } from '../../../lambdas/after-rotation/run-task.ts';
import { answer } from '../../../lambdas/reencryption/answer.ts';
import { type Clinic, k1, k2, startClinic } from '../../lambdas/reencryption/clinic.ts';
import { setStage } from '../../lambdas/reencryption/tasks/stage.ts';
import type { FaultyCalls } from './faulty-calls.ts';
import { faultyDoors } from './faulty-doors.ts';
import { faultyInvocations } from './faulty-lambda.ts';
import { knownSites, runMatrix } from './schedules.ts';

const rowsOfTable = 40;
let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
}, 60_000);
afterAll(() => clinic?.stop());

const unreachable = { postgres: () => new PostgresUnreachableError('the server', 'ECONNRESET') };

async function reencrypted(calls: FaultyCalls, mode: 'online' | 'maintenance'): Promise<void> {
  const stage = await setStage(clinic, { rows: rowsOfTable, mode });
  const { hooks, bench } = stage;
  hooks.rows = ({ deployed, deadline, ...doors }, call) =>
    calls.invocation(call.task, (at) => {
      const { random, ...others } = doors;
      return answer({ ...faultyDoors(at, others, unreachable), random, deployed, deadline }, call);
    });
  hooks.outside = (doors, call) =>
    calls.invocation(call.task, (at) =>
      runTask(
        {
          ...doors,
          ...faultyDoors(at, {
            controlTable: doors.controlTable,
            eventBus: doors.eventBus,
            stepFunctions: doors.stepFunctions,
            manifest: doors.manifest,
          }),
        },
        call,
      ),
    );
  faultyInvocations(bench, calls);
  let execution = '';
  calls.stopExecution = () =>
    bench.run('StopExecution', { executionArn: stage.executionArn(execution) });
  if (mode === 'online') stage.promote({ primary: k2, decryptOnly: k1 });
  else {
    stage.promote({ primary: k1, published: k2 });
    // A person says so.
    const at = bench.clock.now().toISOString();
    await stage.controlTable.putConsumers(stage.name, { stopped: true, by: 'ada', at });
  }
  const execute = async (name: string) => {
    execution = name;
    return (await stage.execute(name)).status;
  };
  const ends = [await execute('first')];
  const states = ['due', 'active', 'verified', 'stopped'];
  expect([undefined, ...states]).toContain((await stage.record())?.state);
  calls.repair();
  // The schedule starts what died, a person what stopped, over the same ledger.
  for (let attempt = 1; attempt <= 5 && (await stage.record())?.state !== 'verified'; attempt++) {
    ends.push(await execute(`again-${attempt}`));
  }
  expect([ends, (await stage.record())?.state]).toEqual([ends, 'verified']);
  // Every row is under the new key, rewritten once, by one job that is open no more.
  expect(await stage.under()).toEqual({ [k2.kid]: rowsOfTable });
  const jobs = await stage.jobs();
  expect(jobs.reduce((sum, { rewritten }) => sum + rewritten, 0)).toBe(rowsOfTable);
}

test('every row is under the new key, once, whichever call failed', async () => {
  const { sites, bad, schedules } = await runMatrix({
    id: 'reencryption',
    scenarios: (['online', 'maintenance'] as const).map((name) => ({
      name,
      run: (calls) => reencrypted(calls, name),
    })),
    short: 1,
    full: 100,
    pairs: { short: 0, full: 20 },
  });
  expect(sites).toEqual(knownSites('reencryption', sites));
  expect(bad.slice(0, 5)).toEqual([]);
  expect(schedules).toBeGreaterThan(0);
}, 1_800_000);
