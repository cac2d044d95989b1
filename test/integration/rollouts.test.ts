/**
 * What follows a rotation, deployed: consumers that learn by a start are started one after the other and asked whether
 * they hold what was made, and what they cannot live with is taken back, once.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  betweenConsumers,
  counting,
  everyTokenEverywhere,
  expectWell,
  holds,
  seconds,
  theOnly,
  until,
} from './rollout-eyes.ts';
import { quick, RolloutStage } from './rollout-stage.ts';

const billing = { cluster: 'pharmacy-dev', name: 'billing' };
const inProof = process.env.PROOF === 'full' ? test : test.skip;

let stage: RolloutStage;
beforeAll(async () => {
  stage = await RolloutStage.start(['jwt', 'db', 'legacyDb']);
}, 90_000);
afterAll(() => stage?.stop());

describe('a keyset', () => {
  test('is published, held by every consumer, activated and then used; no token is refused meanwhile', async () => {
    const { world, services } = stage;
    const tokens = everyTokenEverywhere(stage);
    const before = await world.holder('jwt', 'AWSCURRENT');
    const version = await world.rotate('jwt', 'planned');
    expect(await tokens.end()).toEqual([]);
    expect(tokens.signed()).toBeGreaterThan(30);

    const event = theOnly(stage.audits('jwt', version));
    expect(event).toMatchObject({ outcome: 'rotated', intent: 'planned' });
    const activation = theOnly(event.rotations.slice(1));
    const rollouts = event.rollouts ?? [];
    const told = rollouts.map(({ round, consumer, outcome, proof }) => [
      ...[round, consumer, outcome, proof],
    ]);
    // All at once.
    expect([...told.slice(0, 5), ...told.slice(5).toSorted()]).toEqual([
      ...['api', 'web', 'billing'].map((name) => ['publish', name, 'healthy', 'held']),
      ...['web', 'billing'].map((name) => ['use', name, 'healthy', 'held']),
      ...['api', 'billing', 'web'].map((name) => ['confirm', name, 'healthy', 'held']),
    ]);
    for (const round of ['publish', 'use'] as const) {
      const [web, billing] = rollouts.filter((one) => one.round === round && one.restartedAt);
      expect(seconds(web?.at, billing?.restartedAt)).toBeGreaterThanOrEqual(300);
    }
    const held = rollouts.filter(({ round }) => round === 'publish').map(({ at }) => at);
    expect(seconds(held.toSorted().at(-1), activation.at)).toBeGreaterThanOrEqual(0);
    for (const { starts } of [services.web, services.billing]) {
      expect(starts.map((start) => start.held.jwt)).toEqual([
        before,
        version,
        activation.versionId,
      ]);
    }
    // Who learns by a start signed with the old key until then, and every token of it lives for 30 days.
    const [accepted] = event.afterRotation.evidence ?? [];
    const lastUse = rollouts.find((one) => one.round === 'use' && one.consumer === 'billing')?.at;
    expect(accepted?.fact).toBe('oldKeyAcceptedUntil');
    expect(seconds(lastUse, String(accepted?.detail?.until))).toBeGreaterThan(30 * 86_400);
  });
});

describe('a consumer that is not well', () => {
  test('with the new credential: everything is back on the one before after one rollback, and well', async () => {
    const { world, services } = stage;
    const { application } = world.stage;
    const [before, credential] = [await holds(stage, 'db'), await application.credential('db')];
    const [counted, told] = [counting(stage), stage.listening()];
    const version = await world.newToken();
    services.billing.answer(({ db }) => (db === version ? { status: 503 } : 'good'));
    await world.rotate('db', 'planned', { token: version });

    const stopped = theOnly(stage.audits('db', version));
    const rollback = stopped.rolledBackBy ?? '';
    expect(stopped).toMatchObject({ outcome: 'stopped', rolledBackBy: await holds(stage, 'db') });
    expect(stopped.reason).toMatch(/consumer billing: .*503/s);
    expect(theOnly(stage.audits('db', rollback))).toMatchObject({
      ...{ outcome: 'rotated', intent: 'rollback', basedOn: version },
    });
    expect(counted()).toEqual({ rotations: 2, web: 2, billing: 2 });
    const after = await application.credential('db');
    expect(after.username).toBe(credential.username);
    expect(after.password === credential.password).toBe(true);
    for (const service of [services.web, services.billing]) {
      expect(service.held.db).toBe(rollback);
    }
    await expectWell(stage);
    expect(told()).toEqual(
      ['is being rolled back', 'is rolled back'].flatMap((what) =>
        ['on-call', 'security'].map((topic) => [topic, `pharmacy dev: db ${what}`]),
      ),
    );

    const failed = await stage.records.getFailed(world.name('db'), stopped.material.primary ?? '');
    expect(failed).toMatchObject({ rollback, consumer: 'billing', versionId: version });
    const hold = await world.control.getHold(world.name('db'));
    expect(hold?.reason).toContain('billing');
    expect(seconds(hold?.at, hold?.until)).toBe(72 * 3_600);
    expect(before).not.toBe(rollback);
  });

  test('all the time: the count begins anew with each bad look, and ends well', async () => {
    const { world, services } = stage;
    const counted = counting(stage);
    const bad = [3, 6];
    services.web.answer((_, looks) => (bad.includes(looks) ? { status: 503 } : 'good'));
    const version = await world.rotate('db', 'planned');
    expect(await world.afterRotation('db', version)).toBe('finished');
    expect(await holds(stage, 'db')).toBe(version);
    expect(counted()).toEqual({ rotations: 1, web: 1, billing: 1 });
    // Once before anything was done, until three in a row were good, and three more in use.
    expect(services.web.looks).toBe(1 + 8 + 3);
  });

  test('because its tasks are never placed: everything is back after one rollback', async () => {
    const { world } = stage;
    const { ecs } = world.stage.sandbox;
    const counted = counting(stage);
    ecs.behave({ ...billing, behaviour: { tasks: 'wait' } });
    // There is room again when the rollback starts its first service.
    let started = 0;
    const end = ecs.onTasks(({ service }) => {
      if (service === 'web' && ++started === 2) {
        ecs.behave({ ...billing, behaviour: quick });
      }
    });
    const version = await world.rotate('db', 'planned');
    end();
    const stopped = theOnly(stage.audits('db', version));
    expect(stopped.rolledBackBy).toBe(await holds(stage, 'db'));
    expect(stopped.reason).toContain('ConsumerNotSteadyError');
    expect(counted()).toEqual({ rotations: 2, web: 2, billing: 2 });
    expect(await world.afterRotation('db')).toBe('finished');
    await expectWell(stage);
  });
});

inProof('a consumer that the circuit breaker of ECS takes back: rolled back', async () => {
  const { world } = stage;
  const { ecs } = world.stage.sandbox;
  const counted = counting(stage);
  ecs.behave({ ...billing, behaviour: { tasks: 'fail', times: 2 } });
  const version = await world.rotate('db', 'planned');
  const stopped = theOnly(stage.audits('db', version));
  expect(stopped.rolledBackBy).toBe(await holds(stage, 'db'));
  expect(stopped.reason).toMatch(/circuit breaker|deployment failed/);
  expect(counted()).toEqual({ rotations: 2, web: 2, billing: 2 });
  await expectWell(stage);
});

describe('what follows a rotation', () => {
  test('stopped between two consumers and lost: the schedule goes on with it, and starts nobody twice', async () => {
    const { world } = stage;
    const counted = counting(stage);
    const version = await world.begin('db', 'planned');
    await betweenConsumers(stage, version);
    await stage.stopExecution(stage.executionArn(version));
    await stage.hours(1);
    await world.settle();
    expect(await world.afterRotation('db', version)).toBe('finished');
    expect(counted()).toEqual({ rotations: 1, web: 1, billing: 1 });
    const event = theOnly(stage.audits('db', version));
    expect(event.afterRotation.execution).toBe(stage.executionArn(`${version}-2`));
  });

  test('stopped while a consumer starts and redriven: the same execution goes on, and starts nobody twice', async () => {
    const { world } = stage;
    const counted = counting(stage);
    const version = await world.begin('db', 'planned');
    await until(
      stage,
      async () => (await stage.rollout('db', version, ['use', 'web']))?.state === 'steadying',
    );
    await stage.stopExecution(stage.executionArn(version));
    await stage.redrive(stage.executionArn(version));
    await world.settle();
    expect(await world.afterRotation('db', version)).toBe('finished');
    expect(counted()).toEqual({ rotations: 1, web: 1, billing: 1 });
    const event = theOnly(stage.audits('db', version));
    expect(event.afterRotation.execution).toBe(stage.executionArn(version));
  });

  test('is started again under another name, while it runs and when it is over: nothing is done twice', async () => {
    const { world } = stage;
    const counted = counting(stage);
    const version = await world.begin('db', 'planned');
    await betweenConsumers(stage, version);
    const meanwhile = await stage.startAgain('db', version, `meanwhile-${version}`);
    await world.settle();
    const afterwards = await stage.startAgain('db', version, `afterwards-${version}`);
    await world.settle();
    expect(await Promise.all([meanwhile, afterwards].map(stage.statusOf))).toEqual([
      'SUCCEEDED',
      'SUCCEEDED',
    ]);
    expect(counted()).toEqual({ rotations: 1, web: 1, billing: 1 });
    const event = theOnly(stage.audits('db', version));
    expect(event.afterRotation.execution).toBe(stage.executionArn(version));
  });

  test('of two secrets at once: each consumer is started for one of them at a time, and both end well', async () => {
    const { world } = stage;
    const counted = counting(stage);
    const keys = await world.begin('jwt', 'planned');
    // web is about to be started for the published key.
    await until(
      stage,
      async () => (await stage.rollout('jwt', keys, ['publish', 'web'])) !== undefined,
    );
    const credential = await world.begin('db', 'planned');
    await world.settle();
    expect(await world.afterRotation('jwt', keys)).toBe('finished');
    expect(await world.afterRotation('db', credential)).toBe('finished');
    expect(counted()).toEqual({ rotations: 1, web: 3, billing: 3 });

    const starts = [
      ...(await stage.rollouts('jwt', keys)),
      ...(await stage.rollouts('db', credential)),
    ].filter(({ restartedAt }) => restartedAt !== undefined);
    let waited = 0;
    for (const name of ['web', 'billing']) {
      const own = starts
        .filter(({ consumer }) => consumer === name)
        .toSorted((a, b) => seconds(b.restartedAt, a.restartedAt));
      for (const [index, one] of own.slice(1).entries()) {
        const other = own[index];
        expect(seconds(other?.at, one.restartedAt)).toBeGreaterThanOrEqual(0);
        if (seconds(one.startedAt, other?.at) > 0) waited++;
      }
    }
    expect(waited).toBeGreaterThan(0);
  });
});

describe('the old credential', () => {
  test('of one role: refused, with its sessions left alone; in an emergency they are ended', async () => {
    const { world } = stage;
    const { application } = world.stage;
    const before = await application.credential('legacyDb');
    await application
      .withDatabase(before, async (session) => {
        const planned = await world.rotate('legacyDb', 'planned');
        await session.query('select 1');
        const { rotations, afterRotation } = theOnly(stage.audits('legacyDb', planned));
        expect(theOnly(rotations).evidence).toContainEqual(refused('pharmacy_legacy'));
        const sessions = { role: 'pharmacy_legacy', alsoOfNew: true, open: 1 };
        expect(afterRotation.evidence).toContainEqual({
          ...{ fact: 'sessionsOfOldCredential', detail: sessions },
        });
        const emergency = await world.preemptAndRotate('legacyDb', 'emergency');
        await expect(session.query('select 1')).rejects.toThrow();
        const after = theOnly(stage.audits('legacyDb', emergency));
        expect(theOnly(after.rotations).evidence).toEqual(
          expect.arrayContaining([
            refused('pharmacy_legacy'),
            expect.objectContaining({
              fact: 'sessionsEnded',
              detail: expect.objectContaining({ ended: 1 }),
            }),
          ]),
        );
        expect(after.afterRotation.evidence).toContainEqual({
          ...{ fact: 'sessionsOfOldCredential', detail: { ...sessions, open: 0 } },
        });
      })
      .catch((error: Error) => expect(error.name).toMatch(/^Postgres/));
  });

  test('of two roles, in an emergency: both are refused', async () => {
    const { world } = stage;
    const { username: leaked } = await world.stage.application.credential('db');
    const emergency = await world.preemptAndRotate('db', 'emergency');
    const { username: other } = await world.stage.application.credential('db');
    expect(other).not.toBe(leaked);
    const { afterRotation } = theOnly(stage.audits('db', emergency));
    expect(afterRotation.evidence).toEqual([
      refused(leaked),
      refused(other),
      { fact: 'sessionsOfOldCredential', detail: { role: leaked, open: 0 } },
    ]);
    await expectWell(stage);
  });
});

/** With a positive control: the new one was accepted. */
const refused = (role: string) => ({
  fact: 'oldCredentialRefused',
  detail: expect.objectContaining({ role, host: 'localhost' }),
});

