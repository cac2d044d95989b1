import type { Session } from '../../doors/postgres/door.ts';
import { identity } from '../data/schema.sql.ts';
import { prove } from '../proof.ts';
import type { Chapter } from './chapter.ts';

export const multiUser: Chapter = {
  id: 'multi-user',
  title: 'Database password, alternating users: no login refused, not even for a moment',

  async run({ operator, application, data, asSuperuser }, report) {
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

    report.doing('RotateSecret once more: the first role has its turn again');
    await operator.rotate('db');
    const again = await application.credential('db');
    prove(again.username === before.username, 'the roles alternate');
    report.changed(`a second rotation set ${again.username} again and promoted it`);
    prove(await application.isRefused(before), 'its password of two rotations ago is refused');
    prove(!(await application.isRefused(after)), 'the password of one rotation ago is accepted');
    report.proof('the password of two rotations ago is refused, that of one rotation ago is not');
    const roles = await asSuperuser((session) =>
      session.query<{ login: boolean }>(
        'SELECT rolcanlogin AS login FROM pg_catalog.pg_roles WHERE rolname = $1',
        [identity],
      ),
    );
    prove(roles[0]?.login === false, `${identity} lost LOGIN: no value names it any more`);
    report.proof(`${identity} owns the tables and cannot log in by itself any more`);
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
