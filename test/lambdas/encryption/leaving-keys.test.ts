/** Keys leave: through the rotation function, over years, on a real PostgreSQL. */
import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { CipherKey } from '../../../domain/ciphertext/keys.ts';
import { inProcess } from '../../in-process/request-handler.ts';
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

async function saidOf(kid: string, versionId: string) {
  const said = await it.facts(versionId, 'keyStillHeld', 'keyDestroyed');
  return said.filter(({ detail }) => detail?.kid === kid);
}

/** In the order the service lists them. */
async function holdersWithoutLabel(kid: string): Promise<string[]> {
  const { secrets, secretArn } = it.world;
  const holders: string[] = [];
  for (const versionId of await secrets.unlabelledVersions(secretArn)) {
    const value = await secrets.getValue(secretArn, versionId);
    const { keys } = JSON.parse(value ?? '').keyset ?? { keys: [] };
    if (keys.some((key: { kid: string; k?: string }) => key.kid === kid && key.k !== undefined)) {
      holders.push(versionId);
    }
  }
  return holders;
}

/** Above 100 versions Secrets Manager removes those without a label, the oldest first (reference_limits). */
async function serviceDeletesHoldersOf(kid: string): Promise<void> {
  const { secrets, secretArn } = it.world;
  const holders = new Set(await holdersWithoutLabel(kid));
  const client = new SecretsManagerClient(inProcess(it.world.service) as object);
  const SecretString = await it.world.text();
  await it.days(2);
  for (let left = true; left; ) {
    const value = { SecretId: secretArn, SecretString, VersionStages: ['spare'] };
    await client.send(new PutSecretValueCommand(value));
    const versions = await secrets.unlabelledVersions(secretArn);
    left = versions.some((versionId) => holders.has(versionId));
  }
}

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
    // Without a label they can still be read, by whoever knows their ids.
    const unlabelled = await holdersWithoutLabel(first);
    expect(unlabelled).toContain(lastHolder);
    const inSecretsManager = `${unlabelled.length}, deleted by Secrets Manager in its own time: ${unlabelled.join(', ')}`;
    expect(await saidOf(first, third.activated)).toEqual([
      {
        fact: 'keyStillHeld',
        detail: { kid: first, versions: '', unlabelled: inSecretsManager, escrow: inEscrow },
      },
    ]);

    // Somebody removed the copies once Object Lock let go of them.
    it.copies.splice(
      0,
      it.copies.findIndex(({ versionId }) => versionId === third.published),
    );
    await it.rowsFollowed();
    await it.days(90);
    const fourth = await it.turn();
    const still = { kid: first, versions: '', unlabelled: inSecretsManager };
    expect(await saidOf(first, fourth.published)).toEqual([
      { fact: 'keyStillHeld', detail: still },
    ]);

    await serviceDeletesHoldersOf(first);
    await it.rowsFollowed();
    await it.days(90);
    const fifth = await it.world.rotate();
    expect(await saidOf(first, fifth)).toEqual([{ fact: 'keyDestroyed', detail: { kid: first } }]);
  });

  test('is never said to be destroyed by a function that may not list the versions without a label', async () => {
    const first = await twoGenerations();
    await it.turn();
    await it.rowsFollowed();
    await it.days(90);
    const third = await it.turn();
    it.copies.splice(
      0,
      it.copies.findIndex(({ versionId }) => versionId === third.published),
    );
    await it.rowsFollowed();
    await it.days(90);
    it.world.faults.arm('finishSecret/secretsManager.unlabelledVersions', 'before', 9);
    const detail = {
      kid: first,
      versions: '',
      unlabelled: 'not known, this function may not list them',
    };
    expect(await saidOf(first, await it.world.rotate())).toEqual([
      { fact: 'keyStillHeld', detail },
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

  test('stays when a store is declared after the proof, until a job has counted with it', async () => {
    const first = await twoGenerations();
    it.stores.push('archive');
    const { published } = await it.turn();
    expect(await stateOf(first)).toBe('decryptOnly');
    expect(await why(published)).toEqual(['declaredOtherwiseSince']);
    await it.rowsFollowed();
    await it.days(90);
    await it.turn();
    expect(await stateOf(first)).toBe('disabled');
  });

  test('stays when the database was taken back to a backup: its ledger knows nothing of the proof', async () => {
    const first = await twoGenerations();
    await clinic.sql(`update quarterturn.job set state = 'closed', verified_at = null`);
    const { published } = await it.turn();
    expect(await stateOf(first)).toBe('decryptOnly');
    expect(await why(published)).toEqual(['jobNotVerified']);
    expect(await it.facts(published, 'ledgerDisagrees')).toMatchObject([
      { detail: { state: 'closed' } },
    ]);
  });

  test('stays while the engine finds no database to ask, and stops nothing', async () => {
    const first = await twoGenerations();
    it.unreachable = true;
    const { published } = await it.turn();
    expect(await stateOf(first)).toBe('decryptOnly');
    expect(await it.facts(published, 'ledgerNotAsked')).toHaveLength(1);
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