describe('the function that asks', () => {
  test('asks only whom the deployment names, and goes nowhere else', async () => {
    const { services } = stage;
    const elsewhere = await stage.trap();
    try {
      services.billing.answer(() => ({ status: 302, location: `${elsewhere.url}/` }));
      expect(await stage.askHealth('billing')).toMatchObject({ healthy: false });
      services.billing.answer(() => 'good');
      expect(await stage.askHealth('billing')).toMatchObject({ healthy: true });
      await expect(stage.askHealth('nobody')).rejects.toThrow('UnknownConsumerError');
      await expect(stage.askHealth(elsewhere.url)).rejects.toThrow();
      expect(elsewhere.connections()).toBe(0);
    } finally {
      await elsewhere.close();
    }
  });
});

describe('a consumer that is never well again', () => {
  test('ends after one rollback, stopped and told; for 48 hours nothing more is rotated', async () => {
    const { world, services } = stage;
    const { clock } = world.stage.sandbox;
    const held = services.billing.held.db;
    services.billing.answer(({ db }) => (db === held ? 'good' : { status: 503 }));
    await clock.advanceTo(new Date(clock.now().getTime() + 26 * 86_400_000), 'last');
    const [counted, told] = [counting(stage), stage.listening()];
    for (let hour = 0; hour < 48 && counted().rotations === 0; hour++) await stage.hours(1);
    await world.settle();
    expect(counted().rotations).toBe(2);
    const rollback = await holds(stage, 'db');
    expect(await world.afterRotation('db', rollback)).toBe('stopped');
    expect(theOnly(stage.audits('db', rollback))).toMatchObject({
      ...{ outcome: 'stopped', intent: 'rollback' },
    });
    expect(theOnly(stage.audits('db', rollback)).reason).toContain('none follows another');
    expect(told().map(([, subject]) => subject)).not.toContain('pharmacy dev: db is rolled back');
    expect(told()).toContainEqual([
      ...['on-call', 'pharmacy dev: what follows the rotation of db has stopped'],
    ]);
    const ticks = stage.ticks();
    await stage.hours(48);
    expect(stage.ticks() - ticks).toBe(48);
    expect(counted().rotations).toBe(2);
    expect(await holds(stage, 'db')).toBe(rollback);
  });
});
