import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ManifestSecret } from '../../../domain/config/manifest.ts';
import { reminderNoticeSchema } from '../../../domain/events/notices.ts';
import { inboxToken } from '../../../domain/policy/derived-token.ts';
import { type TickSummary, tick } from '../../../lambdas/cadence/tick.ts';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import { cadenceWorld } from './world.ts';

const name = 'pharmacy/prod/anthropic';
const inbox = `${name}/inbox`;
const [v1, v2, i1, i2] = ['v1', 'v2', 'i1', 'i2'].map((id) => id.repeat(16)) as [
  string,
  string,
  string,
  string,
];
const plain: ManifestSecret = {
  kind: 'userManaged',
  key: 'anthropic',
  name,
  purpose: 'The API key of the assistant.',
  remindDays: 90,
};
const withInbox: ManifestSecret = {
  ...plain,
  inbox: { name: inbox },
  function: `fn-${name}`,
  origin: 'new',
  armed: true,
  readerCacheSeconds: 300,
};

let world: ReturnType<typeof cadenceWorld>;
let secret: ManifestSecret;
const run = (): Promise<TickSummary> =>
  tick(world.doors, { ...world.manifest, secrets: [secret] }, { afterRotation: 'arn:aws:states' });
const reminders = () =>
  world.bus.events.filter(({ detailType }) => detailType === 'credential-reminder');

beforeEach(() => {
  world = cadenceWorld([], { start: '2026-05-01T00:20:00Z' });
  secret = withInbox;
  const tags = { 'quarterturn:name': 'pharmacy', 'quarterturn:environment': 'prod' };
  world.secrets.more = (of) => ({
    ...(of === name && {
      rotationLambdaArn: `arn:aws:lambda:eu-west-1:000000000000:function:fn-${name}`,
    }),
    tags,
  });
  world.secrets.add(name, { [v1]: ['AWSCURRENT', 'rotated-20260430T000000Z'] });
  world.secrets.add(inbox, { [i1]: ['AWSCURRENT'] }, false);
});

describe('a user-managed secret with an inbox', () => {
  test('is due at no age, and neither it nor its inbox is a finding', async () => {
    world.clock.set('2036-05-01T00:20:00Z');
    const summary = await run();
    expect(summary).toMatchObject({ findings: 0, strays: [] });
    expect(summary.results[0]).toMatchObject({ decision: 'asNeeded', done: 'nothing' });
    expect(world.secrets.rotations).toEqual([]);
  });

  test('takes a value that waits because its event was lost, once', async () => {
    world.secrets.add(inbox, { [i1]: ['AWSPREVIOUS'], [i2]: ['AWSCURRENT'] }, false);
    const token = inboxToken(name, i2);
    expect((await run()).results[0]).toMatchObject({ done: 'rotationStarted', started: token });
    const rotation = { secretId: arnOf(name), clientRequestToken: token };
    expect(world.secrets.rotations).toEqual([rotation]);
    await taken(token, {});
    world.secrets.promote(name, token, ['rotated-20260501T002000Z']);
    expect((await run()).results[0]).toMatchObject({ done: 'nothing', finding: false });
    expect(world.secrets.rotations).toEqual([rotation]);
  });

  test('says of a value that was refused why, until another one is put', async () => {
    world.secrets.add(inbox, { [i1]: ['AWSPREVIOUS'], [i2]: ['AWSCURRENT'] }, false);
    const [step, code, message] = [
      'createSecret',
      'ERR_ROTATION_PROBE_REFUSED',
      'refused with 401',
    ];
    const failure = { step, code, message, at: '2026-05-01T00:00:00.000Z' };
    await taken(inboxToken(name, i2), { failure, evidence: [], steps: {} });
    const [result] = (await run()).results;
    expect(result).toMatchObject({ done: 'nothing', finding: true });
    expect(result?.reason).toContain('refused with 401');
    expect(world.secrets.rotations).toEqual([]);
  });

  test('waits for its owners while it has no value, and is not given one', async () => {
    world.secrets.add(name, { [v1]: ['AWSCURRENT'] });
    const [result] = (await run()).results;
    expect(result).toMatchObject({ decision: 'uninitialised', done: 'nothing', finding: false });
    expect(reminders()).toEqual([]);
  });

  test('that its owners wrote before it had an inbox is no unmanaged write; later ones are', async () => {
    world.secrets.add(name, { [v1]: ['AWSPREVIOUS'], [v2]: ['AWSCURRENT'] });
    expect((await run()).results[0]).toMatchObject({ decision: 'asNeeded', finding: false });
    world.secrets.add(name, {
      [v1]: ['AWSPREVIOUS', 'rotated-20260430T000000Z'],
      [v2]: ['AWSCURRENT'],
    });
    expect((await run()).results[0]).toMatchObject({ decision: 'unmanagedWrite', finding: true });
  });

  test('with a rule of Secrets Manager’s own is a finding: it would rotate what nobody put', async () => {
    const { more } = world.secrets;
    const rotationRules = { scheduleExpression: 'rate(30 days)' };
    world.secrets.more = (of) => ({ ...more(of), ...(of === name && { rotationRules }) });
    const [result] = (await run()).results;
    expect(result?.finding).toBe(true);
    expect(result?.reason).toContain('rate(30 days)');
  });
});

