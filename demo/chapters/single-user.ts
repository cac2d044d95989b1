import { firstIdOfTheApplication } from '../data/schema.sql.ts';
import { prove } from '../proof.ts';
import type { Chapter } from './chapter.ts';

export const singleUser: Chapter = {
  id: 'single-user',
  title: 'Database password, single user: changed in place, the old one refused',

  async run({ operator, application, data }, report) {
    const before = await application.credential('legacyDb');
    report.doing(`RotateSecret of the password of ${before.username}`);
    await operator.rotate('legacyDb');
    const after = await application.credential('legacyDb');
    prove(after.username === before.username, 'the role is the same');
    prove(after.password !== before.password, 'the password is another');
    report.changed(`${after.username} has a new password; the server was given a verifier of it`);

    const rows = await application.withDatabase('legacyDb', (session) =>
      session.query<{ patients: number }>(
        'SELECT count(*)::int AS patients FROM public.patients WHERE id < $1',
        [firstIdOfTheApplication],
      ),
    );
    prove(rows[0]?.patients === data.patients.length, 'the older application reads its patients');
    report.proof(`${after.username} logs in with it and reads ${rows[0].patients} patients`);
    prove(await application.isRefused(before), 'the old password is refused with 28P01');
    report.proof('the old password is refused (28P01)');
  },
};
