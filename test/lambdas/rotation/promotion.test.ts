/** AWSCURRENT moves, and what is done right before and after it: whose answer counts, and what is put away. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pinLabel } from '../../../domain/config/names.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let strategy: PlainStrategy;
let world: RotationWorld<PlainValue>;

async function start(initial?: PlainValue): Promise<void> {
  world?.stop();
  strategy = new PlainStrategy();
  if (initial !== undefined) strategy.accepted.add(initial.id);
  world = await RotationWorld.start({
    control: inMemoryControlTable(),
    ...(initial && { initial: JSON.stringify(initial) }),
    room: () => ({ strategy, companions: {} }),
  });
}
beforeEach(() => start());
afterEach(() => world.stop());

const failures = () => world.log.filter(({ event }) => event === 'failed');
const due = async (token: string) =>
  (await world.control.getAfterRotation(world.secretName, token))?.state;
const dates = async () =>
  Object.entries(await world.labels()).filter(([label]) => label.startsWith('rotated-'));

describe('a promotion', () => {
  test('that arrives twice is one, although the second is told that it came too late', async () => {
    await world.rotateThrough();
    const { moveLabel } = world.secrets;
    world.secrets.moveLabel = async (move) => {
      const answer = await moveLabel(move);
      return move.label === 'AWSCURRENT' ? moveLabel(move) : answer;
    };
    const token = await world.begin({ intent: 'planned' });
    expect(failures()).toEqual([]);
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(await due(token)).toBe('due');
  });

  test('that went well is believed, whatever a read right after it shows', async () => {
    await world.rotateThrough();
    const { moveLabel, describe } = world.secrets;
    world.secrets.moveLabel = async (move) => {
      if (move.label === 'AWSCURRENT') {
        const before = await describe(move.secretId);
        world.secrets.describe = async () => before;
      }
      return moveLabel(move);
    };
    const token = await world.begin({ intent: 'planned' });
    world.secrets.describe = describe;
    expect(failures()).toEqual([]);
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(await due(token)).toBe('due');
  });
});

describe('AWSCURRENT is moved by somebody else', () => {
  /** To the version before it, as by a person who rolls back by hand. */
  async function moveBack(): Promise<void> {
    const { AWSCURRENT: from = '', AWSPREVIOUS: to = '' } = await world.labels();
    await world.secrets.moveLabel({ secretId: world.secretArn, label: 'AWSCURRENT', to, from });
  }

  const meanwhile: [string, () => Promise<string>][] = [
    [
      'before setSecret is called again',
      async () => {
        strategy.failing = {
          step: 'testSecret',
          error: Object.assign(new Error('no answer'), { code: 'ERR_ROTATION_POSTGRES' }),
        };
        const token = await world.begin({ intent: 'planned' });
        strategy.failing = undefined;
        await moveBack();
        return token;
      },
    ],
    [
      'right before the promotion',
      async () => {
        const token = world.nextToken();
        const { putAfterRotation } = world.control;
        world.control.putAfterRotation = async (...given) => {
          await moveBack();
          return putAfterRotation(...given);
        };
        await world.begin({ intent: 'planned' }, token);
        return token;
      },
    ],
  ];

  test.each(
    meanwhile.flatMap(([when, given]) =>
      [true, false].map((accepted) => [when, accepted, given] as const),
    ),
  )('%s: the value is kept if its target accepts it (%s)', async (_when, accepted, given) => {
    await world.rotateThrough();
    await world.rotateThrough();
    const usual = strategy.testSecret.bind(strategy);
    let tested = 0;
    strategy.testSecret = async (...asked) => {
      tested += 1;
      // What was tested in its turn is asked about once more when it is given up.
      if (!accepted && tested > 1) strategy.accepted.delete(asked[0].pending?.id ?? '');
      return usual(...asked);
    };
    const token = await given();
    await world.clock.settle(3_600_000);
    const labels = await world.labels();
    expect(labels.AWSPENDING).toBeUndefined();
    expect(labels[pinLabel]).toBe(accepted ? token : undefined);
    const failure = failures().find(({ fields }) => fields.code === 'ERR_ROTATION_BASE_MOVED');
    expect(String(failure?.fields.reason).includes('under the pin label')).toBe(accepted);
  });
});

