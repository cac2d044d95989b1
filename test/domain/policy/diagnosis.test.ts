import { describe, expect, test } from '@jest/globals';
import { type DiagnosisFacts, diagnosisOf } from '../../../domain/policy/diagnosis.ts';
import type {
  AttemptFacts,
  PendingFacts,
  VersionFacts,
} from '../../../domain/policy/diagnosis-facts.ts';

const current = 'c'.repeat(32);
const pending = 'd'.repeat(32);
const previous = 'b'.repeat(32);
const pin = 'quarterturn-pin';
const at = 'db.internal:5432/pharmacy';

const accepted: AttemptFacts = { at, answer: 'accepted' };
const refused: AttemptFacts = {
  ...{ at, answer: 'refused' },
  problem: { code: 'ERR_ROTATION_LOGIN_REFUSED', message: 'Refused.', sqlstate: '28P01' },
};
const closed: AttemptFacts = {
  ...{ at, answer: 'refused' },
  problem: { code: 'ERR_ROTATION_ROLE_CANNOT_LOGIN', message: 'NOLOGIN.', sqlstate: '28000' },
};
const unknown: AttemptFacts = {
  ...{ at, answer: 'failed' },
  problem: { code: 'ERR_ROTATION_TLS', message: 'No trusted TLS connection (CERT_HAS_EXPIRED).' },
};
const version = (
  versionId: string,
  label: string,
  attempt?: AttemptFacts,
  more: Partial<VersionFacts> = {},
): VersionFacts => ({
  versionId,
  labels: [label],
  value: 'text',
  ...(attempt && { attempts: [attempt] }),
  ...more,
});
const record = (more: Partial<PendingFacts> = {}): PendingFacts => ({
  intent: 'planned',
  recorded: true,
  basedOn: current,
  since: '2026-05-17T17:00:00.000Z',
  stuck: true,
  steps: ['createSecret', 'setSecret'],
  ...more,
});
const facts = (more: Partial<DiagnosisFacts> = {}): DiagnosisFacts => ({
  kind: 'database',
  rotationEnabled: true,
  reaches: [{ service: 'kms' }],
  versions: [version(current, 'AWSCURRENT', accepted)],
  ...more,
});
const stuck = (
  attempts: { current?: AttemptFacts; pending?: AttemptFacts },
  more: Partial<PendingFacts> = {},
  others: Partial<DiagnosisFacts> = {},
  ofPending: Partial<VersionFacts> = {},
) =>
  facts({
    versions: [
      version(current, 'AWSCURRENT', attempts.current),
      version(pending, 'AWSPENDING', attempts.pending, ofPending),
    ],
    pending: record(more),
    ...others,
  });

const told = (given: DiagnosisFacts) =>
  diagnosisOf(given, pin).findings.map(({ code, repairs = [] }) => [
    code,
    ...repairs.map(({ kind }) => kind),
  ]);
const failure = {
  step: 'testSecret',
  code: 'ERR_ROTATION_TLS',
  message: 'No trusted TLS connection to db.internal:5432/pharmacy (CERT_HAS_EXPIRED)',
  at: '2026-05-17T17:00:02.000Z',
};

describe('a rotation that does not get on', () => {
  test.each<[string, DiagnosisFacts, string[][]]>([
    [
      'whose credential nobody accepts yet is resumed, or given up',
      stuck({ current: accepted, pending: refused }),
      [['rotationStuck', 'resume', 'abandon']],
    ],
    [
      'without a value, too',
      stuck({ current: accepted }, { recorded: false, steps: [] }, {}, { value: 'none' }),
      [['rotationStuck', 'resume', 'abandon']],
    ],
    [
      'whose credential took the place of AWSCURRENT is finished, and never given up',
      stuck({ current: refused, pending: accepted }),
      [['promotedInTarget', 'resume']],
    ],
    [
      'but with rotation off it is given up, pinned, and AWSCURRENT comes next',
      stuck({ current: refused, pending: accepted }, {}, { rotationEnabled: false }),
      [['rotationStuck', 'abandon']],
    ],
    [
      'of an emergency is nobody else’s',
      stuck({ current: accepted, pending: refused }, { intent: 'emergency' }),
      [['emergencyStuck']],
    ],
    [
      'with compromised material is not touched',
      stuck({ current: accepted, pending: refused }, {}, {}, { compromised: true }),
      [['pendingCompromised']],
    ],
    [
      'beside a lease of another waits',
      stuck(
        { current: accepted, pending: refused },
        {},
        { lease: { token: 'e'.repeat(32), owner: 'rollback', expiresAt: '2026-05-17T18:00:00Z' } },
      ),
      [['rotationStuck']],
    ],
    [
      'with a lease of its own goes on',
      stuck(
        { current: accepted, pending: refused },
        { intent: 'rollback' },
        { lease: { token: pending, owner: 'rollback', expiresAt: '2026-05-17T18:00:00Z' } },
      ),
      [['rotationStuck', 'resume', 'abandon']],
    ],
    [
      'that replaces what is no longer AWSCURRENT is given up',
      stuck({ current: accepted, pending: refused }, { basedOn: previous }),
      [['rotationStuck', 'abandon']],
    ],
    [
      'that somebody staged by hand is given up',
      stuck({ current: accepted, pending: refused }, { recorded: false, steps: [] }),
      [['rotationStuck', 'abandon']],
    ],
    [
      'whose value is none of its kind is given up',
      stuck({ current: accepted }, {}, {}, { value: 'unparsable' }),
      [['rotationStuck', 'abandon']],
    ],
    [
      'whose value cannot be read waits for its key',
      stuck({ current: accepted }, {}, {}, { value: 'unreadable' }),
      [['rotationStuck']],
    ],
    [
      'although both log in: with two roles AWSCURRENT always does',
      stuck({ current: accepted, pending: accepted }),
      [['rotationStuck', 'resume', 'abandon']],
    ],
    ['is left alone while it is under way', stuck({ current: accepted }, { stuck: false }), []],
  ])('%s', (_how, given, expected) => {
    expect(told(given)).toEqual(expected);
  });

  test('says where and why, and which credential the target accepts', () => {
    const { findings } = diagnosisOf(
      stuck({ current: accepted, pending: unknown }, { failure }),
      pin,
    );
    expect(findings[0]?.message).toBe(
      `Rotation ${pending} (planned) is stuck at testSecret since 2026-05-17T17:00:00.000Z with ERR_ROTATION_TLS: ${failure.message}. Its version has a value, not tested at ${at} (ERR_ROTATION_TLS); AWSCURRENT is accepted by ${at}. Remove the reason, then resume it; or give it up.`,
    );
  });

  test('that left no word is stuck at the first step that did not succeed', () => {
    const { findings } = diagnosisOf(stuck({ current: accepted, pending: refused }), pin);
    expect(findings[0]?.message).toContain('stuck at testSecret');
    expect(findings[0]?.message).toContain(`refused by ${at} (28P01)`);
  });
});

