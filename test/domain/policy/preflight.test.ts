import { describe, expect, test } from '@jest/globals';
import {
  type AfterRotationOfCurrent,
  preflight,
  type RefusalCode,
  type Situation,
} from '../../../domain/policy/preflight.ts';

const now = new Date('2026-05-17T17:00:00Z');
const current = 'c'.repeat(32);
const other = 'd'.repeat(32);
const token = 't'.repeat(32);
const kid = '1a77c0de55e1b002';

const calm: Situation = {
  intent: 'planned',
  armed: true,
  describe: { rotationEnabled: true, versionIdsToStages: { [current]: ['AWSCURRENT'] } },
  token,
  now,
};
const afterRotationIn = (
  state: AfterRotationOfCurrent['state'],
  publishedKid?: string,
): AfterRotationOfCurrent => ({ versionId: current, state, publishedKid });
const pendingOn = (versionId: string) => ({
  rotationEnabled: true,
  versionIdsToStages: { [current]: ['AWSCURRENT'], [versionId]: ['AWSPENDING'] },
});
const lease = { token: other, owner: 'emergency', expiresAt: '2026-05-17T17:30:00Z' };
const published = {
  activate: { versionId: current, kid },
  afterRotation: afterRotationIn('running', kid),
};

type Answers = Record<Situation['intent'], RefusalCode | undefined>;
const nobody: Answers = {
  planned: undefined,
  activate: undefined,
  rollback: undefined,
  emergency: undefined,
};
const everybody = (code: RefusalCode): Answers => ({
  planned: code,
  activate: code,
  rollback: code,
  emergency: code,
});

/** For each situation, what each intent is told. Activate names the published key where there is one. */
const table: [string, Partial<Situation>, Answers][] = [
  ['nothing stands in the way', {}, { ...nobody, activate: 'ERR_ROTATION_NOT_ACTIVATABLE' }],
  [
    'an existing secret was armed and never adopted',
    { adopted: false },
    { ...nobody, planned: 'ERR_ROTATION_NOT_ADOPTED', activate: 'ERR_ROTATION_NOT_ACTIVATABLE' },
  ],
  [
    'an existing secret was rotated before adoptions were recorded',
    {
      adopted: false,
      describe: {
        rotationEnabled: true,
        versionIdsToStages: { [current]: ['AWSCURRENT', 'rotated-20260105T030010Z'] },
      },
    },
    { ...nobody, activate: 'ERR_ROTATION_NOT_ACTIVATABLE' },
  ],
  [
    'a key is published and its AfterRotation runs',
    published,
    {
      ...nobody,
      planned: 'ERR_ROTATION_KEY_AWAITS_ACTIVATION',
    },
  ],
  [
    'a key is published and its AfterRotation stopped',
    { ...published, afterRotation: afterRotationIn('stopped', kid) },
    {
      ...nobody,
      planned: 'ERR_ROTATION_KEY_AWAITS_ACTIVATION',
    },
  ],
  [
    'the AfterRotation of a published key is due',
    { ...published, afterRotation: afterRotationIn('due', kid) },
    {
      ...nobody,
      planned: 'ERR_ROTATION_KEY_AWAITS_ACTIVATION',
    },
  ],
  [
    'the AfterRotation is due',
    { afterRotation: afterRotationIn('due') },
    {
      ...nobody,
      planned: 'ERR_ROTATION_AFTER_ROTATION_PENDING',
      activate: 'ERR_ROTATION_NOT_ACTIVATABLE',
    },
  ],
  [
    'the AfterRotation is running',
    { afterRotation: afterRotationIn('running') },
    {
      ...nobody,
      planned: 'ERR_ROTATION_AFTER_ROTATION_PENDING',
      activate: 'ERR_ROTATION_NOT_ACTIVATABLE',
    },
  ],
  [
    'the AfterRotation stopped, no key is published',
    { afterRotation: afterRotationIn('stopped') },
    {
      ...nobody,
      activate: 'ERR_ROTATION_NOT_ACTIVATABLE',
    },
  ],
  [
    'the AfterRotation is finished',
    { ...published, afterRotation: afterRotationIn('finished', kid) },
    nobody,
  ],
  [
    'the secret is not armed',
    { ...published, afterRotation: afterRotationIn('finished', kid), armed: false },
    {
      ...nobody,
      planned: 'ERR_ROTATION_NOT_ARMED',
    },
  ],
  [
    'rotation is switched off',
    {
      ...published,
      afterRotation: afterRotationIn('finished', kid),
      describe: { ...calm.describe, rotationEnabled: false },
    },
    { ...nobody, planned: 'ERR_ROTATION_DISABLED', activate: 'ERR_ROTATION_DISABLED' },
  ],
  [
    'a re-encryption is active',
    {
      ...published,
      afterRotation: afterRotationIn('finished', kid),
      reencryption: { state: 'active', targetKid: kid },
    },
    { ...nobody, planned: 'ERR_ROTATION_REENCRYPTION_ACTIVE' },
  ],
  [
    'a re-encryption was asked for and has not begun',
    {
      ...published,
      afterRotation: afterRotationIn('finished', kid),
      reencryption: { state: 'due', targetKid: kid },
    },
    { ...nobody, planned: 'ERR_ROTATION_REENCRYPTION_ACTIVE' },
  ],
  [
    'rows are rewritten, but some are not signed off',
    {
      ...published,
      afterRotation: afterRotationIn('finished', kid),
      reencryption: { state: 'unproven', targetKid: kid },
    },
    nobody,
  ],
  [
    'another rotation is in progress',
    { ...published, describe: pendingOn(other) },
    everybody('ERR_ROTATION_IN_PROGRESS'),
  ],
  [
    'this rotation is in progress',
    { describe: pendingOn(token) },
    {
      ...nobody,
      activate: 'ERR_ROTATION_NOT_ACTIVATABLE',
    },
  ],
  [
    'AWSPENDING stayed on AWSCURRENT',
    {
      describe: {
        rotationEnabled: true,
        versionIdsToStages: { [current]: ['AWSCURRENT', 'AWSPENDING'] },
      },
    },
    { ...nobody, activate: 'ERR_ROTATION_NOT_ACTIVATABLE' },
  ],
  ['another token holds the lease', { ...published, lease }, everybody('ERR_ROTATION_LEASED')],
  [
    'this token holds the lease',
    { lease: { ...lease, token } },
    {
      ...nobody,
      activate: 'ERR_ROTATION_NOT_ACTIVATABLE',
    },
  ],
  [
    'the lease of another token has expired',
    { lease: { ...lease, expiresAt: '2026-05-17T17:00:00Z' } },
    {
      ...nobody,
      activate: 'ERR_ROTATION_NOT_ACTIVATABLE',
    },
  ],
  [
    'the expiry of another lease cannot be read',
    { lease: { ...lease, expiresAt: 'soon' } },
    everybody('ERR_ROTATION_LEASED'),
  ],
  [
    'the caller has no token yet and there is a lease',
    { token: undefined, lease },
    everybody('ERR_ROTATION_LEASED'),
  ],
];

