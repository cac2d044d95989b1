import type { Session } from '../../doors/postgres/door.ts';
import { identity } from '../data/schema.sql.ts';
import { prove } from '../proof.ts';
import type { Chapter } from './chapter.ts';

export const multiUser: Chapter = {
  id: 'multi-user',
  title: 'Database password, alternating users: no login refused, not even for a moment',

  async run({ operator, application, data }, report) {
    const before = await application.credential('db');
    await application.withDatabase(before, async (openSession) => {
      report.doing(`a session of ${before.username} is open; RotateSecret`);
      await operator.rotate('db');
      prove((await whoAmI(openSession)).acts === identity, 'the open session goes on working');
    });
    const after = await application.credential('db');
    prove(after.username !== before.username, 'the other login role took over');
    report.changed(`AWSCURRENT names ${after.username} instead of ${before.username}`);
    report.proof(`the session of ${before.username} went on working through the rotation`);

    const workspace = data.workspaces[0]?.id ?? '';
    const expected = data.accessLog.filter(({ workspaceId }) => workspaceId === workspace).length;
    const seen = await application.withDatabase('db', async (session) => {
      const { login, acts } = await whoAmI(session);
      const without = await countLog(session);
      await session.query("SELECT set_config('pharmacy.workspace', $1, false)", [workspace]);
      return { login, acts, without, within: await countLog(session) };
    });
    prove(seen.login === after.username && seen.acts === identity, 'the new role logs in');
    report.proof(`${seen.login} logs in with its new password and acts as ${seen.acts}`);
    prove(seen.without === 0 && seen.within === expected, 'row-level security holds as before');
    report.proof(`row-level security holds: ${seen.within} log entries of ${workspace}, no other`);
    prove(!(await application.isRefused(before)), 'a reader with the cached credential gets in');
    report.proof(`a reader that still caches ${before.username} logs in until the next rotation`);
  },
};

async function whoAmI(session: Session): Promise<{ login: string; acts: string }> {
  const rows = await session.query<{ login: string; acts: string }>(
    'SELECT session_user::text AS login, current_user::text AS acts',
  );
  return rows[0] ?? { login: '', acts: '' };
}

async function countLog(session: Session): Promise<number> {
  const rows = await session.query<{ entries: number }>(
    'SELECT count(*)::int AS entries FROM public.access_log',
  );
  return rows[0]?.entries ?? -1;
}
