import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PlainStrategy } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let strategy: PlainStrategy;
let world: RotationWorld<{ id: string }>;

beforeEach(async () => {
  strategy = new PlainStrategy();
  world = await RotationWorld.start({ room: () => ({ strategy, companions: {} }) });
  await world.rotate();
  await world.finishAfterRotation();
});
afterEach(() => world.stop());

type Step = 'createSecret' | 'setSecret' | 'testSecret';

/** Runs `meanwhile` once, while the strategy is at `step`. */
function during(step: Step, meanwhile: () => Promise<unknown>): void {
  const usual = strategy[step].bind(strategy) as (...args: unknown[]) => Promise<never>;
  let done = false;
  strategy[step] = async (...args: unknown[]) => {
    const answer = await usual(...args);
    if (!done) {
      done = true;
      await meanwhile();
    }
    return answer;
  };
}

const preempt = (token: string) =>
  world.handler({ operation: 'preempt', token, owner: 'emergency' });
const codes = () => world.log.map(({ fields }) => fields.code);
const compromise = (material: string) =>
  world.control.putCompromised(world.secretName, {
    material,
    at: world.clock.now().toISOString(),
    recordedBy: 'security',
  });
const unreachable = Object.assign(new Error('no answer'), {
  name: 'TargetError',
  code: 'ERR_ROTATION_POSTGRES_UNREACHABLE',
});

test('regression: a testSecret that overtakes createSecret has not tested its rotation', async () => {
  const next = world.nextToken();
  world.faults.arm('createSecret/controlTable.fixRotation', 'before');
  await world.begin({ intent: 'planned' }, next);
  const step = (Step: string) =>
    world.handler({ Step, SecretId: world.secretArn, ClientRequestToken: next });
  during('testSecret', () => step('createSecret'));
  // Nothing is recorded yet, so it is taken for the service's test of a configuration.
  await step('testSecret');
  await step('setSecret');
  await expect(step('finishSecret')).rejects.toMatchObject({
    code: 'ERR_ROTATION_STEP_OUT_OF_ORDER',
  });
});

describe('a rotation that is preempted', () => {
  test('while it makes its value stores none: the label is the emergency’s by then', async () => {
    const emergency = world.nextToken();
    during('createSecret', async () => {
      await preempt(emergency);
      await world.control.putIntent(world.secretName, {
        intent: 'emergency',
        token: emergency,
        requestedBy: 'test',
        at: world.clock.now().toISOString(),
      });
      await world.secrets.rotate({ secretId: world.secretArn, clientRequestToken: emergency });
    });
    const stale = await world.begin({ intent: 'planned' });
    await world.clock.settle(3_600_000);
    expect(await world.secrets.getValue(world.secretArn, stale)).toBeUndefined();
    expect((await world.labels()).AWSCURRENT).toBe(emergency);
    expect(codes()).toContain('ERR_ROTATION_LEASED');
  });

  test('after it was recorded, before its value is stored, goes no further', async () => {
    world.faults.arm('createSecret/secretsManager.putPending', 'before');
    const stale = await world.begin({ intent: 'planned' });
    const at = world.clock.now();
    await world.control.putLease(world.secretName, {
      token: world.nextToken(),
      owner: 'emergency',
      at: at.toISOString(),
      expiresAt: new Date(at.getTime() + 24 * 3_600_000).toISOString(),
    });
    const made = strategy.calls.length;
    await world.clock.settle(3_600_000);
    expect(strategy.calls).toHaveLength(made);
    expect(await world.secrets.getValue(world.secretArn, stale)).toBeUndefined();
    expect((await world.labels()).AWSPENDING).toBeUndefined();
  });

  test('regression: while setSecret is setting its value has that value pinned, not dropped', async () => {
    world.stop();
    let lock: Promise<unknown> = Promise.resolve();
    const alone = <T>(work: () => Promise<T>): Promise<T> => {
      const mine = lock.then(work);
      lock = mine.catch(() => undefined);
      return mine;
    };
    world = await RotationWorld.start({
      room: () => ({
        strategy,
        companions: {},
        undisturbed: (_value, _companion, work) => alone(work),
      }),
    });
    await world.rotate();
    await world.finishAfterRotation();
    let preempting: Promise<unknown> = Promise.resolve();
    const usual = strategy.setSecret.bind(strategy);
    strategy.setSecret = (versions, rotation) =>
      alone(async () => {
        await rotation.assertNotSuperseded();
        preempting = preempt(world.nextToken());
        // The preemption gets as far as it gets while the value is on its way to the target.
        for (let turn = 0; turn < 200; turn++) await new Promise((done) => setImmediate(done));
        return usual(versions, rotation);
      });
    const stale = await world.begin({ intent: 'planned' });
    await expect(preempting).resolves.toMatchObject({ preempted: stale, pinned: true });
    expect(Object.values(await world.labels())).toContain(stale);
  });

  test('regression: has its value pinned although reads do not show the value yet', async () => {
    world.faults.arm('finishSecret/secretsManager.moveLabel', 'before');
    const stuck = await world.begin({ intent: 'planned' });
    const shown = world.secrets.getValue;
    let hidden = 2;
    world.secrets.getValue = async (...asked) =>
      asked[1] === stuck && hidden-- > 0 ? undefined : shown(...asked);
    await expect(preempt(world.nextToken())).resolves.toMatchObject({
      ...{ preempted: stuck, pinned: true },
    });
    expect(Object.values(await world.labels())).toContain(stuck);
  });

  test('right before its promotion leaves no AfterRotation behind', async () => {
    const put = world.control.putAfterRotation;
    world.control.putAfterRotation = async (...args) => {
      const answer = await put(...args);
      await preempt(world.nextToken());
      return answer;
    };
    const before = (await world.labels()).AWSCURRENT;
    const stale = await world.begin({ intent: 'planned' });
    expect((await world.labels()).AWSCURRENT).toBe(before);
    expect(codes()).toContain('ERR_ROTATION_LEASED');
    expect(await world.control.getAfterRotation(world.secretName, stale)).toBeUndefined();
  });

  test('regression: and promoted all the same, its last look at the lease being over, has its AfterRotation stopped', async () => {
    let cancelling: () => void = () => undefined;
    const cleared = new Promise<void>((resolve) => {
      cancelling = resolve;
    });
    let promoted: () => void = () => undefined;
    const promotion = new Promise<void>((resolve) => {
      promoted = resolve;
    });
    const { cancelRotation: cancel, moveLabel: move } = world.secrets;
    world.secrets.cancelRotation = async (...asked) => {
      cancelling();
      await promotion;
      return cancel(...asked);
    };
    let preempting: Promise<unknown> = Promise.resolve();
    world.secrets.moveLabel = async (asked) => {
      if (asked.label !== 'AWSCURRENT') return move(asked);
      preempting = preempt(world.nextToken());
      await cleared;
      const answer = await move(asked);
      promoted();
      return answer;
    };
    const planned = await world.begin({ intent: 'planned' });
    await expect(preempting).resolves.toMatchObject({ stoppedAfterRotation: true });
    expect((await world.labels()).AWSCURRENT).toBe(planned);
    expect(await world.control.getAfterRotation(world.secretName, planned)).toMatchObject({
      state: 'stopped',
      reason: 'preempted by emergency',
    });
  });

  test.each([
    ['by a lease', 'ERR_ROTATION_LEASED', () => preempt(world.nextToken())],
    ['by hand', 'ERR_ROTATION_VERSION_NOT_STAGED', takePendingAway],
  ])('%s is told so under the lock of its target', async (_how, code, take) => {
    let asked: Promise<unknown> = Promise.resolve();
    const usual = strategy.setSecret.bind(strategy);
    strategy.setSecret = async (versions, rotation) => {
      await expect(rotation.assertNotSuperseded()).resolves.toBeUndefined();
      await take();
      asked = rotation.assertNotSuperseded();
      await asked.catch(() => undefined);
      return usual(versions, rotation);
    };
    await world.begin({ intent: 'planned' });
    await expect(asked).rejects.toMatchObject({ code });
  });

  async function takePendingAway(): Promise<void> {
    const from = (await world.labels()).AWSPENDING ?? '';
    await world.secrets.moveLabel({ secretId: world.secretArn, label: 'AWSPENDING', from });
  }
});

