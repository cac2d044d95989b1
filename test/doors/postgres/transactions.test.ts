import { describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { session } from '../../../doors/postgres/node-postgres.ts';

/** A connection that notes what it is sent, and refuses one statement of it. */
function connection(refusing?: string) {
  const sent: string[] = [];
  const client = {
    query: async (text: string) => {
      sent.push(text);
      if (text === refusing) {
        throw Object.assign(new pg.DatabaseError('refused', 0, 'error'), { code: '42501' });
      }
      return { rows: [] };
    },
  };
  return { sent, session: session(client as unknown as pg.Client, 'db:5432/app as app') };
}

describe('a transaction', () => {
  test('is committed when its work is done, and gives back what that gave', async () => {
    const { sent, session } = connection();
    const given = await session.transaction(async () => {
      await session.query('ALTER ROLE app');
      return 7;
    });
    expect(given).toBe(7);
    expect(sent).toEqual(['begin', 'ALTER ROLE app', 'commit']);
  });

  test('is rolled back when its work fails, so that the session can go on', async () => {
    const { sent, session } = connection('ALTER ROLE app');
    await expect(session.transaction(() => session.query('ALTER ROLE app'))).rejects.toMatchObject({
      code: 'ERR_ROTATION_POSTGRES',
      sqlstate: '42501',
    });
    expect(sent).toEqual(['begin', 'ALTER ROLE app', 'rollback']);
  });

  test('whose commit or rollback fails is told by the first failure', async () => {
    await expect(connection('commit').session.transaction(async () => 7)).rejects.toMatchObject({
      sqlstate: '42501',
    });
    const mistake = new Error('a mistake of the work');
    await expect(
      connection('rollback').session.transaction(async () => {
        throw mistake;
      }),
    ).rejects.toBe(mistake);
  });
});
