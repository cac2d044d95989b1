import type { Sandbox } from '../../sandbox/start.ts';
import { firstIdOfTheApplication } from '../data/schema.sql.ts';
import { prove } from '../proof.ts';
import type { Chapter } from './chapter.ts';

export const failure: Chapter = {
  id: 'failure',
  title: 'A rotation fails half-way: everything works on, and its retry succeeds',

  async run({ sandbox, operator, application }, report) {
    const before = await operator.generation('db');
    const credential = await application.credential('db');
    // The worst moment: the role's password was changed, and the answer never arrived.
    const fault = sandbox.injectFault({
      service: 'lambda',
      operation: 'Invoke',
      match: { Step: 'setSecret', functionName: operator.secret('db').function },
      when: 'after',
      times: 1,
    });
    const failuresBefore = countEvents(sandbox, 'RotationFailed');
    report.doing('RotateSecret, and the answer of setSecret is lost');
    const token = await operator.ask('db');
    await sandbox.clock.idle();
    prove(fault.fired() === 1, 'the fault was injected');
    prove(countEvents(sandbox, 'RotationFailed') > failuresBefore, 'RotationFailed was announced');
    report.changed('setSecret changed the other role, its answer was lost: RotationFailed');

    const during = await operator.generation('db');
    prove(during.current === before.current, 'AWSCURRENT did not move');
    report.proof('AWSCURRENT did not move');
    const still = await application.credential('db');
    prove(still.password === credential.password, 'readers get the value from before');
    const rows = await application.withDatabase('db', (session) =>
      session.query<{ login: string; patients: number }>(
        'SELECT session_user::text AS login, count(*)::int AS patients FROM public.patients WHERE id < $1',
        [firstIdOfTheApplication],
      ),
    );
    report.proof(`${rows[0]?.login} logs in as before and reads ${rows[0]?.patients} patients`);

    report.doing('Secrets Manager tries the same rotation again');
    await sandbox.clock.settle();
    const after = await operator.generation('db');
    prove(after.current === token, 'the retry promoted the version of the same rotation');
    const role = (await application.credential('db')).username;
    prove(role !== credential.username, 'the other role took over');
    prove(
      !(await application.isRefused(await application.credential('db'))),
      'the retried credential logs in',
    );
    report.changed('the service ran the four steps again under the same token');
    report.proof(`${role} logs in, AWSCURRENT names it`);
  },
};

/** Service events say in `detail.eventName` what happened (user guide, "Monitor with EventBridge"). */
function countEvents(sandbox: Sandbox, name: string): number {
  const named = (detail: unknown) => (detail as { eventName?: string }).eventName === name;
  return sandbox.events().filter(({ detail }) => named(detail)).length;
}
