/** Consumers that are not well with a new value: it is taken back, once, and everybody is well again. */
import { describe, expect, test } from '@jest/globals';
import { primaryOf } from '../../domain/secrets/keyset.ts';
import {
  counting,
  everyTokenEverywhere,
  expectWell,
  holds,
  seconds,
  theOnly,
} from './rollout-eyes.ts';
import { quick, type RolloutStage } from './rollout-stage.ts';

const billing = { cluster: 'pharmacy-dev', name: 'billing' };
const inProof = process.env.PROOF === 'full' ? test : test.skip;

export function rollingBack(stage: () => RolloutStage): void {
  describe('a consumer that is not well', () => {
    test('with the new credential: everything is back on the one before after one rollback, and well', async () => {
      const { world, services } = stage();
      const { application } = world.stage;
      const [before, credential] = [await holds(stage(), 'db'), await application.credential('db')];
      const [counted, told] = [counting(stage()), stage().listening()];
      const version = await world.newToken();
      services.billing.answer(({ db }) => (db === version ? { status: 503 } : 'good'));
      await world.rotate('db', 'planned', { token: version });

      const stopped = theOnly(stage().audits('db', version));
      const rollback = stopped.rolledBackBy ?? '';
      expect(stopped).toMatchObject({
        outcome: 'stopped',
        rolledBackBy: await holds(stage(), 'db'),
      });
      expect(stopped.reason).toMatch(/consumer billing: .*503/s);
      expect(theOnly(stage().audits('db', rollback))).toMatchObject({
        ...{ outcome: 'rotated', intent: 'rollback', basedOn: version },
      });
      expect(counted()).toEqual({ rotations: 2, web: 2, billing: 2 });
      const after = await application.credential('db');
      expect(after.username).toBe(credential.username);
      expect(after.password === credential.password).toBe(true);
      for (const service of [services.web, services.billing]) {
        expect(service.held.db).toBe(rollback);
      }
      await expectWell(stage());
      expect(told()).toEqual(
        ['is being rolled back', 'is rolled back'].flatMap((what) =>
          ['on-call', 'security'].map((topic) => [topic, `pharmacy dev: db ${what}`]),
        ),
      );

      const failed = await stage().records.getFailed(
        world.name('db'),
        stopped.material.primary ?? '',
      );
      expect(failed).toMatchObject({ rollback, consumer: 'billing', versionId: version });
      const hold = await world.control.getHold(world.name('db'));
      expect(hold?.reason).toContain('billing');
      expect(seconds(hold?.at, hold?.until)).toBe(72 * 3_600);
      expect(before).not.toBe(rollback);
    });

    // Each in one process, too: test/lambdas/rollout/machine.test.ts.
    inProof('all the time: the count begins anew with each bad look, and ends well', async () => {
      const { world, services } = stage();
      const counted = counting(stage());
      const bad = [3, 6];
      services.web.answer((_, looks) => (bad.includes(looks) ? { status: 503 } : 'good'));
      const version = await world.rotate('db', 'planned');
      expect(await world.afterRotation('db', version)).toBe('finished');
      expect(await holds(stage(), 'db')).toBe(version);
      expect(counted()).toEqual({ rotations: 1, web: 1, billing: 1 });
      // Once before anything was done, until three in a row were good, and three more in use.
      expect(services.web.looks).toBe(1 + 8 + 3);
    });

    inProof(
      'because its tasks are never placed: everything is back after one rollback',
      async () => {
        const { world } = stage();
        const { ecs } = world.stage.sandbox;
        const counted = counting(stage());
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
        const stopped = theOnly(stage().audits('db', version));
        expect(stopped.rolledBackBy).toBe(await holds(stage(), 'db'));
        expect(stopped.reason).toContain('ConsumerNotSteadyError');
        expect(counted()).toEqual({ rotations: 2, web: 2, billing: 2 });
        expect(await world.afterRotation('db')).toBe('finished');
        await expectWell(stage());
      },
    );
  });

  describe.each([
    ['published', 'publish'],
    ['activated', 'use'],
  ] as const)('a consumer that does not stand a key once it is %s', (_, round) => {
    inProof('the key before is primary again after one rollback; no token is refused', async () => {
      const { world, services } = stage();
      const tokens = everyTokenEverywhere(stage());
      const rotations = stage().rotationsOf('jwt');
      const before = await world.stage.application.keyset('jwt');
      const held = services.billing.held.jwt;
      const version = await world.newToken();
      const good = new Set([held, ...(round === 'use' ? [version] : [])]);
      let cured = false;
      services.billing.answer(({ jwt }) => (good.has(jwt) || cured ? 'good' : { status: 503 }));
      const { clock } = world.stage.sandbox;
      const end = clock.onMove(async () => {
        cured ||= stage().audits('jwt', version).length > 0;
      });
      await world.rotate('jwt', 'planned', { token: version });
      end();
      expect(await tokens.end()).toEqual([]);
      const stopped = theOnly(stage().audits('jwt', version));
      expect(stopped.rolledBackBy).toBe(await holds(stage(), 'jwt'));
      expect(stopped.rollouts?.at(-1)).toMatchObject({ round, outcome: 'unhealthy' });
      const after = await world.stage.application.keyset('jwt');
      expect(primaryOf(after).kid).toBe(primaryOf(before).kid);
      expect(await world.afterRotation('jwt')).toBe('finished');
      // Publish, activate and back; the activation never came where the key was only published.
      expect(stage().rotationsOf('jwt') - rotations).toBe(round === 'use' ? 3 : 2);
      for (const service of [services.web, services.billing]) {
        expect(service.held.jwt).toBe(stopped.rolledBackBy);
      }
      await expectWell(stage());
    });
  });

  inProof('a consumer that the circuit breaker of ECS takes back: rolled back', async () => {
    const { world } = stage();
    const { ecs } = world.stage.sandbox;
    const counted = counting(stage());
    ecs.behave({ ...billing, behaviour: { tasks: 'fail', times: 2 } });
    const version = await world.rotate('db', 'planned');
    const stopped = theOnly(stage().audits('db', version));
    expect(stopped.rolledBackBy).toBe(await holds(stage(), 'db'));
    expect(stopped.reason).toMatch(/circuit breaker|deployment failed/);
    expect(counted()).toEqual({ rotations: 2, web: 2, billing: 2 });
    await expectWell(stage());
  });
}
