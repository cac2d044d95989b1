import { primaryOf } from '../../domain/secrets/keyset.ts';
import { validateDatabase } from '../data/seed.ts';
import { countRows } from '../database-proof.ts';
import { present, prove } from '../proof.ts';
import type { Stage } from '../stage.ts';
import type { Chapter } from './chapter.ts';

const patient = 17;
const kidOfField = (sealed: string): string => sealed.split('.')[1] ?? '';

export const encryption: Chapter = {
  id: 'encryption',
  title: 'Encryption key: a new key for new fields, and the old ones follow',

  async run(stage, report) {
    const { operator, application, asSuperuser, data, sealedPlaces } = stage;
    const sealedBefore = await readPhone(stage);
    const old = kidOfField(sealedBefore);
    report.doing(`patient ${patient} has a phone sealed under ${old}; RotateSecret`);

    const versions = await operator.rotate('pii');
    const published = await application.keyset('pii', versions.previous);
    const activated = await application.keyset('pii');
    const next = primaryOf(activated).kid;
    const before = primaryOf(published).kid;
    prove(
      published.keys.find(({ kid }) => kid === next)?.state === 'published',
      `key ${next} was published before it was used`,
    );
    report.changed(`key ${next} was published to every reader, then activated`);
    const state = activated.keys.find(({ kid }) => kid === before)?.state;
    prove(state === 'decryptOnly', `key ${before} only decrypts`);
    report.changed(`key ${before} only decrypts; it stays in the secret`);

    const cipher = await application.cipher();
    const expected = data.patients.find(({ id }) => id === patient)?.phone;
    prove(cipher.open('patients.phone', patient, sealedBefore) === expected, 'the old field opens');
    report.proof(`the phone sealed under ${old} still opens, as it lies in a backup`);
    const followed = await readPhone(stage);
    const record = await operator.reencryption('pii');
    prove(
      record?.state === 'verified',
      `its re-encryption is verified, not ${record?.state}: ${record?.findings.join('; ')}`,
    );
    prove(kidOfField(followed) === next, 'the field in the database has followed');
    prove(cipher.open('patients.phone', patient, followed) === expected, 'and opens');
    const counted = await asSuperuser((session) => countRows(session, sealedPlaces, next));
    const left = counted.flatMap(({ others }) => others).filter(({ rows }) => rows !== 0);
    prove(left.length === 0, `no row is under another key: ${JSON.stringify(left)}`);
    report.proof(`in the database it is under ${next} now, as every row is`);

    const resealed = await cipher.seal('patients.phone', patient, present(expected, 'a phone'));
    await application.withDatabase('db', (session) =>
      session.query('UPDATE public.patients SET phone = $1 WHERE id = $2', [resealed, patient]),
    );
    const written = await readPhone(stage);
    prove(kidOfField(written) === next && next !== old, 'a new field carries the new kid');
    prove(cipher.open('patients.phone', patient, written) === expected, 'the new field opens');
    report.proof(`a phone saved now carries kid ${kidOfField(written)}, and opens`);

    const verdicts = await asSuperuser((session) => validateDatabase(session, data.window, cipher));
    prove(
      verdicts.every(({ verdict }) => verdict === 'passed'),
      'every field of every row opens',
    );
    const fields =
      (data.patients.length + data.prescriptions.length) * 3 + data.storedCredentials.length;
    report.proof(`all ${fields} sealed fields of the database open`);
  },
};

async function readPhone({ application }: Stage): Promise<string> {
  const rows = await application.withDatabase('db', (session) =>
    session.query<{ phone: string }>('SELECT phone FROM public.patients WHERE id = $1', [patient]),
  );
  return present(rows[0]?.phone, `patient ${patient} is in the database`);
}
