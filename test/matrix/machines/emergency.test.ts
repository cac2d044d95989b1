/** Every call of every task of an emergency, and of every state's function, fails in seven ways: it is closed all the same. */
import { expect, test } from '@jest/globals';
import { emergencyScenarios } from './emergency-scenarios.ts';
import { knownSites, runMatrix } from './schedules.ts';

test('an emergency is closed, with everything exposed changed once and proven, whichever call of it failed', async () => {
  const { sites, bad, schedules } = await runMatrix({
    id: 'emergency',
    scenarios: emergencyScenarios,
    short: 12,
    pairs: { short: 3, full: 200 },
  });
  expect(sites).toEqual(knownSites('emergency', sites));
  expect(bad.slice(0, 10)).toEqual([]);
  expect(schedules).toBeGreaterThan(0);
}, 1_800_000);
