import { describe, expect, test } from '@jest/globals';
import { everyKind } from './every-kind.ts';
import { credentialIn, eyes } from './eyes.ts';
import type { World } from './world.ts';

export function singleUser(theWorld: () => World): void {
  everyKind('legacyDb', theWorld);

  describe('the intents', () => {
    test('planned sets a new password of the same role, the old one is refused', async () => {
      const world = theWorld();
      const { application } = world.stage;
      const before = await application.credential('legacyDb');
      await application.withDatabase(before, async (session) => {
        await world.rotate('legacyDb', 'planned');
        // Nobody who is logged in notices.
        await session.query('SELECT 1');
      });
      const after = await application.credential('legacyDb');
      expect(after.username).toBe(before.username);
      expect(after.password === before.password).toBe(false);
      expect(await application.isRefused(before)).toBe(true);
      await (await eyes.legacyDb(world))();
    });

    test('rollback sets the password before again, and its date with it', async () => {
      const world = theWorld();
      const { application } = world.stage;
      const before = await application.credential('legacyDb');
      const date = await world.dateLabel('legacyDb');
      await world.rotate('legacyDb');
      const young = await application.credential('legacyDb');
      const token = await world.preemptAndRotate('legacyDb', 'rollback');
      expect(await world.holder('legacyDb', 'AWSCURRENT')).toBe(token);
      expect((await application.credential('legacyDb')).password === before.password).toBe(true);
      expect(await world.dateLabel('legacyDb')).toBe(date);
      expect(await application.isRefused(before)).toBe(false);
      expect(await application.isRefused(young)).toBe(true);
    });

    test('emergency closes the role, ends its sessions, and only then sets the new password', async () => {
      const world = theWorld();
      const { application, server } = world.stage;
      const leaked = await application.credential('legacyDb');
      const logged = (await server.log()).length;
      await application
        .withDatabase(leaked, async (session) => {
          await session.query('SELECT 1');
          await world.preemptAndRotate('legacyDb', 'emergency');
          await expect(session.query('SELECT 1')).rejects.toThrow();
        })
        .catch((error: Error) => expect(error.name).toMatch(/^Postgres/));
      expect(await application.isRefused(leaked)).toBe(true);
      await (await eyes.legacyDb(world))();
      expect(await world.afterRotation('legacyDb')).toBe('finished');

      const log = (await server.log()).slice(logged);
      const order = [
        /ALTER ROLE "?pharmacy_legacy"? (?:WITH )?NOLOGIN/i,
        /pg_terminate_backend/,
        /ALTER ROLE "?pharmacy_legacy"? .*(?<!NO)LOGIN.*PASSWORD 'SCRAM-SHA-256|ALTER ROLE "?pharmacy_legacy"? .*PASSWORD 'SCRAM-SHA-256.* LOGIN/i,
      ].map((statement) => log.search(statement));
      expect(order).not.toContain(-1);
      expect(order).toEqual([...order].sort((a, b) => a - b));
    });
  });
  describe('a rotation that ends after setSecret', () => {
    /** Alarms that began and have not ended, by the messages that reached on-call's topic. */
    const inAlarm = ({ stage: { sandbox } }: World) => {
      const states = new Map<string, string>();
      for (const { message } of sandbox.messages()) {
        if (!message.startsWith('{"AlarmName"')) continue;
        const { AlarmName, NewStateValue } = JSON.parse(message) as Record<string, string>;
        states.set(
          AlarmName?.replace(/^quarterturn-pharmacy-[a-z]+-/, '') ?? '',
          `${NewStateValue}`,
        );
      }
      return [...states].flatMap(([name, state]) => (state === 'ALARM' ? [name] : []));
    };
    const passing = async ({ stage: { sandbox } }: World, minutes: number) => {
      const { clock } = sandbox;
      await clock.advanceTo(new Date(clock.now().getTime() + minutes * 60_000));
    };

    test('is told within fifteen minutes, and nobody is left without a login', async () => {
      const world = theWorld();
      const { application } = world.stage;
      const before = await application.credential('legacyDb');
      const first = await world.newToken();
      const testing = world.fault('legacyDb', 'testSecret', 'before', {
        match: { ClientRequestToken: first },
        times: 1_000,
      });
      await world.begin('legacyDb', 'planned', { token: first });
      expect(await application.isRefused(before)).toBe(true);
      await passing(world, 15);
      expect(inAlarm(world)).toEqual(expect.arrayContaining(['rotation-stuck', 'login-lost']));
      const pending = credentialIn((await world.valueOf('legacyDb', first)) ?? '');
      expect(await application.isRefused(pending)).toBe(false);
      expect(await world.holder('legacyDb', 'AWSPENDING')).toBe(first);

      // On-call clears the way for another one, which does not come to setSecret: now nothing logs in.
      const second = await world.newToken();
      const setting = world.fault('legacyDb', 'setSecret', 'before', {
        match: { ClientRequestToken: second },
        times: 1_000,
      });
      await world.preempt('legacyDb', second);
      await world.begin('legacyDb', 'planned', { token: second });
      expect(await application.isRefused(before)).toBe(true);
      await passing(world, 15);
      expect(await application.isRefused(before)).toBe(false);
      expect(inAlarm(world)).toContain('rotation-stuck');
      expect(inAlarm(world)).not.toContain('login-lost');

      testing.remove();
      setting.remove();
      await world.settle();
      expect(await world.holder('legacyDb', 'AWSCURRENT')).toBe(second);
      await (await eyes.legacyDb(world))();
    });
  });
}
