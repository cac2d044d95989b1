/** What is kept of a first value that was given up must not stand in the way of the next one. */
import { createHash } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { JwtStrategy } from '../../../lambdas/jwt/jwt-strategy.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

const plainKey = createHash('sha512').update('the key of before').digest('base64');
const initials = {
  'a new secret': '{"quarterturn":"uninitialised"}',
  'a value that was taken over': JSON.stringify({ JWT_SECRET: plainKey }),
};

// biome-ignore lint/suspicious/noExplicitAny: the world of any kind of secret
let world: RotationWorld<any>;
afterEach(() => world?.stop());

const [anew, takenOver] = Object.entries(initials) as [[string, string], [string, string]];
/** The date of a new value is attached before it is promoted; one that was taken over gets none of its own. */
const cases = [
  [anew[0], 'finishSecret/secretsManager.describe#1', anew[1]],
  [anew[0], 'finishSecret/secretsManager.moveLabel#1', anew[1]],
  [takenOver[0], 'finishSecret/secretsManager.describe#1', takenOver[1]],
] as const;

test.each(cases)(
  'regression: %s, its first rotation stopped at %s by a rollback, is rotated when it is asked for again',
  async (_, place, initial) => {
    world = await RotationWorld.start({
      control: inMemoryControlTable(),
      initial,
      room: () => ({
        strategy: new JwtStrategy({
          ...{ field: 'JWT_SECRET', bits: 512, encoding: 'base64', acceptForSeconds: 60 },
        }),
        companions: {},
      }),
    });
    world.faults.arm(place, 'after');
    const stopped = await world.begin({ intent: 'planned' });
    const rollback = world.nextToken();
    await world.control.putIntent(world.secretName, {
      ...{ intent: 'rollback', token: rollback, requestedBy: 'on-call' },
      at: world.clock.now().toISOString(),
    });
    await world.handler({ operation: 'preempt', token: rollback, owner: 'on-call', minutes: 60 });
    await world.rotate({ intent: 'rollback' }, rollback);
    expect(await world.labels()).toMatchObject({ 'quarterturn-pin': stopped });
    const hour = 3_600_000;
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + hour + 60_000));

    const again = await world.rotate({ intent: 'planned' });

    expect(await world.labels()).toMatchObject({ AWSCURRENT: again });
  },
);