test('AWSPENDING left on AWSCURRENT is taken off', () => {
  const both = {
    ...version(current, 'AWSCURRENT', accepted),
    labels: ['AWSCURRENT', 'AWSPENDING'],
  };
  expect(told(facts({ versions: [both] }))).toEqual([['pendingOnCurrent', 'clearPending']]);
});

describe('AWSCURRENT', () => {
  const withPrevious = (now: AttemptFacts, before?: AttemptFacts, more?: Partial<DiagnosisFacts>) =>
    facts({
      versions: [version(current, 'AWSCURRENT', now), version(previous, 'AWSPREVIOUS', before)],
      ...more,
    });

  test.each<[string, DiagnosisFacts, string[][]]>([
    ['that works needs nobody', withPrevious(accepted), []],
    [
      'refused with AWSPREVIOUS, as after a restore, is set again',
      withPrevious(refused, refused),
      [['currentRefused', 'restoreLogin']],
    ],
    [
      'refused while AWSPREVIOUS is accepted: a label moved alone',
      withPrevious(refused, accepted),
      [['labelMovedAlone', 'restoreLogin']],
    ],
    [
      'that may not log in at all is somebody’s decision',
      withPrevious(closed, refused),
      [['currentTestFailed']],
    ],
    ['nobody could test', withPrevious(unknown), [['currentNotTested']]],
    [
      'of another kind has no admin that could set it',
      withPrevious(refused, refused, { kind: 'userManaged' }),
      [['currentRefused']],
    ],
    [
      'beside a lease is left to whoever has it',
      withPrevious(refused, refused, {
        lease: { token: 'e'.repeat(32), owner: 'emergency', expiresAt: '2026-05-17T18:00:00Z' },
      }),
      [['currentRefused']],
    ],
    [
      'that is compromised is never set again',
      facts({ versions: [version(current, 'AWSCURRENT', refused, { compromised: true })] }),
      [['currentCompromised'], ['currentRefused']],
    ],
    [
      'without a value',
      facts({ versions: [version(current, 'AWSCURRENT', undefined, { value: 'none' })] }),
      [['currentWithoutValue']],
    ],
    [
      'that is nowhere',
      facts({ versions: [version(previous, 'AWSPREVIOUS')] }),
      [['currentMissing']],
    ],
    [
      'the marker of a new secret is status’s to tell',
      facts({ versions: [version(current, 'AWSCURRENT', undefined, { value: 'marker' })] }),
      [],
    ],
    [
      'a pooler in front refuses, and the server does not',
      facts({
        versions: [
          {
            ...version(current, 'AWSCURRENT'),
            attempts: [accepted, { at: 'pooler:6432/pharmacy', answer: 'refused', pooled: true }],
          },
        ],
      }),
      [['pathRefused']],
    ],
  ])('%s', (_how, given, expected) => {
    expect(told(given)).toEqual(expected);
  });
});

test('what a function does not reach comes first, then its admin', () => {
  const problem = { code: 'ERR_ROTATION_AWS_UNANSWERED', message: 'kms did not answer.' };
  const admin = { code: 'ERR_ROTATION_LOGIN_REFUSED', message: 'Login refused (28P01).' };
  expect(
    told(
      stuck(
        { current: accepted, pending: refused },
        {},
        {
          reaches: [{ service: 'kms', problem }],
          target: {
            admin: 'rotator',
            problem: admin,
            findings: [{ code: 'ROLE_EXPIRES', level: 'blocks', message: 'x' }],
          },
        },
      ),
    ),
  ).toEqual([
    ['kmsUnreachable'],
    ['adminCannotLook'],
    ['ROLE_EXPIRES'],
    ['rotationStuck', 'resume', 'abandon'],
  ]);
});

test('an AfterRotation that nobody works on is started again', () => {
  expect(told(facts({ lostAfterRotation: current }))).toEqual([
    ['afterRotationLost', 'restartAfterRotation'],
  ]);
});

test('notes name what is under way, who has it to itself, and what is pinned', () => {
  const lease = { token: pending, owner: 'rollback', expiresAt: '2026-05-17T18:00:00Z' };
  const { notes } = diagnosisOf(
    {
      ...stuck({ current: accepted }, { stuck: false }, { lease }),
      versions: [
        version(current, 'AWSCURRENT', accepted),
        version(pending, 'AWSPENDING'),
        version(previous, pin),
      ],
    },
    pin,
  );
  expect(notes).toHaveLength(3);
  expect(notes.join()).toContain(previous);
});
