/** What is put on record of what was in use before: what is proven, what is left open, and why. */
import { describe, expect, test } from '@jest/globals';
import type { RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import type { AfterRotationRecord, Evidence } from '../../../domain/events/control-records.ts';
import { oldKey } from '../../../lambdas/after-rotation/old-key.ts';
import { at, begun, execution, rows, run } from './task-world.ts';
import { database, executionArn, jwt, name, v0, v1 } from './world.ts';

const used = { primary: 'new', replaced: 'old' };
const later = '22222222-2222-4222-8222-222222222222';
const userManaged = {
  ...jwt,
  ...{ kind: 'userManaged', purpose: 'mail', inbox: { name: 'inbox' } },
} as unknown as RotatedManifestSecret;
const refused: Evidence = { fact: 'oldCredentialRefused', detail: { role: 'a' } };

describe('the proof of an emergency', () => {
  const keys = [{ fact: 'oldKeysNotProven', detail: { reason: 'notRecorded' } }];
  const login = (reason: string) => [{ fact: 'oldCredentialNotProvenDead', detail: { reason } }];
  const nothing = [{ fact: 'nothingReplaced' }];
  const adopted = (secret: RotatedManifestSecret) => ({ ...secret, origin: 'adopted' as const });
  type Row = [
    string,
    RotatedManifestSecret,
    Partial<AfterRotationRecord>,
    { old?: object; retired?: object },
    object[],
  ];
  test.each<Row>([
    ['of keys of tokens, nothing of which was recorded', jwt, used, {}, keys],
    ['of keys of rows', rows('online'), used, {}, keys],
    ['of a login that nobody tried', database, used, {}, login('notAsked')],
    [
      'of a value that somebody else issues',
      userManaged,
      used,
      {},
      login('revokedWhereItIsIssued'),
    ],
    ['of a first value', jwt, { ...used, basedOn: null }, {}, nothing],
    ['of a value in the place of a marker', jwt, {}, {}, nothing],
    ['of a value that was taken over as it was', adopted(jwt), {}, {}, keys],
    ['of a login that was taken over', adopted(database), {}, {}, login('notAsked')],
    [
      'of a first value in the place of nothing, taken over',
      adopted(jwt),
      { basedOn: null },
      {},
      nothing,
    ],
    ['of a login that was tried', database, used, { old: { evidence: [refused] } }, [refused]],
    [
      'of a role that was closed, and of its identity',
      database,
      used,
      {
        retired: {
          answer: {
            retired: [
              { role: 'a', ended: 2 },
              { role: 'app', ended: 0 },
            ],
          },
        },
      },
      [
        { fact: 'sessionsEnded', detail: { role: 'a', ended: 2 } },
        { fact: 'sessionsEnded', detail: { role: 'app', ended: 0 } },
      ],
    ],
    [
      'of both, in that order',
      database,
      used,
      {
        old: { evidence: [refused] },
        retired: { answer: { retired: [{ role: 'a', ended: 2 }] } },
      },
      [{ fact: 'sessionsEnded', detail: { role: 'a', ended: 2 } }, refused],
    ],
  ])('%s', async (_title, secret, record, found, expected) => {
    const { around, progress } = await begun(secret, 'emergency', record);
    const answer = await run(around, 'recordProof', { ...progress, proveOld: true, ...found });
    expect(answer).toEqual({ ...progress, ...found, proveOld: false });
    expect(await around.controlTable.getAfterRotation(name, v1)).toMatchObject({
      state: 'running',
      proof: { at, evidence: expected },
    });
  });

  test('begins with what the rotation itself has found of it, and leaves out the rest of that', async () => {
    const { around, progress } = await begun(database, 'emergency', used);
    const get = around.controlTable.getRotation;
    around.controlTable.getRotation = async (...of) => {
      const found = await get(...of);
      return found && { ...found, evidence: [{ fact: 'signed' }, { fact: 'oldKeysRevoked' }] };
    };
    await run(around, 'recordProof', { ...progress, old: { evidence: [refused] } });
    const { proof } = (await around.controlTable.getAfterRotation(name, v1)) ?? {};
    expect(proof?.evidence).toEqual([{ fact: 'oldKeysRevoked' }, refused]);
  });

  test('hands on why it stops, where a look before it has failed', async () => {
    const { around, progress } = await begun(database, 'emergency', used);
    const error = { Error: 'ProxyError', Cause: 'it refuses' };
    expect(await run(around, 'recordProof', { ...progress, error })).toMatchObject({ error });
    expect(await run(around, 'recordProof', progress)).not.toHaveProperty('error');
  });

  test('is not written of a version that is not in use any more, or that nobody rotated', async () => {
    const { around, progress } = await begun(database, 'emergency', used);
    const record = () => run(around, 'recordProof', progress);
    around.controlTable.getRotation = async () => undefined;
    await expect(record()).rejects.toMatchObject({ code: 'ERR_ROTATION_NO_AFTER_ROTATION' });
    around.secrets.stages.set(name, { [later]: ['AWSCURRENT'], [v1]: ['AWSPREVIOUS'] });
    await expect(record()).rejects.toMatchObject({ code: 'ERR_ROTATION_SUPERSEDED' });
    expect((await around.controlTable.getAfterRotation(name, v1))?.proof).toBeUndefined();
  });

  test.each<[string, Partial<AfterRotationRecord>, string | undefined]>([
    ['it was written, and the answer was lost', { proof: { at, evidence: [] } }, undefined],
    ['it was not written', {}, 'is running'],
    ['somebody stopped it', { state: 'stopped', proof: { at, evidence: [] } }, 'is stopped'],
    [
      'another execution took it over',
      { execution: executionArn('another'), proof: { at, evidence: [] } },
      'is running',
    ],
  ])('where the write is refused because %s', async (_title, found, lost) => {
    const { around, progress } = await begun(database, 'emergency', used);
    const { controlTable } = around;
    const get = controlTable.getAfterRotation;
    controlTable.moveAfterRotation = async () => {
      controlTable.getAfterRotation = async (...of) => {
        const standing = await get(...of);
        return standing && { ...standing, ...found };
      };
      return false;
    };
    const answer = run(around, 'recordProof', progress);
    if (lost === undefined) await expect(answer).resolves.toMatchObject({ proveOld: false });
    else await expect(answer).rejects.toThrow(`version ${v1} ${lost}`);
  });
});

describe('what becomes of the key that was replaced', () => {
  const made = { steps: {}, at } as Parameters<typeof oldKey>[2];
  const first = '2026-05-17T16:59:00.000Z';
  const created = {
    steps: { createSecret: { at: first, milliseconds: 1, outcome: 'created' } },
    at,
  } as Parameters<typeof oldKey>[2];
  type Intent = AfterRotationRecord['intent'];
  const until = (moment: string) => ({ kid: 'old', until: moment });
  test.each<[string, RotatedManifestSecret, Intent, object, typeof made, object[]]>([
    [
      'rows open with it',
      rows('online'),
      'planned',
      used,
      made,
      [{ fact: 'oldKeyDecryptOnly', detail: { kid: 'old' } }],
    ],
    [
      'and do so in an emergency',
      rows('online'),
      'emergency',
      used,
      made,
      [{ fact: 'oldKeyDecryptOnly', detail: { kid: 'old' } }],
    ],
    [
      'tokens are refused after an emergency',
      jwt,
      'emergency',
      used,
      made,
      [{ fact: 'oldKeyRevoked', detail: { kid: 'old' } }],
    ],
    [
      'tokens are accepted from when the value was made',
      jwt,
      'planned',
      used,
      created,
      [{ fact: 'oldKeyAcceptedUntil', detail: until('2026-05-17T17:00:00.000Z') }],
    ],
    [
      'or, where that is not known, from the rotation on',
      jwt,
      'planned',
      used,
      made,
      [{ fact: 'oldKeyAcceptedUntil', detail: until('2026-05-17T17:01:00.000Z') }],
    ],
    ['a login has no key', database, 'emergency', used, made, []],
    ['nothing was replaced', jwt, 'emergency', { primary: 'new' }, made, []],
    ['it is in use still', jwt, 'planned', { primary: 'old', replaced: 'old' }, made, []],
  ])('%s', (_title, secret, intent, material, rotation, expected) => {
    expect(oldKey(secret, { intent, ...material }, rotation)).toEqual(expected);
  });
});

describe('what is said of an AfterRotation that stops', () => {
  const caught = { secretArn: `arn:${name}`, secretName: name, versionId: v1 };
  const rollBack = {
    ...{ token: later, restoreVersionId: v0, from: v1, material: 'new', consumer: 'api' },
    reason: 'consumer api: sign-in: 401.',
  };
  const error = { Error: 'ProxyError', Cause: JSON.stringify({ errorMessage: 'it refuses.' }) };
  test.each<[string, object, string]>([
    ['of nothing known', {}, 'it was stopped'],
    ['of an error of a function', { error }, 'ProxyError: it refuses.'],
    ['of an error without words', { error: { Error: 'States.Timeout' } }, 'States.Timeout'],
    ['of one whose words are none', { error: { Error: 'E', Cause: 'no JSON' } }, 'E'],
    ['of one whose words are no text', { error: { Error: 'E', Cause: '{"errorMessage":1}' } }, 'E'],
    [
      'of a rollback that is in use',
      { rollBack },
      `consumer api: sign-in: 401; rolled back by version ${later}`,
    ],
    [
      'of a rollback that did not come to its end',
      { rollBack, error },
      'consumer api: sign-in: 401; not rolled back; ProxyError: it refuses',
    ],
  ])('%s', async (_title, more, reason) => {
    const { around } = await begun(jwt, 'planned', used);
    const answer = await run(around, 'stop', { ...caught, ...more });
    expect(answer).toEqual({ outcome: 'stopped', reason });
    expect(await around.controlTable.getAfterRotation(name, v1)).toMatchObject({
      ...{ state: 'stopped', reason, execution },
    });
    const [event] = around.doors.eventBus.events;
    expect(event?.detail).toMatchObject({ outcome: 'stopped', reason });
    const rolledBackBy = 'rollBack' in more && !('error' in more) ? later : undefined;
    expect((event?.detail as { rolledBackBy?: string } | undefined)?.rolledBackBy).toBe(
      rolledBackBy,
    );
  });

  test('from outside, by what it was stopped with; and nothing is told of one that is not ours', async () => {
    const { around } = await begun(jwt, 'planned', used);
    const move = async (more: Partial<AfterRotationRecord>) => {
      const found = await around.controlTable.getAfterRotation(name, v1);
      await around.controlTable.moveAfterRotation(name, ['running', 'stopped'], {
        ...(found as AfterRotationRecord),
        ...more,
      });
    };
    await move({ state: 'stopped', reason: 'an emergency has begun' });
    const reason = 'an emergency has begun';
    expect(await run(around, 'stop', { ...caught, error })).toEqual({ outcome: 'stopped', reason });
    expect(around.doors.eventBus.events).toHaveLength(1);
    await move({ state: 'running', execution: executionArn('another') });
    await run(around, 'stop', { ...caught, error });
    expect(around.doors.eventBus.events).toHaveLength(1);
    expect(await around.controlTable.getAfterRotation(name, v1)).toMatchObject({
      ...{ state: 'running', execution: executionArn('another') },
    });
    const unknown = { ...caught, versionId: later };
    expect(await run(around, 'stop', unknown)).toMatchObject({ outcome: 'stopped' });
    expect(around.doors.eventBus.events).toHaveLength(1);
  });
});
