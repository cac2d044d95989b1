import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Schedule } from './schedule.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('regression: a look that takes its time is waited for; nobody is let go meanwhile, and nobody is stuck', async () => {
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const schedule = new Schedule(scheduler);
    let looking = false;
    schedule.invariants = async () => {
      looking = true;
      // More than what a participant is given before it counts as stuck.
      for (let turns = 0; turns < 1_000; turns++) await turn();
      looking = false;
    };
    const met: boolean[] = [];
    const run = async (name: string) => {
      for (let call = 0; call < 2; call++) {
        await schedule.call(name, 'PutItem', () => void met.push(looking));
      }
    };
    await schedule.play(['one', 'other'].map((name) => ({ name, run: () => run(name) })));
    expect(met).toEqual([false, false, false, false]);
  });
  await fc.assert(property, { seed: 20_260_517, numRuns: 10 });
});
