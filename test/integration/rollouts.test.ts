/**
 * What follows a rotation, deployed: consumers that learn by a start are started one after the other and asked whether
 * they hold what was made, and what they cannot live with is taken back, once.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rollingBack } from './rolling-back.ts';
import {
  betweenConsumers,
  counting,
  everyTokenEverywhere,
  expectWell,
  holds,
  seconds,
  theOnly,
  trap,
  until,
} from './rollout-eyes.ts';
import { RolloutStage } from './rollout-stage.ts';

const inFull = process.env.PROOF === 'full' ? test : test.skip;
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

rollingBack(() => stage);

describe('what follows a rotation', () => {
  // Stopped at every state and gone on with by the schedule, in one process: test/matrix/machines/after-rotation.test.ts.
  inFull(
    'stopped between two consumers and lost: the schedule goes on with it, and starts nobody twice',
    async () => {
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
    },
  );

  test('stopped while a consumer starts, redriven, and started again under other names: the same execution goes on, and starts nobody twice', async () => {
    const { world } = stage;
    const counted = counting(stage);
    const version = await world.begin('db', 'planned');
    await until(
      stage,
      async () => (await stage.rollout('db', version, ['use', 'web']))?.state === 'steadying',
    );
    await stage.stopExecution(stage.executionArn(version));
    await stage.redrive(stage.executionArn(version));
    const meanwhile = await stage.startAgain('db', version, `meanwhile-${version}`);
    await world.settle();
    const afterwards = await stage.startAgain('db', version, `afterwards-${version}`);
    await world.settle();
    expect(await Promise.all([meanwhile, afterwards].map(stage.statusOf))).toEqual([
      ...['SUCCEEDED', 'SUCCEEDED'],
    ]);
    expect(await world.afterRotation('db', version)).toBe('finished');
    expect(counted()).toEqual({ rotations: 1, web: 1, billing: 1 });
    const event = theOnly(stage.audits('db', version));
    expect(event.afterRotation.execution).toBe(stage.executionArn(version));
  });

  // In one process: test/lambdas/rollout/machine.test.ts.
  inFull(
    'of two secrets at once: each consumer is started for one of them at a time, and both end well',
    async () => {
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
    },
  );
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

  // In the short form, with a stranger in the database and the report of it, in emergency.test.ts.
  inFull('of two roles, in an emergency: both are refused', async () => {
    const { world } = stage;
    await world.rotate('db', 'planned');
    const { username: leaked } = await world.stage.application.credential('db');
    const emergency = await world.preemptAndRotate('db', 'emergency');
    const { username: other } = await world.stage.application.credential('db');
    expect(other).not.toBe(leaked);
    const { afterRotation, rollouts } = theOnly(stage.audits('db', emergency));
    // Until they are started again they hold what nothing accepts any more: nobody waits five minutes for that.
    const [web, billing] = (rollouts ?? []).filter(({ restartedAt }) => restartedAt !== undefined);
    expect(seconds(web?.at, billing?.restartedAt)).toBe(0);
    expect(afterRotation.evidence).toEqual([
      { fact: 'sessionsEnded', detail: expect.objectContaining({ role: leaked }) },
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
    const { db: held = '' } = services.billing.held;
    const elsewhere = await trap();
    try {
      services.billing.answer(() => ({ status: 302, location: `${elsewhere.url}/` }));
      expect(await stage.askHealth('billing', held)).toMatchObject({ healthy: false });
      services.billing.answer(() => 'good');
      expect(await stage.askHealth('billing', held)).toMatchObject({
        healthy: true,
        proof: 'held',
      });
      await expect(stage.askHealth('nobody', held)).rejects.toThrow('UnknownConsumerError');
      await expect(stage.askHealth(elsewhere.url, held)).rejects.toThrow(
        'InvalidHealthQuestionError',
      );
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
    const every = process.env.PROOF === 'full' ? 1 : 8;
    await stage.hours(48, every);
    expect(stage.ticks() - ticks).toBe(48 / every);
    expect(counted().rotations).toBe(2);
    expect(await holds(stage, 'db')).toBe(rollback);
  });
});
