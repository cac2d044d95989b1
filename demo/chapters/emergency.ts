import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { primaryOf } from '../../domain/secrets/keyset.ts';
import type { Credential, Session } from '../../doors/postgres/door.ts';
import { kidOfToken } from '../application-load.ts';
import { present, prove } from '../proof.ts';
import type { Stage } from '../stage.ts';
import type { Report } from '../terminal/scene.ts';
import type { Chapter } from './chapter.ts';

/** In the folder the demo is started in; git ignores it. The one of before is written over. */
const file = 'reports/incident.html';
const minute = 60_000;

/** The last one: whoever is signed in is signed out, so the load of the year has ended before. */
export const emergency: Chapter = {
  id: 'emergency',
  title: 'Emergency: a stranger holds the signing key and the database credential',

  async run(stage, report) {
    const { sandbox, application, pharmacy, security, guard } = stage;
    await pharmacy.rest();
    const token = await pharmacy.login();
    const patient = await pharmacy.readsAPatient(token);
    const exposedSince = sandbox.clock.now();
    const stolen = await stage.intruder.steal();
    report.doing('a stranger reads both secrets with a lost access key, and keeps a session open');
    await application.withDatabase(stolen.credential, async (session) => {
      prove(await isOpen(session), 'the stranger is in the database');
      await sandbox.clock.advanceTo(new Date(exposedSince.getTime() + 10 * minute));

      report.doing('security starts the emergency, as the console would');
      const { head, secrets } = await security.emergency({
        secrets: ['jwt', 'db'],
        reason: 'an access key was found in a public repository',
        exposedSince: exposedSince.toISOString(),
      });
      for (const { key, state, reason } of secrets) {
        prove(
          state === 'proven',
          `the old value of ${key} is proven dead, not ${state} (${reason})`,
        );
      }
      prove(head.state === 'closed', `the emergency is closed, not ${head.state}`);
      const dead = secrets.map(({ provenAt }) => new Date(present(provenAt, 'proven')).getTime());
      const seconds = (Math.max(...dead) - new Date(head.startedAt).getTime()) / 1000;
      report.changed(
        `both were proven dead ${Math.round(seconds)} s after its start, by the sandbox’s clock, which stands while functions run`,
      );
      report.changed(
        `stopped and started again: ${head.consumers.stop.join(', ')}; reads again by itself: ${head.consumers.alone.join(', ')}`,
      );
      prove(!(await isOpen(session)), 'the session of the stranger is gone');
      report.proof('the session of the stranger was ended');

      await proveShutOut(stage, { ...stolen, token }, report);
      const anew = await pharmacy.login();
      prove(await pharmacy.accepts(anew), 'a login works, and its token verifies');
      prove(
        (await pharmacy.readsAPatient(anew)) === patient,
        'a patient that was sealed before opens as before',
      );
      report.proof('the application is well: a login works, and what was sealed before opens');

      const page = await security.page(head);
      prove(guard.mask(page) === page, 'the report holds no value');
      prove(page.includes(stage.intruder.name), 'the report names the stranger');
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, page);
      report.proof(`the report names ${stage.intruder.name}, who read both, and holds no value`);
      report.changed(`open it in a browser: ${file}`);
    });
  },
};

async function proveShutOut(
  { application, pharmacy }: Stage,
  { credential, token, kid }: { credential: Credential; token: string; kid: string },
  report: Report,
): Promise<void> {
  prove(await application.isRefused(credential), 'the stolen password is refused');
  report.proof(`the stolen password of ${credential.username} is refused (28P01)`);
  const keyset = await application.keyset('jwt');
  prove(primaryOf(keyset).kid !== kid, 'another key signs');
  prove(
    keyset.keys.every((key) => key.kid !== kid || key.state === 'revoked'),
    'the stolen key is revoked',
  );
  prove(kidOfToken(token) === kid, 'the token was signed with the stolen key');
  prove(await pharmacy.refuses(token), 'both instances refuse a token of the stolen key');
  report.proof(`a token signed by the stolen key ${kid} is refused by both instances`);
}

async function isOpen(session: Session): Promise<boolean> {
  try {
    await session.query('SELECT 1');
    return true;
  } catch {
    return false;
  }
}
