import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { currentKeyset, targetWatch } from '../../../../lambdas/reencryption/current-keyset.ts';
import { JobFencedError } from '../../../../lambdas/reencryption/errors.ts';
import { type Clinic, engineOf, k1, k2, k3, startClinic, startJob, workOn } from '../clinic.ts';
import { setStage } from './stage.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic?.stop());

test('is asked for before each range: a worker whose target stopped being it writes nothing more', async () => {
  const stage = await setStage(clinic, { rows: 1_200 });
  stage.promote({ primary: k2, decryptOnly: k1 });
  const tools = { ...stage.doors, deployed: stage.deployed };
  const moved = { ...tools, clock: { ...tools.clock, now: passing() } };
  const watch = targetWatch(moved, await currentKeyset(tools));
  let asked = 0;
  const engine = engineOf(clinic, [stage.column], {
    async assertTarget(job) {
      asked += 1;
      if (asked === 3) stage.promote({ primary: k3, decryptOnly: k2 });
      await watch(job);
    },
  });
  const job = await startJob(clinic, engine, stage.name);
  await expect(workOn(engine, job)).rejects.toThrow(JobFencedError);
  expect(await stage.under()).toEqual({ [k2.kid]: 800, [k1.kid]: 400 });
});

test('a key that was recorded as compromised is no target any more, whoever is primary', async () => {
  const stage = await setStage(clinic, { rows: 10 });
  stage.promote({ primary: k2, decryptOnly: k1 });
  const tools = { ...stage.doors, deployed: stage.deployed };
  const watch = targetWatch(tools, await currentKeyset(tools));
  const at = stage.bench.clock.now().toISOString();
  await stage.controlTable.putCompromised(stage.name, { material: k2.kid, at, recordedBy: 's' });
  const job = { id: '1', targetKid: k2.kid, mode: 'online' as const };
  await expect(watch(job)).rejects.toThrow('compromised');
});

test('in maintenance mode a published key may be it, online it may not', async () => {
  const stage = await setStage(clinic, { rows: 1 });
  stage.promote({ primary: k1, published: k2 });
  const tools = { ...stage.doors, deployed: stage.deployed };
  const watch = targetWatch(tools, await currentKeyset(tools));
  await expect(watch({ id: '1', targetKid: k2.kid, mode: 'online' })).rejects.toThrow('primary');
  await watch({ id: '1', targetKid: k2.kid, mode: 'maintenance' });
});

/** Ten seconds a look. */
function passing(): () => Date {
  let at = 0;
  return () => {
    at += 10_000;
    return new Date(at);
  };
}
