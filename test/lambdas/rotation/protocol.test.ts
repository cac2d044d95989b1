import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { PlainStrategy } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let strategy: PlainStrategy;
let world: RotationWorld<{ id: string }>;

async function start(options: { initial?: string; armed?: 'true' | 'false' } = {}) {
  strategy = new PlainStrategy();
  const { accepted } = strategy;
  if (options.initial !== undefined) {
    accepted.add(JSON.parse(options.initial).id);
  }
  world = await RotationWorld.start({ ...options, room: () => ({ strategy, companions: {} }) });
}

beforeEach(() => start());
afterEach(() => world.stop());

const failure = (code: string) =>
  Object.assign(new Error('the target does not answer'), { name: 'TargetError', code });

async function currentId(): Promise<string> {
  return JSON.parse((await world.text()) ?? '{}').id;
}

describe('a rotation', () => {
  test('replaces the marker of a new secret by a first value, under a date label', async () => {
    const token = await world.rotate();
    const labels = await world.labels();
    expect(labels.AWSCURRENT).toBe(token);
    expect(labels['rotated-20260105T030001Z']).toBe(token);
    expect(labels.AWSPENDING).toBeUndefined();
    expect(strategy.calls.at(0)?.versions.current).toBeUndefined();
  });

  test('leaves a record of its steps and evidence, and an AfterRotation that is due', async () => {
    const token = await world.rotate();
    expect(await world.control.getRotation(world.secretName, token)).toMatchObject({
      intent: 'planned',
      steps: {
        createSecret: { outcome: 'created' },
        setSecret: { outcome: 'set' },
        testSecret: { outcome: 'tested' },
        finishSecret: { outcome: 'finished' },
      },
      evidence: [{ fact: 'accepted' }],
      provenance: { attributed: true, requestedBy: 'test' },
    });
    expect(await world.control.getAfterRotation(world.secretName, token)).toMatchObject({
      state: 'due',
      primary: await currentId(),
    });
  });

  test('logs one line a step', async () => {
    await world.rotate();
    const steps = world.log
      .filter(({ event }) => event === 'step')
      .map(({ fields }) => fields.step);
    expect(steps).toEqual([
      'testSecret',
      'createSecret',
      'setSecret',
      'testSecret',
      'finishSecret',
    ]);
  });

  test('without an intent record is planned and unattributed', async () => {
    await world.rotate();
    await world.finishAfterRotation();
    const token = world.nextToken();
    await world.secrets.rotate({ secretId: world.secretArn, clientRequestToken: token });
    await world.clock.settle();
    const record = await world.control.getRotation(world.secretName, token);
    expect(record?.provenance).toMatchObject({ attributed: false, backstopProbably: false });
  });

  test('by the native rule is probably the backstop', async () => {
    await world.rotate();
    await world.finishAfterRotation();
    const before = (await world.labels()).AWSCURRENT;
    await world.clock.advanceTo(new Date('2027-01-10T00:00:00Z'), 'last');
    const after = (await world.labels()).AWSCURRENT ?? '';
    expect(after).not.toBe(before);
    const record = await world.control.getRotation(world.secretName, after);
    expect(record?.provenance).toMatchObject({ attributed: false, backstopProbably: true });
  });

  test('hands the rotation token on, and logs it nowhere', async () => {
    const put = world.secrets.putPending;
    let handedOn: string | undefined;
    world.secrets.putPending = (value) => {
      handedOn = value.rotationToken;
      return put(value);
    };
    await world.rotate();
    expect(handedOn).toMatch(/^[0-9a-f-]{36}$/);
    const said = JSON.stringify([world.log, world.answers]);
    expect(said).not.toContain('RotationToken');
    expect(said).not.toContain(handedOn);
  });
});

describe('RotateSecret with RotateImmediately=false', () => {
  test('tests nothing but the wiring of a secret without a value', async () => {
    expect(world.log).toMatchObject([{ fields: { step: 'testSecret', outcome: 'uninitialised' } }]);
    expect(strategy.calls).toEqual([]);
  });

  test('tests the current value and writes nothing', async () => {
    await start({ initial: '{"id":"old"}' });
    expect(strategy.calls.map(({ step }) => step)).toEqual(['testSecret']);
    expect(world.log.at(-1)?.fields).toMatchObject({ outcome: 'currentTested' });
    expect(await world.control.everPromoted(world.secretName)).toBe(false);
  });
});

