import { describe, expect, test } from '@jest/globals';
import { everyKind } from './every-kind.ts';
import { eyes } from './eyes.ts';
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
}
