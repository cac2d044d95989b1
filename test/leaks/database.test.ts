/** Database rotations that go wrong say nothing of a password, on a real server whose errors quote everything. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { type Pharmacy, startPharmacy } from '../lambdas/database/pharmacy.ts';
import { databaseRoom } from './database-room.ts';
import { everySingleFault, seed, Tally } from './schedules.ts';

/** A share, drawn by the seed: each schedule logs in a dozen times. */
const share = 12;
// In every run the deployed functions fail on a real server (test/integration/leaks.test.ts); this is the proof's.
const proof = isFull ? test : test.skip;
const tally = new Tally();

let pharmacy: Pharmacy | undefined;
beforeAll(async () => {
  if (isFull) pharmacy = await startPharmacy();
}, 60_000);
afterAll(async () => {
  await pharmacy?.server.stop();
  if (!isFull) return;
  const { schedules, canaries, bytesSearched, hits, bad, sinks } = tally;
  const figures = { schedules, canaries, bytesSearched, hits, bad, sinks: sinks.size };
  recordFigures('leaks-database', seed, figures);
});

proof.each(['multiUser', 'singleUser'] as const)(
  '%s: no password in anything that is told, whichever call fails',
  async (scheme) => {
    const room = databaseRoom(pharmacy as Pharmacy, scheme);
    // The first rotations of a server have more to do than any later one, so that their calls are met by no fault.
    const first = await room.start('planned');
    await first.world.rotate();
    first.world.stop();
    for (const scenario of room.scenarios) {
      const before = tally.schedules;
      await everySingleFault(room, scenario, tally, share);
      expect(tally.schedules - before).toBeGreaterThan(10);
    }
  },
  1_800_000,
);
