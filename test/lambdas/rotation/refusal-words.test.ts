/** A rotation that is refused says why, whatever becomes of the call that takes its label away. */
import { afterEach, expect, test } from '@jest/globals';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let world: RotationWorld<PlainValue>;
afterEach(() => world?.stop());

test.each(['before', 'after', 'retryable'] as const)(
  'regression: a refusal keeps its own words when the call that takes AWSPENDING away fails (%s)',
  async (kind) => {
    world = await RotationWorld.start({
      control: inMemoryControlTable(),
      room: () => ({ strategy: new PlainStrategy(), companions: {} }),
    });
    const first = await world.rotate();
    await world.finishAfterRotation();
    world.faults.arm('createSecret/secretsManager.moveLabel#1', kind);

    const token = await world.rotate({ intent: 'rollback' });

    expect(world.faults.fired).toBe(1);
    const { failure } = (await world.control.getRotation(world.secretName, token)) ?? {};
    expect(failure?.code).toBe('ERR_ROTATION_NOTHING_TO_RESTORE');
    expect(world.log).toContainEqual({
      level: 'error',
      event: 'pendingLabelLeft',
      fields: {
        secret: world.secretName,
        token,
        awsCode: kind === 'retryable' ? 'ThrottlingException' : 'InternalServiceError',
      },
    });
    const { AWSCURRENT, AWSPENDING } = await world.labels();
    expect([AWSCURRENT, AWSPENDING]).toEqual([first, undefined]);
  },
);
