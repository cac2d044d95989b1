import { describe, expect, test } from '@jest/globals';
import { decide, type SecretFacts } from '../../../domain/policy/due.ts';
import { preflight, type Situation } from '../../../domain/policy/preflight.ts';

const at = (day: string) => new Date(`${day}T00:00:00Z`);
const dated = { v2: ['AWSCURRENT', 'rotated-20260105T030001Z'], v1: ['AWSPREVIOUS'] };
const facts: SecretFacts = {
  armed: true,
  origin: 'new',
  cadenceDays: 90,
  rotationEnabled: true,
  versionIdsToStages: dated,
  now: at('2026-02-01'),
};
const after = {
  versionId: 'v2',
  state: 'running' as const,
  at: '2026-01-31T23:55:00Z',
  live: true,
};
const rows = {
  state: 'active' as const,
  targetKid: '9f2c41aa07be63d1',
  mode: 'maintenance' as const,
  at: '2026-01-31T23:00:00Z',
  versionId: 'v2',
};
const handedOver = { ...after, publishedKid: rows.targetKid };
const undated = { v2: ['AWSCURRENT'], v1: ['AWSPREVIOUS'] };
const pending = { ...dated, v3: ['AWSPENDING'] };
const asNeeded = { ...facts, cadenceDays: undefined };
const rhythm =
  'in use since 2026-01-05T03:00:01.000Z, rotated from 2026-03-31T03:00:01.000Z, limit 2026-04-05T03:00:01.000Z';

