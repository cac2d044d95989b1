/** Keys leave: through the rotation function, over years, on a real PostgreSQL. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { CipherKey } from '../../../domain/ciphertext/keys.ts';
import { bound, type Clinic, sealed, startClinic } from '../reencryption/clinic.ts';
import { column, primaryOf, type RotatingClinic, rotatingClinic } from './rotating-clinic.ts';

let clinic: Clinic;
let it: RotatingClinic;

beforeAll(async () => {
  clinic = await startClinic();
  await clinic.sql('create table patients (id int primary key, ssn text)');
  await clinic.sql('grant select (id, ssn), update (ssn) on patients to reencryption');
}, 60_000);
afterAll(() => clinic?.stop());
afterEach(() => it?.world.stop());

/** A first key that was used, and a second one its rows followed to, 90 days ago. */
async function twoGenerations(retention?: number | 'forever'): Promise<string> {
  it = await rotatingClinic(clinic, retention);
  await it.world.rotate();
  await it.world.finishAfterRotation();
  const first = primaryOf(await it.keyset()).kid;
  await it.turn();
  await it.rowsFollowed();
  await it.days(90);
  return first;
}

const stateOf = async (kid: string) => (await it.states())[kid];
const why = async (versionId: string) =>
  (await it.facts(versionId, 'keyNotPruned')).map(({ detail }) => detail?.reason);

describe('an encryption key', () => {
  test('is disabled by the rotation after its rows are proven gone, pruned by the next, and named until nothing holds it', async () => {
    const first = await twoGenerations();
    const dated = Object.entries(await it.world.labels()).filter(([label]) =>
      label.startsWith('rotated-'),
    );
    expect(dated).toHaveLength(2);

    const second = await it.turn();
    expect(await stateOf(first)).toBe('disabled');
    expect(await it.facts(second.published, 'keyDisabled', 'keyPruned')).toEqual([
      { fact: 'keyDisabled', detail: { kid: first } },
    ]);
    await it.rowsFollowed();
    await it.days(90);

    const third = await it.turn();
    expect(await stateOf(first)).toBe('pruned');
    expect(await it.facts(third.published, 'keyPruned')).toEqual([
      { fact: 'keyPruned', detail: { kid: first } },
    ]);
    // Our labels are gone from whatever still holds it; AWSPREVIOUS alone keeps its own.
    const labels = await it.world.labels();
    for (const [label, versionId] of Object.entries(labels)) {
      const text = (await it.world.secrets.getValue(it.world.secretArn, versionId)) ?? '';
      const entry = JSON.parse(text).keyset.keys.find(({ kid }: { kid: string }) => kid === first);
      expect([label, entry?.k]).toEqual([label, undefined]);
    }
    // The published version was promoted while AWSPREVIOUS still held it; the activated one is two further.
    const lastHolder = second.activated;
    const locked = new Date(
      it.copies.find(({ versionId }) => versionId === lastHolder)?.storedAt.getTime() ?? 0,
    );
    locked.setUTCDate(locked.getUTCDate() + 365);
    const inEscrow = `${it.copies.findIndex(({ versionId }) => versionId === third.published)} of its copies, locked until ${locked.toISOString()}`;
    expect(
      (await it.facts(third.published, 'keyStillHeld', 'keyDestroyed'))[0]?.detail,
    ).toMatchObject({
      kid: first,
      versions: expect.stringContaining(lastHolder),
      escrow: inEscrow,
    });
    expect(await it.facts(third.activated, 'keyStillHeld', 'keyDestroyed')).toEqual([
      { fact: 'keyStillHeld', detail: { kid: first, versions: '', escrow: inEscrow } },
    ]);

    // Somebody removed the copies once Object Lock let go of them.
    it.copies.splice(
      0,
      it.copies.findIndex(({ versionId }) => versionId === third.published),
    );
    await it.rowsFollowed();
    await it.days(90);
    const fourth = await it.world.rotate();
    const said = await it.facts(fourth, 'keyStillHeld', 'keyDestroyed');
    expect(said.filter(({ detail }) => detail?.kid === first)).toEqual([
      { fact: 'keyDestroyed', detail: { kid: first } },
    ]);
  });

  test('stays, and the rotation says why, while the last job has not proven zero rows', async () => {
    const first = await twoGenerations();
    await it.world.control.updateReencryption(
      it.world.secretName,
      (record) => record && { ...record, state: 'unproven' },
    );
    const { published } = await it.turn();
    expect(await stateOf(first)).toBe('decryptOnly');
    expect(await why(published)).toEqual(['jobNotVerified']);
  });

  test('stays for ever when a backup does', async () => {
    const first = await twoGenerations('forever');
    await it.turn();
    await it.rowsFollowed();
    await it.days(300);
    expect(await why(await it.world.rotate())).toContain('backupsKeptForever');
    expect(await stateOf(first)).toBe('disabled');
  });

  test('met in a row although it is disabled stops the next planned rotation, by a code of its own', async () => {
    it = await rotatingClinic(clinic);
    await it.world.rotate();
    await it.world.finishAfterRotation();
    const row = sealed(
      'of a store nobody declared',
      new CipherKey(primaryOf(await it.keyset())),
      bound(column.id),
    );
    await it.turn();
    await it.rowsFollowed();
    await it.days(90);
    await it.turn();
    await it.rowsFollowed();
    await clinic.sql('insert into patients values (1, $1)', [row]);
    try {
      const before = (await it.world.labels()).AWSCURRENT;
      const token = await it.world.rotate();
      expect((await it.world.labels()).AWSCURRENT).toBe(before);
      const record = await it.world.control.getRotation(it.world.secretName, token);
      expect(record?.failure?.message).toContain('ERR_ROTATION_CIPHERTEXT_KEY_DISABLED');
    } finally {
      await clinic.sql('truncate patients');
    }
  });

  test('is not brought back by an emergency or a rollback once it is pruned', async () => {
    const first = await twoGenerations();
    const versionOfFirst = (await it.world.labels()).AWSPREVIOUS ?? '';
    await it.turn();
    await it.rowsFollowed();
    await it.days(90);
    await it.world.rotate();
    await it.world.finishAfterRotation();
    const back = await it.world.rotate({ intent: 'rollback', restoreVersionId: versionOfFirst });
    expect((await it.world.labels()).AWSCURRENT).not.toBe(back);
    const record = await it.world.control.getRotation(it.world.secretName, back);
    expect(record?.failure).toMatchObject({
      code: 'ERR_ROTATION_TRANSITION_REFUSED',
      message: expect.stringContaining(`Key ${first} cannot become primary: it is pruned`),
    });
    const emergency = await it.world.rotate({ intent: 'emergency' });
    expect((await it.world.labels()).AWSCURRENT).toBe(emergency);
    expect(await stateOf(first)).toBe('pruned');
  });
});
