import { primaryOf } from '../../domain/secrets/keyset.ts';
import { identity } from '../data/schema.sql.ts';
import { seedDatabase, validateDatabase } from '../data/seed.ts';
import { prove } from '../proof.ts';
import type { Stage } from '../stage.ts';
import type { Chapter } from './chapter.ts';

/** A database before what encrypts in it: the encryption room looks at the declared columns first. */
const order = ['jwt', 'db', 'legacyDb', 'rowsDb', 'pii'] as const;

export const firstValues: Chapter = {
  id: 'first-values',
  title: 'First values, and a database full of mock patients',

  async run(stage, report) {
    const { operator, application, data, asSuperuser } = stage;
    for (const key of order) {
      report.doing(`RotateSecret of ${operator.secret(key).name}`);
      await operator.rotate(key);
    }
    report.changed(
      'five secrets left their deployment without a value; each has its first one now',
    );

    report.doing('what the database lacks before rows can be re-encrypted');
    report.changed(
      `its administrator ran ${await prepareRows(stage)} statements the operator planned`,
    );

    const cipher = await application.cipher();
    report.doing('sealing and inserting the mock data set');
    await asSuperuser((session) => seedDatabase(session, data, cipher));
    const verdicts = await asSuperuser((session) => validateDatabase(session, data.window, cipher));
    const failed = verdicts.filter(({ verdict }) => verdict === 'failed');
    prove(failed.length === 0, `no check fails; ${JSON.stringify(failed)}`);
    const { kid } = primaryOf(await application.keyset('pii'));
    report.proof(`${data.patients.length} patients are sealed under key ${kid} and open again`);
    report.proof(`the mock data passes its checklist in the database: ${verdicts.length} checks`);

    const users = await application.withDatabase('db', (session) =>
      session.query<{ login: string; acts: string }>(
        'SELECT session_user::text AS login, current_user::text AS acts',
      ),
    );
    prove(users[0]?.acts === identity, `the application acts as ${identity}`);
    report.proof(`the application logs in as ${users[0].login} and acts as ${users[0].acts}`);
  },
};

/** As `quarterturn reencrypt prepare` would have a person do it: no secret of the example may change tables. */
async function prepareRows({ operator, asSuperuser }: Stage): Promise<number> {
  const { statements, findings } = await operator.planRows('pii');
  const blocking = findings.filter(({ level }) => level === 'blocks');
  prove(blocking.length === 0, `nothing blocks it: ${JSON.stringify(blocking)}`);
  await asSuperuser((session) =>
    session.transaction(async () => {
      for (const { sql } of statements) {
        await session.query(sql);
      }
    }),
  );
  const left = await operator.planRows('pii');
  prove(left.statements.length === 0, `nothing is missing: ${JSON.stringify(left.statements)}`);
  return statements.length;
}