describe('a verdict says why, and whether somebody should look', () => {
  test.each<[SecretFacts, string, boolean, string]>([
    [facts, 'notDue nothing', false, rhythm],
    [{ ...facts, now: at('2026-04-01') }, 'due rotate', false, rhythm],
    [{ ...facts, now: at('2026-04-06') }, 'overdue rotate', true, rhythm],
    [
      { ...facts, versionIdsToStages: pending, pendingSince: '2026-01-31T23:59:00Z' },
      'inProgress nothing',
      false,
      'rotation v3 is in progress since 2026-01-31T23:59:00Z',
    ],
    [
      { ...facts, versionIdsToStages: pending, pendingSince: '2026-01-31T20:00:00Z' },
      'inProgress nothing',
      true,
      "rotation v3 is not complete (recorded at 2026-01-31T20:00:00Z); Secrets Manager tries it again by itself, look at its function's log",
    ],
    [
      { ...facts, versionIdsToStages: pending },
      'inProgress nothing',
      true,
      "rotation v3 is not complete (nothing is recorded of it); Secrets Manager tries it again by itself, look at its function's log",
    ],
    [
      { ...facts, afterRotation: after },
      'afterRotationPending nothing',
      false,
      'the AfterRotation of v2 is running',
    ],
    [
      { ...facts, afterRotation: { ...after, live: false } },
      'afterRotationPending restartAfterRotation',
      true,
      'the AfterRotation of v2 is running and no execution is alive',
    ],
    [
      { ...facts, afterRotation: { ...after, state: 'due', live: false } },
      'afterRotationPending nothing',
      false,
      'the AfterRotation of v2 is due',
    ],
    [
      {
        ...facts,
        afterRotation: { ...after, state: 'due', live: false, at: '2026-01-31T23:50:00Z' },
      },
      'afterRotationPending restartAfterRotation',
      true,
      'the AfterRotation of v2 is due and no execution is alive',
    ],
    [
      { ...facts, afterRotation: { ...handedOver, state: 'stopped', reason: 'unhealthy' } },
      'afterRotationPending nothing',
      true,
      'the AfterRotation of v2 stopped (unhealthy) while key 9f2c41aa07be63d1 waits for activation: resume it or roll back',
    ],
    [
      { ...facts, afterRotation: { ...handedOver, state: 'stopped' } },
      'afterRotationPending nothing',
      true,
      'the AfterRotation of v2 stopped (no reason recorded) while key 9f2c41aa07be63d1 waits for activation: resume it or roll back',
    ],
    [{ ...facts, afterRotation: { ...after, state: 'stopped' } }, 'notDue nothing', false, rhythm],
    [
      { ...facts, afterRotation: { ...after, state: 'finished', live: false } },
      'notDue nothing',
      false,
      rhythm,
    ],
    ...(['due', 'active', 'unproven', 'stopped'] as const).map(
      (state): [SecretFacts, string, boolean, string] => [
        {
          ...facts,
          afterRotation: { ...handedOver, live: false },
          reencryption: { ...rows, state },
        },
        'afterRotationPending nothing',
        state === 'unproven' || state === 'stopped',
        `the AfterRotation of v2 waits until every row is under key 9f2c41aa07be63d1; their re-encryption is ${state}`,
      ],
    ),
    ...(
      [
        { state: 'verified' },
        { state: 'closed' },
        { mode: 'online' },
        { targetKid: '1a77c0de55e1b002' },
      ] as const
    ).map((other): [SecretFacts, string, boolean, string] => [
      {
        ...facts,
        afterRotation: { ...handedOver, live: false },
        reencryption: { ...rows, ...other },
      },
      'afterRotationPending restartAfterRotation',
      true,
      'the AfterRotation of v2 is running and no execution is alive',
    ]),
    [
      {
        ...facts,
        versionIdsToStages: { v2: ['AWSCURRENT'], v1: ['AWSPREVIOUS', 'rotated-20260105T030001Z'] },
      },
      'unmanagedWrite nothing',
      true,
      'version v2 is AWSCURRENT, but no rotation made it; its age counts from the last date label',
    ],
    [
      { ...facts, versionIdsToStages: undated },
      'unmanagedWrite nothing',
      true,
      'version v2 is AWSCURRENT, but no rotation made it; its age counts from the last date label',
    ],
    [
      { ...facts, versionIdsToStages: {} },
      'badDate nothing',
      true,
      'no version carries AWSCURRENT',
    ],
    [
      { ...facts, versionIdsToStages: undated, afterRotation: { ...after, state: 'finished' } },
      'badDate nothing',
      true,
      'version v2 was rotated, but no version carries a date label',
    ],
    [
      {
        ...facts,
        versionIdsToStages: { ...undated, v1: ['AWSPREVIOUS', 'rotated-20260105T030001Z'] },
        afterRotation: { ...after, state: 'finished' },
      },
      'badDate nothing',
      true,
      'the date label of version v2 is lost; expected rotated-<instant> on AWSCURRENT. Attach it again from the audit event of that rotation',
    ],
    [
      { ...facts, origin: 'adopted', versionIdsToStages: undated },
      'badDate nothing',
      true,
      'no version carries a date label and no adoption is recorded; expected one of them. Rotate it once by hand, or adopt it again',
    ],
    [
      {
        ...facts,
        origin: 'adopted',
        versionIdsToStages: undated,
        adoptedMaterialSince: '2026-02-02',
      },
      'badDate nothing',
      true,
      'the adoption record says "2026-02-02"; expected an instant in the past',
    ],
    [
      { ...facts, versionIdsToStages: { v2: ['AWSCURRENT'] } },
      'uninitialised makeFirstValue',
      false,
      'a new secret without a value yet',
    ],
    [
      { ...asNeeded, versionIdsToStages: { v2: ['AWSCURRENT'] } },
      'uninitialised nothing',
      false,
      'a new secret without a value yet: one of its owners puts the first into its inbox',
    ],
    [
      asNeeded,
      'asNeeded nothing',
      false,
      'in use since 2026-01-05T03:00:01.000Z, changed by its owners as needed',
    ],
    [
      { ...asNeeded, versionIdsToStages: undated },
      'asNeeded nothing',
      false,
      'its owners put its value before it had an inbox; its age is not recorded',
    ],
    [
      { ...facts, armed: false },
      'unarmed nothing',
      false,
      'not armed: adopt it and deploy it with armed: true',
    ],
    [
      { ...facts, armed: false, origin: 'adopted', now: at('2026-04-04') },
      'unarmed nothing',
      true,
      'adopted, not armed: deploy it with armed: true',
    ],
    [
      { ...facts, rotationEnabled: false },
      'rotationDisabled nothing',
      true,
      'rotation is switched off in Secrets Manager, although the secret is armed',
    ],
    [
      { ...facts, hold: { until: '2026-02-02T00:00:00Z', reason: 'rolled back' } },
      'held nothing',
      false,
      'on hold until 2026-02-02T00:00:00Z: rolled back',
    ],
    [
      {
        ...facts,
        hold: { until: '2026-05-02T00:00:00Z', reason: 'rolled back' },
        now: at('2026-04-04'),
      },
      'held nothing',
      true,
      'on hold until 2026-05-02T00:00:00Z: rolled back',
    ],
    [
      { ...facts, hold: { until: '2026-02-01T00:00:00Z', reason: 'over' } },
      'notDue nothing',
      false,
      rhythm,
    ],
  ])('%#', (given, expected, finding, reason) => {
    const verdict = decide(given);
    expect([`${verdict.decision} ${verdict.act}`, verdict.finding, verdict.reason]).toEqual([
      expected,
      finding,
      reason,
    ]);
  });

  test('a cadence that leaves no time is refused, and both numbers are told', () => {
    for (const [cadenceDays, leadDays] of [
      [5, 5],
      [90, -1],
      [Number.NaN, 5],
      [Number.POSITIVE_INFINITY, 5],
    ] as const) {
      expect(() => decide({ ...facts, cadenceDays, leadDays })).toThrow(
        `cadence ${cadenceDays} days with a lead of ${leadDays} days; expected 0 ≤ lead < cadence`,
      );
    }
    expect(decide({ ...facts, cadenceDays: 1, leadDays: 0 }).decision).toBe('overdue');
  });
});

const situation: Situation = {
  intent: 'planned',
  armed: true,
  describe: { rotationEnabled: true, versionIdsToStages: dated },
  now: at('2026-02-01'),
};
const key = '9f2c41aa07be63d1';
const published = { versionId: 'v2', state: 'due' as const, publishedKid: key };

