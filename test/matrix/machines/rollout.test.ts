/** Every call of every task of a rollout, and of every state's function, fails in seven ways: the consumer gets there. */
import { expect, test } from '@jest/globals';
import { rolloutScenarios } from './rollout-scenarios.ts';
import { knownSites, runMatrix } from './schedules.ts';

test('a consumer gets to its new value, restarted once, whichever call of its rollout failed', async () => {
  const { sites, bad, schedules } = await runMatrix({
    id: 'rollout',
    scenarios: rolloutScenarios,
    short: 16,
    pairs: { short: 4, full: 300 },
  });
  expect(sites).toEqual(knownSites('rollout', sites));
  expect(bad.slice(0, 10)).toEqual([]);
  expect(schedules).toBeGreaterThan(0);
}, 1_800_000);
