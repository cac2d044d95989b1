/** What a trigger leaves for people to read: why it was refused, who sent it, and what each secret waits for. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { AwsCallError } from '../../../doors/aws-call.ts';
import { exposed, finding, first, name, onBus, own, triggersWorld } from './world.ts';

let world: ReturnType<typeof triggersWorld>;
beforeEach(() => {
  world = triggersWorld();
});
const types =
  'credential-exposure, credential-exposure-alert, credential-offboarding, credential-deployment';

describe('a refusal says what was found, what was expected and what to do', () => {
  const docs =
    'expected it as docs/triggers.md describes it. Nothing was rotated: mend it and send it under a new id.';
  test.each<[string, unknown, string]>([
    ['no event', 'credential-exposure', `The event does not fit in its shape; ${docs}`],
    [
      'one without an account or an id',
      { ...exposed(['jwt']), account: 'me', id: '' },
      `The event does not fit in id, account; ${docs}`,
    ],
    [
      'another source',
      exposed(['jwt'], {}, { source: 'aws.<script>' }),
      'The event comes from source "aws.?script?" of account 000000000000; expected "quarterturn.trigger" of 000000000000, 444455556666. Nothing was rotated: look who may put events on the bus, and whether a rule or a permission was added.',
    ],
    [
      'another account',
      exposed(['jwt'], {}, { account: '999999999999' }),
      'The event comes from source "quarterturn.trigger" of account 999999999999; expected "quarterturn.trigger" of 000000000000, 444455556666. Nothing was rotated: look who may put events on the bus, and whether a rule or a permission was added.',
    ],
    [
      'the schedule under another type',
      exposed([], {}, { source: 'aws.events', 'detail-type': 'Scheduled' }),
      'The event comes from source "aws.events" of account',
    ],
    [
      'a tick of another source',
      exposed([], {}, { source: 'aws.s3', 'detail-type': 'Scheduled Event' }),
      'The event comes from source "aws.s3" of account',
    ],
    [
      'another word of GuardDuty',
      finding({ id: 'f', type: 'UnauthorizedAccess:IAMUser/X' }, { 'detail-type': 'News' }),
      'The event comes from source "aws.guardduty" of account',
    ],
    [
      'a finding of another source',
      finding({ id: 'f', type: 'UnauthorizedAccess:IAMUser/X' }, { source: 'aws.inspector' }),
      'The event comes from source "aws.inspector" of account',
    ],
    [
      'a finding without an id',
      finding({ type: 'UnauthorizedAccess:IAMUser/X' }),
      `The finding does not fit in id; ${docs}`,
    ],
    [
      'a detail-type',
      exposed(['jwt'], {}, { 'detail-type': 'credential-<b>' }),
      `The event's detail-type is "credential-?b?"; expected ${types}. Nothing was rotated.`,
    ],
    [
      'a field too many',
      exposed(['jwt'], { stopConsumers: true, others: true }),
      `The detail of credential-exposure does not fit in unknown fields; ${docs}`,
    ],
    [
      'fields that do not fit',
      exposed([], { version: 2 }),
      `The detail of credential-exposure does not fit in version, secrets; ${docs}`,
    ],
    [
      'a secret nobody has',
      exposed(['jwt', 'jwtt']),
      'The event names "jwtt"; expected keys of this deployment\'s secrets: jwt, pii, db, ',
    ],
    [
      'a person nobody knows',
      onBus('credential-offboarding', { person: 'eve' }),
      'The event names a person the configuration does not know; expected one of triggers.offboarding.people. Nothing was rotated: add what that person could read and send it under a new id.',
    ],
  ])('%s', async (_what, event, words) => {
    await world.handle(event);
    expect(world.told()[0]?.refusal?.message).toContain(words);
  });

  test.each([
    ['exposure', { exposure: undefined }, exposed(['jwt'])],
    ['offboarding', { people: undefined }, onBus('credential-offboarding', { person: 'ada' })],
    ['deployment', { deployment: false }, onBus('credential-deployment', { secrets: ['jwt'] })],
  ] as const)('%s that is not configured', async (what, settings, event) => {
    world = triggersWorld(settings);
    await world.handle(event);
    expect(world.told()[0]?.refusal).toEqual({
      code: 'ERR_ROTATION_TRIGGER_NOT_CONFIGURED',
      message: `The event asks for ${what}, which this deployment does not take; expected triggers.${what} in the configuration. Nothing was rotated.`,
    });
  });

  test('an id that was used, with the event that used it', async () => {
    const event = exposed(['jwt'], { id: 'the-same-id-00000001' });
    await world.handle(event);
    await world.handle({ ...event, id: 'another-event' });
    expect(world.told().at(-1)?.refusal?.message).toBe(
      `A trigger with the id the-same-id-00000001 was accepted at 2026-03-02T10:00:00.000Z (event ${event.id}); expected an id nobody has used. Nothing was rotated. If it is meant, send it under a new id; if you did not send it, somebody repeats what was sent.`,
    );
  });
});

describe('a refusal says who sent it, as far as it can be known', () => {
  const known = { account: own, eventId: expect.any(String) };
  test.each<[string, unknown, object]>([
    ['no event', 42, { by: { source: 'unknown' }, trigger: 'unknown' }],
    [
      'another source',
      exposed(['jwt'], {}, { source: 'aws.s3' }),
      { by: { source: 'unknown', ...known }, trigger: 'exposure', requestId: expect.any(String) },
    ],
    [
      'the webhook',
      onBus('credential-exposure-alert', { secrets: [] }),
      { by: { source: 'gitHub', ...known }, trigger: 'exposure', requestId: expect.any(String) },
    ],
    [
      'the bus',
      onBus('credential-offboarding', { person: 'eve' }),
      { by: { source: 'bus', ...known }, trigger: 'offboarding', requestId: expect.any(String) },
    ],
    [
      'another type, no id of a request',
      exposed(['jwt'], { id: 'x' }, { 'detail-type': 'toString' }),
      { by: { source: 'bus', ...known }, trigger: 'unknown' },
    ],
  ])('%s', async (_what, event, said) => {
    await world.handle(event);
    const { by, trigger, requestId } = world.told()[0] ?? {};
    expect({ by, trigger, ...(requestId && { requestId }) }).toEqual(said);
  });
});

describe('what became of each secret', () => {
  const pending = '22222222-2222-4222-8222-222222222222';
  const running = {
    versionId: first,
    state: 'running' as const,
    intent: 'planned' as const,
    basedOn: null,
    at: '2026-03-02T09:00:00Z',
    execution: `arn:aws:states:eu-west-1:${own}:execution:after-rotation:x`,
  };

  test('before a deployment, with the reason it gave', async () => {
    (world.secrets.stages.get(name('db')) ?? {})[pending] = ['AWSPENDING'];
    await world.controlTable.putAfterRotation(name('jwt'), running);
    const legacy = world.secret('legacyDb');
    Object.assign(legacy ?? {}, { armed: false });
    const { describe: look } = world.secrets.door;
    world.secrets.door.describe = (secretId) =>
      secretId === name('rowsDb') ? Promise.reject(new TypeError('hunter2')) : look(secretId);
    const keys = ['jwt', 'pii', 'db', 'dbAdmin', 'legacyDb', 'rowsDb'];
    const event = onBus('credential-deployment', { secrets: keys, reason: 'v2' });
    await world.handle(event);
    const token = world.secrets.rotations[0]?.clientRequestToken ?? '';
    expect(world.told()).toEqual([
      {
        type: 'credential-trigger',
        version: 1,
        id: expect.any(String),
        at: '2026-03-02T10:00:00.000Z',
        deployment: 'pharmacy/prod',
        trigger: 'deployment',
        by: { source: 'bus', account: own, eventId: event.id },
        requestId: event.detail.id,
        reason: 'v2',
        outcome: 'accepted',
        secrets: [
          {
            ...{ key: 'jwt', name: name('jwt'), state: 'following', versionId: first },
            code: 'ERR_ROTATION_AFTER_ROTATION_PENDING',
          },
          { key: 'pii', name: name('pii'), state: 'rotating', versionId: token },
          {
            ...{ key: 'db', name: name('db'), state: 'following', versionId: pending },
            code: 'ERR_ROTATION_IN_PROGRESS',
          },
          {
            ...{ key: 'dbAdmin', name: name('dbAdmin'), state: 'person' },
            message: expect.stringMatching(
              /^nothing here can make its value \(.+\): its owners change it$/,
            ),
          },
          {
            ...{ key: 'legacyDb', name: legacy?.name, state: 'person' },
            code: 'ERR_ROTATION_NOT_ARMED',
            message: 'it is not armed: nothing rotates it yet',
            command: 'npx quarterturn adopt legacyDb --deployment pharmacy/prod',
          },
          {
            ...{ key: 'rowsDb', name: name('rowsDb'), state: 'refused' },
            code: 'ERR_ROTATION_UNEXPECTED',
            message: 'it met an unexpected TypeError',
          },
        ],
      },
    ]);
    expect(await world.controlTable.getIntent(name('pii'), token)).toMatchObject({
      requestedBy: 'trigger: deployment',
      reason: `before deployment ${event.detail.id}: v2`,
    });
  });

  test('a deployment without a reason says none, an intent of it only what it is for', async () => {
    const event = onBus('credential-deployment', { secrets: ['jwt'] });
    await world.handle(event);
    expect(world.told()[0]).not.toHaveProperty('reason');
    const token = world.secrets.rotations[0]?.clientRequestToken ?? '';
    expect((await world.controlTable.getIntent(name('jwt'), token))?.reason).toBe(
      `before deployment ${event.detail.id}`,
    );
  });

  test('an offboarding of what rotates whole is accepted, and nobody is asked for anything', async () => {
    world = triggersWorld({ people: { ada: ['jwt', 'db'] } });
    await world.handle(onBus('credential-offboarding', { person: 'ada' }));
    expect(world.told()).toMatchObject([{ outcome: 'accepted', person: 'ada' }]);
    expect(world.told()[0]).not.toHaveProperty('reason');
  });

  test('an offboarding says what is left to whom, and why', async () => {
    world = triggersWorld({ people: { ada: ['jwt', 'db', 'dbAdmin', 'pii'] } });
    Object.assign(world.secret('db') ?? {}, { armed: false });
    const { describe: look } = world.secrets.door;
    world.secrets.door.describe = (secretId) =>
      secretId === name('pii')
        ? Promise.reject(new AwsCallError('DescribeSecret', 'AccessDeniedException', 'no'))
        : look(secretId);
    await world.controlTable.putAfterRotation(name('jwt'), running);
    await world.handle(onBus('credential-offboarding', { person: 'ada', reason: 'last day' }));
    expect(world.told()[0]).toMatchObject({ outcome: 'open', reason: 'last day' });
    expect(world.told()[0]?.secrets).toEqual([
      {
        ...{ key: 'jwt', name: name('jwt'), state: 'waiting' },
        code: 'ERR_ROTATION_AFTER_ROTATION_PENDING',
        message: expect.stringMatching(/./),
      },
      {
        ...{ key: 'db', name: name('db'), state: 'person' },
        message: 'it is not armed: nothing rotates it yet. Change it where it is used, or adopt it',
        command: 'npx quarterturn adopt db --deployment pharmacy/prod',
      },
      {
        ...{ key: 'dbAdmin', name: name('dbAdmin'), state: 'person' },
        message: expect.stringMatching(
          /^nothing here can make its value \(.+\): its owners change it where it is issued$/,
        ),
      },
      {
        ...{ key: 'pii', name: name('pii'), state: 'failed' },
        code: 'ERR_ROTATION_AWS_CALL',
        message: expect.stringContaining('DescribeSecret'),
      },
    ]);
    // What no rotation will change waits for nobody here.
    expect(await world.records.getWaiting()).toMatchObject([{ secrets: ['jwt', 'pii'] }]);
  });
});