test('AWSCURRENT that moves after the base was checked is compared again by the promotion itself', async () => {
  await world.rotate();
  await world.finishAfterRotation();
  const { AWSCURRENT: base = '', AWSPREVIOUS: moved = '' } = await world.labels();
  const put = world.control.putAfterRotation;
  world.control.putAfterRotation = async (...args) => {
    const move = { secretId: world.secretArn, label: 'AWSCURRENT', to: moved, from: base };
    await world.secrets.moveLabel(move);
    return put(...args);
  };
  const token = await world.begin({ intent: 'planned' });
  expect((await world.labels()).AWSCURRENT).toBe(moved);
  expect(await world.control.getAfterRotation(world.secretName, token)).toBeUndefined();
  expect(codes()).toContain('ERR_ROTATION_BASE_MOVED');
});

describe('material recorded as compromised while its rotation is under way', () => {
  test('is not set in the target', async () => {
    strategy.failing = { step: 'setSecret', error: unreachable };
    await world.begin({ intent: 'planned' });
    const { id } = JSON.parse((await world.text('AWSPENDING')) ?? '');
    strategy.failing = undefined;
    await compromise(id);
    await world.clock.settle(3_600_000);
    expect(strategy.accepted.has(id)).toBe(false);
    expect((await world.labels()).AWSPENDING).toBeUndefined();
    expect(codes()).toContain('ERR_ROTATION_COMPROMISED_MATERIAL');
  });

  test.each([false, true])('never becomes current, published: %s', async (published) => {
    strategy.publishes = published;
    const before = (await world.labels()).AWSCURRENT;
    during('testSecret', async () => {
      const value = JSON.parse((await world.text('AWSPENDING')) ?? '');
      await compromise(published ? value.published : value.id);
    });
    const token = await world.begin({ intent: 'planned' });
    await world.clock.settle(3_600_000);
    expect((await world.labels()).AWSCURRENT).toBe(before);
    expect((await world.labels()).AWSPENDING).toBeUndefined();
    expect(await world.control.getAfterRotation(world.secretName, token)).toBeUndefined();
  });

  test('does not keep a key from being published beside a primary that leaked', async () => {
    const { id } = JSON.parse((await world.text()) ?? '');
    await compromise(id);
    strategy.publishes = true;
    const token = await world.rotate();
    expect((await world.labels()).AWSCURRENT).toBe(token);
  });
});