describe('AWSPENDING cannot be taken off after the promotion', () => {
  const refusing = (error: Error) => {
    const { moveLabel } = world.secrets;
    world.secrets.moveLabel = async (move) => {
      if (move.label !== 'AWSPENDING') return moveLabel(move);
      world.secrets.moveLabel = moveLabel;
      throw error;
    };
  };

  test('which is told, and no failure: the service takes it off, too', async () => {
    await world.rotateThrough();
    refusing(new AwsCallError('UpdateSecretVersionStage', 'ThrottlingException', 'later'));
    const token = await world.begin({ intent: 'planned' });
    expect(failures()).toEqual([]);
    expect(world.log).toContainEqual({
      level: 'error',
      event: 'pendingLabelLeft',
      fields: { secret: world.secretName, token, awsCode: 'ThrottlingException' },
    });
    expect((await world.control.getRotation(world.secretName, token))?.steps).toMatchObject({
      finishSecret: { outcome: 'finished' },
    });
  });

  test('but a fault of our own is no such thing: it is reported, and the step repeated', async () => {
    await world.rotateThrough();
    refusing(new TypeError('a fault of our own'));
    const token = await world.rotate();
    expect(failures()).toMatchObject([{ fields: { step: 'finishSecret' } }]);
    const labels = await world.labels();
    expect([labels.AWSCURRENT, labels.AWSPENDING]).toEqual([token, undefined]);
  });
});

describe('the lease the way was cleared with', () => {
  const after = (minutes: number) =>
    new Date(world.clock.now().getTime() + minutes * 60_000).toISOString();
  const lease = (token: string, minutes: number) => ({
    ...{ token, owner: 'emergency', at: world.clock.now().toISOString() },
    expiresAt: after(minutes),
  });

  test('ends with the promotion', async () => {
    await world.rotateThrough();
    const token = world.nextToken();
    const taken = lease(token, 60);
    await world.control.putLease(world.secretName, taken);
    await world.rotate({ intent: 'emergency' }, token);
    const { at } = (await world.control.getRotation(world.secretName, token)) ?? {};
    expect(await world.control.getLease(world.secretName)).toEqual({ ...taken, expiresAt: at });
  });

  test('keeps the end it had, when that was before', async () => {
    await world.rotateThrough();
    const token = world.nextToken();
    const taken = lease(token, -10);
    await world.control.putLease(world.secretName, taken);
    await world.rotate({ intent: 'emergency' }, token);
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(await world.control.getLease(world.secretName)).toEqual(taken);
  });

  test('is not ended for whoever took it over a moment ago', async () => {
    await world.rotateThrough();
    const token = world.nextToken();
    await world.control.putLease(world.secretName, lease(token, 60));
    const another = lease(world.nextToken(), 90);
    const { putLease } = world.control;
    world.control.putLease = async (...given) => {
      await putLease(world.secretName, another);
      return putLease(...given);
    };
    await world.rotate({ intent: 'emergency' }, token);
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(await world.control.getLease(world.secretName)).toEqual(another);
  });
});

describe('the date of what was promoted', () => {
  test('stays where it is when finishSecret is called again', async () => {
    await world.rotateThrough();
    const token = await world.rotateThrough();
    const before = await dates();
    expect(before).toHaveLength(2);
    const event = { Step: 'finishSecret', SecretId: world.secretArn, ClientRequestToken: token };
    expect(await world.handler(event)).toEqual({ outcome: 'unchanged' });
    expect(await dates()).toEqual(before);
  });

  test('needs no second move: finishSecret, called again while no label can be moved, has nothing to fail at', async () => {
    const token = await world.rotateThrough();
    world.faults.arm('finishSecret/secretsManager.moveLabel', 'permanent');
    const event = { Step: 'finishSecret', SecretId: world.secretArn, ClientRequestToken: token };
    expect(await world.handler(event)).toEqual({ outcome: 'unchanged' });
    expect(world.log.map(({ event: told }) => told)).toContain('pendingLabelLeft');
  });

  test('is carried over by the next run, where the function died right after the promotion', async () => {
    await world.rotateThrough();
    const [[label] = []] = await dates();
    strategy.publishes = true;
    world.faults.arm('finishSecret/secretsManager.moveLabel#1', 'diedAfter');
    const token = await world.rotate();
    expect(world.faults.fired).toBe(1);
    expect(await dates()).toEqual([[label, token]]);
  });

  test('is moved once in a rollback', async () => {
    const first = await world.rotateThrough();
    const [[label] = []] = await dates();
    await world.rotateThrough();
    const token = await world.rotate({ intent: 'rollback', restoreVersionId: first });
    expect((await world.labels())[label ?? '']).toBe(token);
    expect(world.log.map(({ event }) => event)).not.toContain('dateLabelMovedAlready');
  });

  test('is none for material that was taken over without one, and nothing fails for that', async () => {
    await start({ id: 'taken over' });
    strategy.publishes = true;
    const token = await world.begin({ intent: 'planned' });
    expect(failures()).toEqual([]);
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(await dates()).toEqual([]);
  });
});