describe.each(table)('when %s', (_title, situation, answers) => {
  test.each(Object.entries(answers) as [Situation['intent'], RefusalCode | undefined][])(
    '%s is told %s',
    (intent, code) => {
      expect(preflight({ ...calm, ...situation, intent })?.code).toBe(code);
    },
  );
});

describe('activate', () => {
  const activate: Situation = { ...calm, ...published, intent: 'activate' };

  test.each<[string, Partial<Situation>]>([
    ['names no key', { activate: undefined }],
    ['names another version', { activate: { versionId: other, kid } }],
    ['names another key', { activate: { versionId: current, kid: '0000000000000000' } }],
    [
      'finds another version current',
      {
        describe: { rotationEnabled: true, versionIdsToStages: { [other]: ['AWSCURRENT'] } },
      },
    ],
    ['finds no AfterRotation', { afterRotation: undefined }],
    [
      'finds nothing current, and no AfterRotation',
      { afterRotation: undefined, describe: { ...calm.describe, versionIdsToStages: {} } },
    ],
    [
      'finds the AfterRotation of another version',
      {
        afterRotation: { ...afterRotationIn('running', kid), versionId: other },
      },
    ],
    ['finds nothing published', { activate: undefined, afterRotation: afterRotationIn('running') }],
  ])('is refused when it %s', (_title, change) => {
    expect(preflight({ ...activate, ...change })?.code).toBe('ERR_ROTATION_NOT_ACTIVATABLE');
  });
});

test('a refusal says what was found, what was expected and what to do', () => {
  const { message } = preflight({ ...calm, armed: false }) ?? { message: '' };
  expect(message).toMatch(/not armed.*expects an armed one.*quarterturn adopt/);
});