describe('every step can be repeated', () => {
  test.each(['createSecret', 'setSecret', 'testSecret', 'finishSecret'])(
    '%s fails once; the service starts again with the same token and succeeds',
    async (step) => {
      await world.rotate();
      await world.finishAfterRotation();
      const before = await world.text();
      if (step === 'finishSecret') {
        world.faults.arm('finishSecret/secretsManager.moveLabel#1', 'before');
      } else {
        strategy.failing = { step, error: failure('ERR_ROTATION_POSTGRES_UNREACHABLE') };
      }
      const token = await world.begin({ intent: 'planned' });
      expect(await world.text()).toBe(before);
      expect((await world.labels()).AWSPENDING).toBe(token);
      const pending = await world.text('AWSPENDING');
      strategy.failing = undefined;
      await world.clock.settle(3_600_000);
      const labels = await world.labels();
      expect(labels.AWSCURRENT).toBe(token);
      if (step !== 'createSecret') {
        expect(await world.text()).toBe(pending);
      }
    },
  );

  test('steps of a rotation that is over change nothing', async () => {
    const token = await world.rotate();
    const event = { SecretId: world.secretArn, ClientRequestToken: token };
    const [before, labels] = [await world.text(), await world.labels()];
    for (const Step of ['createSecret', 'setSecret', 'testSecret', 'finishSecret']) {
      expect(await world.handler({ ...event, Step })).toEqual({ outcome: 'unchanged' });
    }
    expect(await world.text()).toBe(before);
    expect(await world.labels()).toEqual(labels);
  });
});

describe('refused', () => {
  test('a planned rotation while AfterRotation is due; nothing is left behind', async () => {
    const first = await world.rotate();
    const refused = await world.rotate();
    const labels = await world.labels();
    expect(labels.AWSCURRENT).toBe(first);
    expect(labels.AWSPENDING).toBeUndefined();
    expect(await world.control.getRotation(world.secretName, refused)).toBeUndefined();
    expect(world.log.at(-1)?.fields).toMatchObject({
      code: 'ERR_ROTATION_AFTER_ROTATION_PENDING',
    });
  });

  test('then an emergency goes through at once', async () => {
    await world.rotate();
    await world.rotate();
    const emergency = await world.rotate({ intent: 'emergency' });
    expect((await world.labels()).AWSCURRENT).toBe(emergency);
  });

  test('an unarmed secret', async () => {
    await start({ armed: 'false' });
    await world.rotate();
    expect(world.log.at(-1)?.fields).toMatchObject({ code: 'ERR_ROTATION_NOT_ARMED' });
    expect((await world.labels()).AWSPENDING).toBeUndefined();
  });

  test('a step for another secret, another function, or a version without the label', async () => {
    const token = await world.rotate();
    const event = { Step: 'createSecret', SecretId: world.secretArn, ClientRequestToken: token };
    await expect(
      world.handler({ ...event, SecretId: `${world.secretArn}x` }),
    ).rejects.toMatchObject({ code: 'ERR_ROTATION_FOREIGN_SECRET' });
    await expect(
      world.handler({ ...event, ClientRequestToken: world.nextToken() }),
    ).rejects.toMatchObject({ code: 'ERR_ROTATION_VERSION_NOT_STAGED' });
  });

  test('steps out of order', async () => {
    await world.rotate();
    await world.finishAfterRotation();
    strategy.failing = { step: 'createSecret', error: failure('ERR_ROTATION_POSTGRES') };
    const token = await world.begin({ intent: 'planned' });
    strategy.failing = undefined;
    const event = { SecretId: world.secretArn, ClientRequestToken: token };
    for (const Step of ['setSecret', 'finishSecret']) {
      await expect(world.handler({ ...event, Step })).rejects.toMatchObject({
        code: 'ERR_ROTATION_STEP_OUT_OF_ORDER',
      });
    }
  });

  test('a value that somebody staged by hand', async () => {
    await world.rotate();
    await world.finishAfterRotation();
    const token = world.nextToken();
    await world.secrets.putPending({
      secretId: world.secretArn,
      token,
      secretString: '{"id":"mine"}',
    });
    await world.secrets.rotate({ secretId: world.secretArn, clientRequestToken: token });
    await world.clock.settle();
    expect(await currentId()).not.toBe('mine');
  });

  test('everything but the named token while a lease stands, and again after it has ended', async () => {
    await world.rotate();
    await world.finishAfterRotation();
    const lease = {
      token: world.nextToken(),
      owner: 'emergency',
      at: world.clock.now().toISOString(),
      expiresAt: new Date(world.clock.now().getTime() + 3_600_000).toISOString(),
    };
    await world.control.putLease(world.secretName, lease);
    await world.rotate();
    expect(world.log.at(-1)?.fields).toMatchObject({ code: 'ERR_ROTATION_LEASED' });
    const let_through = await world.rotate({ intent: 'emergency' }, lease.token);
    expect((await world.labels()).AWSCURRENT).toBe(let_through);
  });
});

