/** Offboarding and deployment: planned rotations, when their preflight lets them. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { AwsCallError } from '../../../doors/aws-call.ts';
import type { TriggerDoors } from '../../../lambdas/triggers/doors.ts';
import { exposed, first, name, onBus, own, triggersWorld } from './world.ts';

let world: ReturnType<typeof triggersWorld>;
beforeEach(() => {
  world = triggersWorld();
});
const rotations = () =>
  world.secrets.rotations.map(({ secretId }) => secretId.replace(/^.*secret:(.*)-AbCdEf$/, '$1'));
const later = (hours: number) =>
  world.clock.set(new Date(world.clock.now().getTime() + hours * 3_600_000).toISOString());
const states = (of: readonly { key: string; state: string }[] = []) =>
  of.map(({ key, state }) => [key, state]);
const tick = () =>
  world.handle(
    exposed([], {}, { source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} }),
  );
const afterRotation = (key: string, state: 'running' | 'finished') => ({
  versionId: first,
  state,
  intent: 'planned' as const,
  basedOn: null,
  at: '2026-03-02T09:00:00Z',
  execution: `arn:aws:states:eu-west-1:${own}:execution:after-rotation:${key}`,
});

describe('somebody leaves', () => {
  test('and everything that person could read rotates as planned, now', async () => {
    await world.handle(onBus('credential-offboarding', { person: 'ada', reason: 'last day' }));
    expect(rotations()).toEqual([name('jwt'), name('db')]);
    const [asked] = world.secrets.rotations;
    expect(
      await world.controlTable.getIntent(name('jwt'), asked?.clientRequestToken ?? ''),
    ).toMatchObject({
      intent: 'planned',
      requestedBy: 'trigger: offboarding',
      reason: 'offboarding of ada: last day',
    });
    expect(world.started).toEqual([]);
    // A person is needed for the one that nothing here can make.
    expect(world.told()).toEqual([
      expect.objectContaining({ trigger: 'offboarding', outcome: 'open', person: 'ada' }),
    ]);
    expect(states(world.told()[0]?.secrets)).toEqual([
      ['jwt', 'rotating'],
      ['db', 'rotating'],
      ['dbAdmin', 'person'],
    ]);
    expect(await world.records.getWaiting()).toEqual([]);
  });

  test('and what cannot rotate yet is asked for every hour until it does', async () => {
    await world.controlTable.putAfterRotation(name('db'), afterRotation('db', 'running'));
    await world.handle(onBus('credential-offboarding', { person: 'ada' }));
    expect(rotations()).toEqual([name('jwt')]);
    expect(world.told()[0]?.secrets[1]).toMatchObject({
      key: 'db',
      state: 'waiting',
      code: 'ERR_ROTATION_AFTER_ROTATION_PENDING',
    });
    later(1);
    expect(await tick()).toEqual({ outcome: 'askedAgain', left: 1 });
    await world.controlTable.moveAfterRotation(
      name('db'),
      ['running'],
      afterRotation('db', 'finished'),
    );
    later(1);
    expect(await tick()).toEqual({ outcome: 'askedAgain', left: 0 });
    expect(rotations()).toEqual([name('jwt'), name('db')]);
    later(1);
    expect(await tick()).toEqual({ outcome: 'askedAgain', left: 0 });
    expect(rotations()).toHaveLength(2);
  });

  test('and a rotation that was under way before is waited for, and followed by another', async () => {
    const stages = world.secrets.stages.get(name('db')) ?? {};
    stages['22222222-2222-4222-8222-222222222222'] = ['AWSPENDING'];
    await world.handle(onBus('credential-offboarding', { person: 'ada' }));
    expect(rotations()).toEqual([name('jwt')]);
    world.secrets.promote(name('db'), '22222222-2222-4222-8222-222222222222');
    later(1);
    await tick();
    expect(rotations()).toEqual([name('jwt'), name('db')]);
  });

  test('and what still waits after a day is told, once', async () => {
    await world.controlTable.putAfterRotation(name('db'), afterRotation('db', 'running'));
    await world.handle(onBus('credential-offboarding', { person: 'ada' }));
    later(23);
    await tick();
    expect(world.told()).toHaveLength(1);
    later(1);
    await tick();
    later(1);
    await tick();
    expect(world.told()).toHaveLength(2);
    expect(world.told()[1]).toMatchObject({ outcome: 'open', person: 'ada' });
    expect(states(world.told()[1]?.secrets)).toEqual([['db', 'waiting']]);
  });

  test('regression: and told again after a lost record it bears another id where something else was met', async () => {
    const { putTrigger } = world.records;
    world.records.putTrigger = () => Promise.reject(new AwsCallError('PutItem', 'Denied', 'no'));
    const event = onBus('credential-offboarding', { person: 'ada' });
    for (const met of ['nothing', 'nothing', 'a refusal']) {
      if (met === 'a refusal') {
        world.secrets.door.describe = () =>
          Promise.reject(new AwsCallError('DescribeSecret', 'AccessDeniedException', 'no'));
      }
      await expect(world.handle(event)).rejects.toThrow();
    }
    world.records.putTrigger = putTrigger;
    const [first, same, other] = world.told();
    expect(states(other?.secrets)).toContainEqual(['jwt', 'failed']);
    expect({ ...same, at: first?.at }).toEqual(first);
    // Who drops an id it has seen would never hear of what failed.
    expect(other?.id).not.toBe(first?.id);
  });

  test('and a delivery that died before its end is caught up with', async () => {
    const put = world.bus.put;
    world.bus.put = () => Promise.reject(new Error('gone'));
    const event = onBus('credential-offboarding', { person: 'ada' });
    await expect(world.handle(event)).rejects.toThrow();
    world.bus.put = put;
    later(1);
    await tick();
    await world.handle(event);
    expect(new Set(rotations())).toEqual(new Set([name('jwt'), name('db')]));
    expect(world.told()).toHaveLength(1);
  });
});

describe('somebody leaves, and the function dies', () => {
  test('for good: what it had not come to rotates in the next hour all the same', async () => {
    const { describe: look } = world.secrets.door;
    const reached = new Promise<void>((resolve) => {
      world.secrets.door.describe = (secretId) => {
        if (secretId !== name('db')) return look(secretId);
        resolve();
        return new Promise(() => undefined);
      };
    });
    void world.handle(onBus('credential-offboarding', { person: 'ada' }));
    await reached;
    world.secrets.door.describe = look;
    expect(rotations()).toEqual([name('jwt')]);
    later(1);
    await tick();
    expect(rotations()).toEqual([name('jwt'), name('db')]);
  });
});

describe('before a deployment', () => {
  test('what is named rotates, and the pipeline finds under its id what to wait for', async () => {
    const event = onBus('credential-deployment', { secrets: ['jwt'], reason: 'v2' });
    await world.handle(event);
    expect(rotations()).toEqual([name('jwt')]);
    const token = world.secrets.rotations[0]?.clientRequestToken;
    expect(await world.records.getTrigger(event.detail.id)).toMatchObject({
      trigger: 'deployment',
      done: true,
      secrets: [{ key: 'jwt', state: 'rotating', versionId: token }],
    });
    expect(world.told()).toEqual([
      expect.objectContaining({ trigger: 'deployment', outcome: 'accepted' }),
    ]);
  });

  test('what is due within so many days rotates, and nothing else', async () => {
    // Labels of 1 February: pii (90 days, lead 5) is due on 27 April, the others in July.
    const event = onBus('credential-deployment', { withinDays: 60 });
    await world.handle(event);
    expect(rotations()).toEqual([name('pii')]);
    const record = await world.records.getTrigger(event.detail.id);
    expect(states(record?.secrets)).toEqual([
      ['jwt', 'notDue'],
      ['pii', 'rotating'],
      ['db', 'notDue'],
      ['legacyDb', 'notDue'],
      ['rowsDb', 'notDue'],
    ]);
  });

  test('what is under way already is what to wait for', async () => {
    const pending = '22222222-2222-4222-8222-222222222222';
    (world.secrets.stages.get(name('db')) ?? {})[pending] = ['AWSPENDING'];
    await world.controlTable.putAfterRotation(name('jwt'), afterRotation('jwt', 'running'));
    const event = onBus('credential-deployment', { secrets: ['jwt', 'db'] });
    await world.handle(event);
    const record = await world.records.getTrigger(event.detail.id);
    expect(record?.secrets).toEqual([
      expect.objectContaining({ key: 'jwt', state: 'following', versionId: first }),
      expect.objectContaining({ key: 'db', state: 'following', versionId: pending }),
    ]);
    expect(rotations()).toEqual([]);
  });

  test('what may not rotate is refused there and then', async () => {
    await world.controlTable.putLease(name('jwt'), {
      token: 'a'.repeat(32),
      owner: 'on-call',
      at: '2026-03-02T09:59:00Z',
      expiresAt: '2026-03-02T10:59:00Z',
    });
    const event = onBus('credential-deployment', { secrets: ['jwt', 'dbAdmin'] });
    await world.handle(event);
    expect(states((await world.records.getTrigger(event.detail.id))?.secrets)).toEqual([
      ['jwt', 'refused'],
      ['dbAdmin', 'person'],
    ]);
  });
});

describe('an answer that is lost', () => {
  /** The n-th call of a method has its effect, and is not answered. */
  const losing =
    (door: 'eventBus' | 'secretsManager', method: string) =>
    (doors: TriggerDoors): TriggerDoors => {
      const whole = doors[door] as unknown as Record<
        string,
        (...args: unknown[]) => Promise<unknown>
      >;
      const lost = async (...args: unknown[]) => {
        await whole[method]?.(...args);
        throw new AwsCallError(method, 'InternalServiceError', 'lost');
      };
      return { ...doors, [door]: { ...whole, [method]: lost } };
    };
  const unanswered =
    (door: 'eventBus') =>
    (doors: TriggerDoors): TriggerDoors => ({
      ...doors,
      [door]: {
        put: async () => {
          throw new AwsCallError('PutEvents', 'InternalServiceError', 'not reached');
        },
      },
    });

  test('regression: of RotateSecret, and nobody who left is rotated for twice', async () => {
    const event = onBus('credential-offboarding', { person: 'ada' });
    await world.handle(event, losing('secretsManager', 'rotate'));
    expect(rotations()).toEqual([name('jwt'), name('db')]);
    for (const [index, key] of ['jwt', 'db'].entries()) {
      const token = world.secrets.rotations[index]?.clientRequestToken ?? '';
      world.secrets.promote(name(key), token, ['rotated-20260302T100000Z']);
    }
    later(1);
    await tick();
    expect(rotations()).toEqual([name('jwt'), name('db')]);
    expect(await world.records.getWaiting()).toEqual([]);
  });

  test('regression: of the bus, and what a deployment asked for is told when it is handled again', async () => {
    const event = onBus('credential-deployment', { secrets: ['jwt'] });
    await expect(world.handle(event, unanswered('eventBus'))).rejects.toMatchObject({
      code: 'ERR_ROTATION_AWS_CALL',
    });
    await world.handle(event);
    expect(rotations()).toEqual([name('jwt')]);
    expect(world.told()).toMatchObject([
      { trigger: 'deployment', secrets: [{ key: 'jwt', state: 'rotating' }] },
    ]);
  });

  test('regression: of the bus, and a refusal is told when it is handled again', async () => {
    const event = onBus('credential-offboarding', { person: 'eve' });
    await expect(world.handle(event, unanswered('eventBus'))).rejects.toBeDefined();
    expect(await world.handle(event)).toMatchObject({ outcome: 'refused' });
    expect(world.told()).toMatchObject([{ outcome: 'refused' }]);
    await world.handle(event);
    expect(new Set(world.told().map(({ id }) => id)).size).toBe(1);
  });
});