describe('its owners are reminded', () => {
  test('once a day when it is old enough, of its age and what it is for', async () => {
    world.clock.set('2026-07-28T23:20:00Z');
    await run();
    expect(reminders()).toEqual([]);
    world.clock.set('2026-07-29T00:20:00Z');
    await run();
    await run();
    world.clock.set('2026-07-30T00:20:00Z');
    await run();
    expect(reminders().map(({ detail }) => reminderNoticeSchema.parse(detail))).toMatchObject([
      {
        secret: { name, arn: arnOf(name) },
        purpose: plain.purpose,
        changedAt: '2026-04-30T00:00:00.000Z',
        ageDays: 90,
        remindDays: 90,
      },
      { ageDays: 91 },
    ]);
  });

  test('also of a secret they write themselves, by the date of its version', async () => {
    secret = plain;
    world.secrets.stages.delete(inbox);
    world.secrets.add(name, { [v1]: ['AWSPREVIOUS'], [v2]: ['AWSCURRENT'] }, false);
    world.secrets.since.set(name, new Date('2026-01-01T00:00:00Z'));
    const summary = await run();
    expect(summary).toMatchObject({ secrets: 0, findings: 0 });
    expect(reminders().map(({ detail }) => detail)).toMatchObject([{ ageDays: 120 }]);
  });

  test('never by a manifest that asks for none, and a date in the future is a finding', async () => {
    const { remindDays: _, ...without } = plain;
    secret = without as ManifestSecret;
    world.secrets.stages.delete(inbox);
    world.secrets.add(name, { [v1]: ['AWSPREVIOUS'], [v2]: ['AWSCURRENT'] }, false);
    world.secrets.since.set(name, new Date('2036-01-01T00:00:00Z'));
    expect(await run()).toMatchObject({ findings: 0 });
    secret = plain;
    expect(await run()).toMatchObject({ findings: 1 });
    expect(reminders()).toEqual([]);
  });

  test('again by the next tick, with the same id, when nobody knows whether the event arrived', async () => {
    world.clock.set('2026-08-01T00:20:00Z');
    const put = world.bus.put.bind(world.bus);
    world.bus.put = async (event) => {
      await put(event);
      throw new Error('the answer was lost');
    };
    expect(await run()).toMatchObject({ findings: 1 });
    world.bus.put = put;
    expect(await run()).toMatchObject({ findings: 0 });
    const ids = reminders().map(({ detail }) => reminderNoticeSchema.parse(detail).id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });
});

/** What the core remembers of the rotation with this token; by default that it took the value in the inbox. */
async function taken(token: string, more: object): Promise<void> {
  await world.controlTable.fixRotation(name, {
    token,
    intent: 'planned',
    basedOn: v1,
    provenance: { intent: 'planned', token, attributed: true },
    at: '2026-05-01T00:00:00.000Z',
    steps: {
      finishSecret: { at: '2026-05-01T00:00:00.000Z', milliseconds: 1, outcome: 'finished' },
    },
    evidence: [{ fact: 'inboxRead', detail: { versionId: i2 } }],
    ...more,
  });
}