describe('the date label', () => {
  const dates = async () =>
    Object.fromEntries(
      Object.entries(await world.labels()).filter(([label]) => label.startsWith('rotated-')),
    );

  test('stays with the material: a published key changes no age, its activation does', async () => {
    const first = await world.rotate();
    await world.finishAfterRotation();
    const [firstDate] = Object.keys(await dates());
    expect(Object.values(await dates())).toEqual([first]);

    strategy.publishes = true;
    const published = await world.rotate();
    expect(await dates()).toEqual({ [firstDate ?? '']: published });

    const activated = await world.activate();
    const after = await dates();
    expect(after[firstDate ?? '']).toBe(published);
    expect(Object.values(after)).toContain(activated);
    expect(Object.keys(after)).toHaveLength(2);
  });

  test('goes back with the material in a rollback', async () => {
    await world.rotate();
    await world.finishAfterRotation();
    const [firstDate] = Object.keys(await dates());
    const firstId = await currentId();
    await world.rotate();
    const rollback = await world.rotate({ intent: 'rollback' });
    expect(await currentId()).toBe(firstId);
    expect((await dates())[firstDate ?? '']).toBe(rollback);
  });

  test('is its own also for two generations within one second', async () => {
    await world.rotate();
    await world.finishAfterRotation();
    const token = world.nextToken();
    await world.secrets.rotate({ secretId: world.secretArn, clientRequestToken: token });
    await world.clock.settle();
    expect(Object.values(await dates())).toContain(token);
    expect(Object.keys(await dates())).toHaveLength(2);
  });

  test('twelve at the most: the oldest goes, never that of AWSCURRENT', async () => {
    const tokens: string[] = [];
    for (let count = 0; count < 14; count++) {
      tokens.push(await world.rotate());
      await world.finishAfterRotation();
    }
    const kept = await dates();
    expect(Object.keys(kept)).toHaveLength(12);
    expect(Object.values(kept).sort()).toEqual(tokens.slice(-12).sort());
  });
});

describe('AWSCURRENT moved while a rotation was under way', () => {
  test('the rotation is given up and pinned; the next one goes through', async () => {
    await world.rotate();
    await world.finishAfterRotation();
    strategy.failing = { step: 'testSecret', error: failure('ERR_ROTATION_POSTGRES_UNREACHABLE') };
    const token = await world.begin({ intent: 'planned' });
    strategy.failing = undefined;
    const labels = await world.labels();
    await world.secrets.moveLabel({
      secretId: world.secretArn,
      label: 'AWSCURRENT',
      to: labels.AWSPREVIOUS ?? '',
      from: labels.AWSCURRENT ?? '',
    });
    await world.clock.settle(3_600_000);
    const after = await world.labels();
    expect(after.AWSPENDING).toBeUndefined();
    expect(after['quarterturn-pin']).toBe(token);
    expect(after.AWSCURRENT).toBe(labels.AWSPREVIOUS);
    expect(world.log.map(({ fields }) => fields.code)).toContain('ERR_ROTATION_BASE_MOVED');
  });
});

test('a promotion that loses the race is given up and leaves no AfterRotation behind', async () => {
  const first = await world.rotate();
  await world.finishAfterRotation();
  await world.rotate();
  await world.finishAfterRotation();
  const promote = world.secrets.moveLabel;
  let raced = false;
  world.secrets.moveLabel = async (move) => {
    if (move.label === 'AWSCURRENT' && !raced) {
      raced = true;
      // Somebody with the right to do so is faster by one call.
      await promote({ ...move, to: first });
    }
    return promote(move);
  };
  const token = await world.begin({ intent: 'planned' });
  await world.clock.settle(3_600_000);
  expect((await world.labels()).AWSCURRENT).toBe(first);
  expect((await world.labels()).AWSPENDING).toBeUndefined();
  expect(await world.control.getAfterRotation(world.secretName, token)).toBeUndefined();
  expect(world.log.map(({ fields }) => fields.code)).toContain('ERR_ROTATION_BASE_MOVED');
});

