/** Every call of every task of AfterRotation, and of every state's function, fails in seven ways: it ends all the same. */
import { expect, test } from '@jest/globals';
import { afterRotationScenarios } from './after-rotation-scenarios.ts';
import { knownSites, runMatrix } from './schedules.ts';

test('what follows a rotation comes to its end, whichever call of it failed', async () => {
  const { sites, bad, schedules } = await runMatrix({
    id: 'after-rotation',
    scenarios: afterRotationScenarios,
    short: 24,
    pairs: { short: 6, full: 600 },
  });
  expect(sites).toEqual(knownSites('after-rotation', sites));
  expect(bad.slice(0, 10)).toEqual([]);
  expect(schedules).toBeGreaterThan(0);
}, 1_800_000);