describe('a refusal is told in full', () => {
  test.each<[Partial<Situation>, string]>([
    [
      { lease: { token: 't9', owner: 'emergency e1', expiresAt: '2026-02-02T00:00:00Z' } },
      'emergency e1 holds this secret for rotation t9 until 2026-02-02T00:00:00Z; expected no lease, or one of this rotation. Wait for it to end, or look at that execution.',
    ],
    [
      { describe: { rotationEnabled: true, versionIdsToStages: pending } },
      'Rotation v3 is in progress: AWSPENDING is on that version, expected it to be absent or on AWSCURRENT. Secrets Manager tries it again by itself; rollback and emergency clear it first.',
    ],
    [
      { armed: false },
      'The secret is not armed; a planned rotation expects an armed one. Run `quarterturn adopt`, set `armed: true` in rotation.config.ts and deploy.',
    ],
    [
      { adopted: false, describe: { rotationEnabled: true, versionIdsToStages: undated } },
      'The secret is armed, and its adoption is not recorded; expected `quarterturn adopt` first, which says what a rotation would break. Run it, then rotate.',
    ],
    [
      { describe: { rotationEnabled: false, versionIdsToStages: dated } },
      'Rotation of the secret is switched off (CancelRotateSecret, or no rotation function); expected it to be enabled. Deploy the stack again, or find out who switched it off.',
    ],
    [
      { afterRotation: published },
      `Key ${key}, published by version v2, waits for activation (AfterRotation: due); expected no such key. Wait until that AfterRotation has finished.`,
    ],
    [
      { afterRotation: { ...published, state: 'stopped', reason: 'unhealthy' } },
      `Key ${key}, published by version v2, waits for activation (AfterRotation: stopped, unhealthy); expected no such key. Resume that AfterRotation, or roll back.`,
    ],
    [
      { afterRotation: { versionId: 'v2', state: 'running' } },
      'The AfterRotation of version v2 is running; expected it to be finished. Wait for it.',
    ],
    [
      { reencryption: { state: 'active', targetKid: key } },
      `The re-encryption toward key ${key} is active; expected it to have rewritten every row. How many rows are left is not counted yet. Wait for it: quarterturn reencrypt status.`,
    ],
    [
      { reencryption: { state: 'due', targetKid: key, rowsLeft: [{ columnId: 'a.b', rows: 0 }] } },
      `The re-encryption toward key ${key} is due; expected it to have rewritten every row. No row is left to rewrite; it is being verified. Wait for it: quarterturn reencrypt status.`,
    ],
    [
      {
        reencryption: {
          state: 'stopped',
          targetKid: key,
          rowsLeft: [
            { columnId: 'a.b', rows: 3 },
            { columnId: 'a.c', rows: 0 },
            { columnId: 'a.d', rows: 4 },
          ],
        },
      },
      `The re-encryption toward key ${key} is stopped; expected it to have rewritten every row. 7 values are left: 3 in a.b, 4 in a.d. Look at it: quarterturn reencrypt status; then quarterturn reencrypt resume.`,
    ],
    [
      { intent: 'activate' },
      'The intent names no key; AWSCURRENT is v2 and its published key is none. Only the published key of AWSCURRENT is activated, by its AfterRotation.',
    ],
    [
      {
        intent: 'activate',
        activate: { versionId: 'v1', kid: key },
        afterRotation: published,
        describe: { rotationEnabled: true, versionIdsToStages: {} },
      },
      `The intent names key ${key} of version v1; AWSCURRENT is absent and its published key is none. Only the published key of AWSCURRENT is activated, by its AfterRotation.`,
    ],
  ])('%#', (different, message) => {
    expect(preflight({ ...situation, ...different })?.message).toBe(message);
  });

  test.each<[string, Partial<Situation>]>([
    ['nothing stands against it', {}],
    [
      'the lease ends now',
      { lease: { token: 't9', owner: 'e', expiresAt: '2026-02-01T00:00:00Z' } },
    ],
    [
      'the lease is its own',
      { token: 't9', lease: { token: 't9', owner: 'e', expiresAt: 'soon' } },
    ],
    [
      'AWSPENDING is its own',
      { token: 'v3', describe: { rotationEnabled: true, versionIdsToStages: pending } },
    ],
    [
      'what follows the rotation before is over',
      { afterRotation: { ...published, state: 'finished' } },
    ],
    ['it stopped, and published nothing', { afterRotation: { versionId: 'v2', state: 'stopped' } }],
    ['rows are proven, or left to people', { reencryption: { state: 'unproven', targetKid: key } }],
    ['a label of ours shows an earlier rotation', { adopted: false }],
    [
      'it activates what AWSCURRENT published',
      { intent: 'activate', activate: { versionId: 'v2', kid: key }, afterRotation: published },
    ],
  ])('there is none where %s', (_where, different) => {
    expect(preflight({ ...situation, ...different })).toBeUndefined();
  });
});