describe('preempt', () => {
  test.each(['createSecret', 'setSecret', 'testSecret', 'finishSecret'])(
    'clears a rotation stuck at %s, and an emergency goes through',
    async (step) => {
      await world.rotate();
      await world.finishAfterRotation();
      if (step === 'finishSecret') {
        world.faults.arm('finishSecret/secretsManager.moveLabel#1', 'before');
      } else {
        strategy.failing = { step, error: failure('ERR_ROTATION_POSTGRES_UNREACHABLE') };
      }
      const stuck = await world.begin({ intent: 'planned' });
      strategy.failing = undefined;
      const token = world.nextToken();
      const answer = await world.handler({ operation: 'preempt', token, owner: 'emergency' });
      expect(answer).toMatchObject({ preempted: stuck });
      const labels = await world.labels();
      expect(labels.AWSPENDING).toBeUndefined();
      const wasSet = step === 'testSecret' || step === 'finishSecret';
      expect(labels['quarterturn-pin']).toBe(wasSet ? stuck : undefined);

      await world.rotate({ intent: 'emergency' }, token);
      expect((await world.labels()).AWSCURRENT).toBe(token);
      // The service's retry timers of the stuck rotation have run out by now: it stays dead.
      await world.clock.settle(24 * 3_600_000);
      expect((await world.labels()).AWSCURRENT).toBe(token);
    },
  );

  test('clears a pending value that cannot be read as one of this kind, and keeps it', async () => {
    await world.rotate();
    await world.finishAfterRotation();
    world.faults.arm('finishSecret/secretsManager.moveLabel#1', 'before');
    const stuck = await world.begin({ intent: 'planned' });
    const pending = await world.secrets.getValue(world.secretArn, stuck);
    const parse = strategy.parse.bind(strategy);
    strategy.parse = (text) => {
      if (text === pending) throw failure('ERR_ROTATION_DATABASE_VALUE');
      return parse(text);
    };
    const token = world.nextToken();
    const preempt = { operation: 'preempt', token, owner: 'emergency' };
    expect(await world.handler(preempt)).toMatchObject({ preempted: stuck, pinned: true });
    const labels = await world.labels();
    expect(labels.AWSPENDING).toBeUndefined();
    expect(labels['quarterturn-pin']).toBe(stuck);
  });

  test('keeps others out until its rotation is promoted, and no longer', async () => {
    await world.rotate();
    await world.finishAfterRotation();
    const token = world.nextToken();
    await world.handler({ operation: 'preempt', token, owner: 'emergency' });
    await world.rotate();
    expect(world.log.at(-1)?.fields).toMatchObject({ code: 'ERR_ROTATION_LEASED' });
    await world.rotate({ intent: 'emergency' }, token);
    await world.finishAfterRotation();
    const next = await world.rotate();
    expect((await world.labels()).AWSCURRENT).toBe(next);
  });

  test('takes no standing lease away, except for an emergency', async () => {
    const emergency = world.nextToken();
    const at = world.clock.now().toISOString();
    const record = { intent: 'emergency' as const, token: emergency, requestedBy: 'security', at };
    await world.control.putIntent(world.secretName, record);
    const other = { operation: 'preempt', token: world.nextToken(), owner: 'on-call' };
    await world.handler(other);
    await world.handler({ operation: 'preempt', token: emergency, owner: 'security' });
    await expect(world.handler({ ...other, minutes: 30 })).rejects.toMatchObject({
      code: 'ERR_ROTATION_LEASED',
    });
    expect(await world.control.getLease(world.secretName)).toMatchObject({ token: emergency });
  });

  test('holds a secret for more than an hour only in an emergency', async () => {
    const asked = { operation: 'preempt', token: world.nextToken(), owner: 'rollback' };
    await expect(world.handler({ ...asked, minutes: 61 })).rejects.toMatchObject({
      code: 'ERR_ROTATION_INVALID_EVENT',
    });
    expect(await world.control.getLease(world.secretName)).toBeUndefined();
  });

  test('for a rollback asked for before an emergency was promoted leaves what follows that emergency alone', async () => {
    const before = await world.rotate();
    await world.finishAfterRotation();
    const emergency = await world.rotate({ intent: 'emergency' });
    const preempt = { operation: 'preempt', token: world.nextToken(), owner: 'rollback' };
    await expect(world.handler({ ...preempt, current: before })).rejects.toMatchObject({
      code: 'ERR_ROTATION_BASE_MOVED',
    });
    expect(await world.control.getAfterRotation(world.secretName, emergency)).toMatchObject({
      state: 'due',
    });
    // And no lease keeps others out for something that is not going to happen.
    await world.finishAfterRotation();
    expect((await world.labels()).AWSCURRENT).toBe(emergency);
    const next = await world.rotate();
    expect((await world.labels()).AWSCURRENT).toBe(next);
  });

  test('stops the AfterRotation of AWSCURRENT, and can be repeated', async () => {
    const current = await world.rotate();
    const preempt = { operation: 'preempt', token: world.nextToken(), owner: 'rollback' };
    expect(await world.handler(preempt)).toMatchObject({ stoppedAfterRotation: true });
    expect(await world.handler(preempt)).toMatchObject({ stoppedAfterRotation: false });
    expect(await world.control.getAfterRotation(world.secretName, current)).toMatchObject({
      state: 'stopped',
      reason: 'preempted by rollback',
    });
  });
});

