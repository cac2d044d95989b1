import { describe, expect, test } from '@jest/globals';
import { everyKind } from './every-kind.ts';
import { credentialIn, eyes } from './eyes.ts';
import type { World } from './world.ts';

export function alternatingUsers(theWorld: () => World): void {
  everyKind('db', theWorld);

  const canLogIn = async (role: string): Promise<boolean | undefined> => {
    const rows = await theWorld().stage.asSuperuser((session) =>
      session.query<{ login: boolean }>(
        'SELECT rolcanlogin AS login FROM pg_catalog.pg_roles WHERE rolname = $1',
        [role],
      ),
    );
    return rows[0]?.login;
  };

  describe('the intents', () => {
    test('planned promotes the other role, a cached credential logs in until the next one', async () => {
      const world = theWorld();
      const { application } = world.stage;
      const look = await eyes.db(world);
      const before = await application.credential('db');
      const token = await world.rotate('db', 'planned');
      expect((await application.credential('db')).username).not.toBe(before.username);
      await look();
      expect(credentialIn(await world.valueOf('db', token)).username).toMatch(
        /^pharmacy_app_[ab]$/,
      );
    });

    test('rollback goes back to the credential before, and its date with it', async () => {
      const world = theWorld();
      const { application } = world.stage;
      const before = await application.credential('db');
      const date = await world.dateLabel('db');
      await world.rotate('db');
      const young = await application.credential('db');
      const token = await world.preemptAndRotate('db', 'rollback');
      expect(await world.holder('db', 'AWSCURRENT')).toBe(token);
      const after = await application.credential('db');
      expect(after.username).toBe(before.username);
      expect(after.password === before.password).toBe(true);
      expect(await world.dateLabel('db')).toBe(date);
      expect(await application.isRefused(young)).toBe(false);
      await (await eyes.db(world))();
    });

    test('emergency promotes the other role and closes the leaked one, sessions and all', async () => {
      const world = theWorld();
      const { application } = world.stage;
      const leaked = await application.credential('db');
      await application
        .withDatabase(leaked, async (session) => {
          await session.query('SELECT 1');
          await world.preemptAndRotate('db', 'emergency');
          await expect(session.query('SELECT 1')).rejects.toThrow();
        })
        .catch((error: Error) => expect(error.name).toMatch(/^Postgres/));
      const after = await application.credential('db');
      expect(after.username).not.toBe(leaked.username);
      await (await eyes.db(world))();
      expect(await application.isRefused(leaked)).toBe(true);
      expect(await canLogIn(leaked.username)).toBe(false);
      expect(await world.afterRotation('db')).toBe('finished');
      expect(retirements(world)).toBeGreaterThan(0);

      await world.rotate('db');
      expect((await application.credential('db')).username).toBe(leaked.username);
      expect(await canLogIn(leaked.username)).toBe(true);
      expect(await application.isRefused(leaked)).toBe(true);
      await (await eyes.db(world))();
    });
  });
}

function retirements({ stage: { sandbox } }: World): number {
  return sandbox.requests().filter(({ principal, input }) => {
    const { Payload } = input as { Payload?: { operation?: string } };
    return principal?.includes('AfterRotation') === true && Payload?.operation === 'retireRole';
  }).length;
}