describe('randomness', () => {
  test('KMS unreachable fails a planned rotation', async () => {
    world.faults.arm('createSecret/kmsRandom.bytes', 'before');
    await world.begin({ intent: 'planned' });
    expect(await world.text('AWSPENDING')).toBeUndefined();
    expect(world.faults.fired).toBe(1);
  });

  test('an emergency asks KMS three times, goes on without it, and records that it did', async () => {
    world.faults.arm('createSecret/kmsRandom.bytes', 'before', 9);
    const token = await world.begin({ intent: 'emergency' });
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect(world.faults.fired).toBe(3);
    expect((await world.control.getRotation(world.secretName, token))?.evidence).toContainEqual({
      fact: 'kmsRandomUnavailable',
      detail: { awsCode: 'InternalServiceError' },
    });
  });
});

test('compromised material is never restored', async () => {
  await world.rotate();
  await world.finishAfterRotation();
  const leaked = await currentId();
  const second = await world.rotate();
  await world.control.putCompromised(world.secretName, {
    material: leaked,
    at: world.clock.now().toISOString(),
    recordedBy: 'security',
  });
  await world.rotate({ intent: 'rollback' });
  expect((await world.labels()).AWSCURRENT).toBe(second);
  expect((await world.labels()).AWSPENDING).toBeUndefined();
  expect(world.log.at(-1)?.fields).toMatchObject({ code: 'ERR_ROTATION_COMPROMISED_MATERIAL' });
});

describe('a damaged version', () => {
  const damage = () => {
    const parse = strategy.parse.bind(strategy);
    strategy.parse = (text) => {
      if (text === damaged) {
        throw Object.assign(new Error('The value does not fit.'), { code: 'ERR_ROTATION_DAMAGED' });
      }
      return parse(text);
    };
  };
  let damaged: string | undefined;

  beforeEach(async () => {
    await world.rotate();
    await world.finishAfterRotation();
    damaged = await world.text();
    damage();
  });

  test('in AWSCURRENT refuses a planned rotation, which leaves nothing behind', async () => {
    const current = (await world.labels()).AWSCURRENT;
    await world.rotate();
    expect(await world.labels()).toMatchObject({ AWSCURRENT: current });
    expect((await world.labels()).AWSPENDING).toBeUndefined();
    expect(world.log.at(-1)?.fields).toMatchObject({ code: 'ERR_ROTATION_DAMAGED' });
  });

  test('does not stop an emergency, and is evidence of it', async () => {
    const token = await world.rotate({ intent: 'emergency' });
    expect((await world.labels()).AWSCURRENT).toBe(token);
    const record = await world.control.getRotation(world.secretName, token);
    expect(record?.evidence).toContainEqual(expect.objectContaining({ fact: 'versionUnreadable' }));
  });
});
