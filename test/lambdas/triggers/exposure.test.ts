import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import type { EmergencyRecord } from '../../../domain/events/emergency.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import { exposed, finding, name, onBus, own, triggersWorld } from './world.ts';

let world: ReturnType<typeof triggersWorld>;
beforeEach(() => {
  world = triggersWorld();
});
/** Secrets of each emergency that began, in order. */
const begun = () => world.started.map(({ input }) => input.secrets);
const later = (hours: number) =>
  world.clock.set(new Date(world.clock.now().getTime() + hours * 3_600_000).toISOString());

const command = (key: string) =>
  new RegExp(
    `^npx quarterturn emergency ${key} --reason "exposure [A-Za-z0-9-]+" --deployment pharmacy/prod$`,
  );

describe('an exposure', () => {
  test('begins one emergency of the named secrets at once, in which nobody is stopped, and is told', async () => {
    const event = exposed(['jwt', 'db'], { reason: 'in a gist', reportedBy: 'ada' });
    expect(await world.handle(event)).toMatchObject({ outcome: 'handled' });

    const id = world.started[0]?.name ?? '';
    expect(id).toMatch(/^20260302t100000z-[0-9a-f]{16}$/);
    expect(world.started).toEqual([
      {
        name: id,
        input: {
          id,
          secrets: ['jwt', 'db'],
          reason: 'exposure: in a gist',
          requestedBy: 'trigger: ada',
          unattended: true,
          keepRunning: true,
          others: false,
          suspects: [],
          drill: false,
        },
      },
    ]);
    expect(world.secrets.rotations).toEqual([]);
    expect(world.told()).toEqual([
      expect.objectContaining({
        trigger: 'exposure',
        outcome: 'accepted',
        reason: 'in a gist',
        by: { source: 'bus', account: own, eventId: event.id, reportedBy: 'ada' },
        secrets: [
          { key: 'jwt', name: name('jwt'), state: 'emergency', emergency: id },
          { key: 'db', name: name('db'), state: 'emergency', emergency: id },
        ],
      }),
    ]);
  });

  test('with the longest reason there may be begins one all the same', async () => {
    await world.handle(exposed(['jwt'], { reason: 'r'.repeat(512), reportedBy: 'b'.repeat(128) }));
    expect(world.started[0]?.input.reason).toHaveLength(512);
  });

  test('a thousand times begins one emergency, and is one more finding', async () => {
    for (let sent = 0; sent < 1_000; sent++) await world.handle(exposed(['jwt', 'db']));
    expect(begun()).toEqual([['jwt', 'db']]);
    expect(world.told().map(({ outcome, refusal }) => [outcome, refusal?.code])).toEqual([
      ['accepted', undefined],
      ['refused', 'ERR_ROTATION_TRIGGER_TOO_SOON'],
    ]);
    expect(world.log.lines.filter(({ event }) => event === 'trigger-refused')).toHaveLength(999);
  });

  test('of a thousand at once begins one of each secret', async () => {
    await Promise.all(Array.from({ length: 1_000 }, () => world.handle(exposed(['jwt', 'db']))));
    expect(begun().flat().sort()).toEqual(['db', 'jwt']);
    // Two events may have got a secret each.
    const outcomes = world.told().map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(1);
    expect(outcomes.length).toBeLessThanOrEqual(3);
  });

  test('changes the same secret again after six hours, and not before', async () => {
    await world.handle(exposed(['jwt']));
    later(5.9);
    expect(await world.handle(exposed(['jwt']))).toMatchObject({
      code: 'ERR_ROTATION_TRIGGER_TOO_SOON',
    });
    expect(world.told().at(-1)?.secrets[0]?.command).toMatch(command('jwt'));
    later(0.2);
    await world.handle(exposed(['jwt']));
    expect(begun()).toEqual([['jwt'], ['jwt']]);
    expect(new Set(world.started.map(({ name: execution }) => execution)).size).toBe(2);
  });

  test('that names one fresh secret beside one that was changed a moment ago changes the fresh one', async () => {
    await world.handle(exposed(['jwt']));
    await world.handle(exposed(['jwt', 'db']));
    expect(begun()).toEqual([['jwt'], ['db']]);
    expect(
      world
        .told()
        .at(-1)
        ?.secrets.map(({ key, state }) => [key, state]),
    ).toEqual([
      ['jwt', 'person'],
      ['db', 'emergency'],
    ]);
  });

  test('sent again under its id is refused, also after its six hours, and told once', async () => {
    const event = exposed(['jwt'], { id: 'the-same-id-00000001' });
    await world.handle(event);
    later(7);
    const again = { ...exposed(['jwt'], { id: 'the-same-id-00000001' }) };
    expect(await world.handle(again)).toEqual({
      outcome: 'refused',
      code: 'ERR_ROTATION_TRIGGER_REPLAYED',
    });
    await world.handle({ ...again, id: 'another-event' });
    expect(begun()).toEqual([['jwt']]);
    expect(world.told().map(({ refusal }) => refusal?.code)).toEqual([
      undefined,
      'ERR_ROTATION_TRIGGER_REPLAYED',
    ]);
  });

  test('delivered twice by EventBridge is handled once, without a word', async () => {
    const event = exposed(['jwt']);
    await world.handle(event);
    expect(await world.handle(event)).toEqual({ outcome: 'handled', secrets: [] });
    expect(begun()).toEqual([['jwt']]);
    expect(world.told()).toHaveLength(1);
  });

  test('whose machine could not be started is thrown for another try, under the id of the first', async () => {
    const event = exposed(['jwt', 'dbAdmin']);
    world.start = () => Promise.reject(new AwsCallError('StartExecution', 'Throttling', 'no'));
    await expect(world.handle(event)).rejects.toMatchObject({
      code: 'ERR_ROTATION_TRIGGER_NOT_EVERYTHING_ASKED',
      message: expect.stringContaining('jwt ('),
    });
    later(0.1);
    await expect(world.handle(event)).rejects.toThrow();
    expect(world.told()).toHaveLength(1);
    expect(world.told()[0]?.secrets).toMatchObject([
      { key: 'jwt', state: 'failed', command: expect.stringMatching(command('jwt')) },
      { key: 'dbAdmin', state: 'person' },
    ]);
    world.start = async () => undefined;
    await world.handle(event);
    expect(begun()).toEqual([['jwt']]);
    expect(world.started[0]?.name).toMatch(/^20260302t100000z-/);
    expect(
      world
        .told()
        .at(-1)
        ?.secrets.map(({ state }) => state),
    ).toEqual(['emergency', 'person']);
  });

  test('whose start was answered to nobody begins nothing twice', async () => {
    const event = exposed(['jwt']);
    const put = world.bus.put;
    world.bus.put = () => Promise.reject(new AwsCallError('PutEvents', 'Throttling', 'no'));
    await expect(world.handle(event)).rejects.toThrow();
    world.bus.put = put;
    later(0.1);
    await world.handle(event);
    expect(begun()).toEqual([['jwt']]);
    expect(world.told()).toHaveLength(1);
  });

  test('that came to nothing does not keep the next one waiting', async () => {
    world.start = () => Promise.reject(new TypeError('token=abc is what it must not say'));
    await expect(world.handle(exposed(['jwt']))).rejects.toThrow();
    expect(JSON.stringify(world.told())).not.toContain('abc');
    world.start = async () => undefined;
    await world.handle(exposed(['jwt']));
    expect(begun()).toEqual([['jwt']]);
  });

  test.each<[string, string, (secret: RotatedManifestSecret) => void, RegExp]>([
    ['what its owners change', 'dbAdmin', () => undefined, /^$/],
    ['what is not armed', 'db', (secret) => Object.assign(secret, { armed: false }), /adopt db/],
    [
      'an encryption key whose readers know one',
      'pii',
      (secret) => Object.assign(secret, { readers: 'scalar' }),
      command('pii'),
    ],
    [
      'an encryption key whose rows move with consumers stopped',
      'pii',
      (secret) =>
        secret.kind === 'encryption' &&
        Object.assign(secret.reencryption ?? {}, { mode: 'maintenance' }),
      command('pii'),
    ],
  ])('of %s is left to a person, with what to run', async (_what, key, change, toRun) => {
    change(world.secret(key) as RotatedManifestSecret);
    await world.handle(exposed([key]));
    expect(world.started).toEqual([]);
    const [told] = world.told().flatMap(({ secrets }) => secrets);
    expect(told).toMatchObject({ key, state: 'person', message: expect.stringMatching(/./) });
    expect(told?.command ?? '').toMatch(toRun);
  });

  test('of an encryption key whose rows follow online begins one', async () => {
    await world.handle(exposed(['pii']));
    expect(begun()).toEqual([['pii']]);
  });
});

describe('an exposure during an emergency', () => {
  const running = '20260302t094500z-9f2c41aa07be63d1';
  const claim = { id: running, secrets: ['jwt'], unattended: false, at: '2026-03-02T09:45:00Z' };
  const head = (state: EmergencyRecord['state']): EmergencyRecord => ({
    id: running,
    exposed: ['jwt'],
    others: [],
    reason: 'a laptop is gone',
    suspects: [],
    keepRunning: false,
    drill: false,
    unattended: false,
    requestedBy: 'ada',
    execution: `arn:aws:states:eu-west-1:${own}:execution:emergency:${running}`,
    state,
    startedAt: claim.at,
    consumers: { stop: [], restart: [], alone: [] },
  });
  const stands = async (state: EmergencyRecord['state']) => {
    await world.emergencies.updateEmergency(running, () => head(state));
    await world.emergencies.replaceClaims([], [claim]);
  };

  test('leaves what that one has taken to it, and begins one of the rest', async () => {
    await stands('running');
    await world.handle(exposed(['jwt', 'db']));
    expect(begun()).toEqual([['db']]);
    expect(world.told()[0]?.secrets).toMatchObject([
      { key: 'jwt', state: 'following', emergency: running },
      { key: 'db', state: 'emergency' },
    ]);
  });

  test('of what that one has changed already is told to a person: the value after it may be out', async () => {
    await stands('running');
    const promotedAt = '2026-03-02T09:47:00.000Z';
    await world.emergencies.updateSecret(running, 'jwt', () => ({
      ...{ id: running, key: 'jwt', name: name('jwt'), kind: 'jwt', exposed: true, attempts: 1 },
      ...{ state: 'promoted', promotedAt, compromised: [], evidence: [] },
    }));
    await world.handle(exposed(['jwt', 'db']));
    expect(begun()).toEqual([['db']]);
    expect(world.told()[0]?.secrets).toMatchObject([
      {
        state: 'person',
        message: expect.stringContaining(`was changed at ${promotedAt} by emergency ${running}`),
        command: expect.stringContaining('npx quarterturn emergency jwt'),
      },
      { key: 'db', state: 'emergency' },
    ]);
  });

  test('of nothing else is one finding an hour, and takes no secret', async () => {
    await stands('running');
    for (let sent = 0; sent < 100; sent++) await world.handle(exposed(['jwt']));
    expect(world.told().map(({ refusal }) => refusal?.message)).toEqual([
      `Nothing was rotated: emergency ${running} is changing it already`,
    ]);
    await world.emergencies.updateEmergency(running, () => head('closed'));
    await world.handle(exposed(['jwt']));
    expect(begun()).toEqual([['jwt']]);
  });

  test.each<[string, () => Promise<void>]>([
    ['is over', () => stands('closed')],
    [
      'died without a word',
      async () => {
        await stands('running');
        world.runs = false;
      },
    ],
    [
      'took its secrets an hour ago and was never on record',
      async () => {
        await world.emergencies.replaceClaims([], [{ ...claim, at: '2026-03-02T09:00:00Z' }]);
      },
    ],
  ])('that %s begins its own', async (_what, before) => {
    await before();
    await world.handle(exposed(['jwt']));
    expect(begun()).toEqual([['jwt']]);
  });
});

describe('an exposure from a source that is left to people', () => {
  const alert = (secrets: readonly string[], detail: object = {}) =>
    onBus('credential-exposure-alert', {
      secrets,
      reportedBy: 'GitHub secret scanning',
      ...detail,
    });
  beforeEach(() => {
    world = triggersWorld({ exposure: { perSecretHours: 6, unattended: ['gitHub'] } });
  });

  test('begins nothing and says what a person runs, of which the sender wrote the id alone', async () => {
    await world.handle(exposed(['jwt', 'db'], { reason: '"; rm -rf / #', reportedBy: '$(id)' }));
    expect(world.started).toEqual([]);
    expect(world.told()).toEqual([
      expect.objectContaining({
        outcome: 'open',
        by: expect.objectContaining({ source: 'bus' }),
        secrets: ['jwt', 'db'].map((key) =>
          expect.objectContaining({
            key,
            state: 'person',
            code: 'ERR_ROTATION_TRIGGER_NEEDS_PERSON',
            command: expect.stringMatching(command('jwt db')),
          }),
        ),
      }),
    ]);
  });

  test('keeps nobody waiting who may begin one, whatever it calls itself', async () => {
    await world.handle(exposed(['jwt'], { reportedBy: 'GitHub secret scanning' }));
    expect(world.started).toEqual([]);
    await world.handle(alert(['jwt']));
    expect(begun()).toEqual([['jwt']]);
    expect(world.told().at(-1)?.by).toMatchObject({ source: 'gitHub' });
  });

  test('in a flood is told once an hour for each secret', async () => {
    for (let sent = 0; sent < 100; sent++) await world.handle(exposed(['jwt']));
    await world.handle(exposed(['jwt', 'db']));
    expect(world.told()).toHaveLength(2);
    later(1);
    await world.handle(exposed(['jwt']));
    expect(world.told()).toHaveLength(3);
  });

  test('is handled once when it is delivered twice, and refused when it is sent again', async () => {
    const event = exposed(['jwt'], { id: 'the-same-id-00000001' });
    await world.handle(event);
    await world.handle(event);
    expect(await world.handle({ ...event, id: 'another-event' })).toMatchObject({
      code: 'ERR_ROTATION_TRIGGER_REPLAYED',
    });
  });

  test('of GuardDuty is told like the others', async () => {
    await world.handle(
      finding({
        id: 'finding-2',
        type: 'UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS',
        resource: { accessKeyDetails: { userName: 'pharmacy-api' } },
      }),
    );
    expect(world.started).toEqual([]);
    expect(world.told()).toMatchObject([{ outcome: 'open', by: { source: 'guardDuty' } }]);
  });
});

describe('a trigger is refused', () => {
  test.each<[string, unknown, string]>([
    ['from another source', exposed(['jwt'], {}, { source: 'quarterturn' }), 'FORGED'],
    [
      'from an account the bus does not know',
      exposed(['jwt'], {}, { account: '999999999999' }),
      'FORGED',
    ],
    [
      'that calls itself a finding, from another account',
      finding({ id: 'f', type: 'UnauthorizedAccess:IAMUser/X' }, { account: '444455556666' }),
      'FORGED',
    ],
    [
      'that calls itself the schedule, from another account',
      exposed(
        [],
        {},
        { source: 'aws.events', 'detail-type': 'Scheduled Event', account: '444455556666' },
      ),
      'FORGED',
    ],
    [
      'of another detail-type',
      exposed(['jwt'], {}, { 'detail-type': 'credential-trigger' }),
      'INVALID',
    ],
    ['with a field too many', exposed(['jwt'], { stopConsumers: true }), 'INVALID'],
    ['without an id', exposed(['jwt'], { id: undefined }), 'INVALID'],
    ['of another version', exposed(['jwt'], { version: 2 }), 'INVALID'],
    ['that names nothing', exposed([]), 'INVALID'],
    ['that names a secret nobody has', exposed(['jwt', 'jwtt']), 'UNKNOWN_SECRET'],
    [
      'of a person nobody knows',
      onBus('credential-offboarding', { person: 'eve' }),
      'UNKNOWN_PERSON',
    ],
    [
      'of a person called like a member of objects',
      onBus('credential-offboarding', { person: 'constructor' }),
      'UNKNOWN_PERSON',
    ],
    ['that is no event at all', 'credential-exposure', 'INVALID'],
  ])('%s', async (_what, event, code) => {
    const answer = await world.handle(event);
    expect(answer).toEqual({ outcome: 'refused', code: `ERR_ROTATION_TRIGGER_${code}` });
    expect(world.secrets.rotations).toEqual([]);
    expect(world.started).toEqual([]);
    expect(world.told()).toEqual([
      expect.objectContaining({
        outcome: 'refused',
        refusal: expect.objectContaining({ code: `ERR_ROTATION_TRIGGER_${code}` }),
      }),
    ]);
  });

  test('where this deployment does not take it', async () => {
    world = triggersWorld({ exposure: undefined, deployment: false });
    const events = [exposed(['jwt']), onBus('credential-deployment', { secrets: ['jwt'] })];
    for (const event of events) {
      expect(await world.handle(event)).toMatchObject({
        code: 'ERR_ROTATION_TRIGGER_NOT_CONFIGURED',
      });
    }
    expect(world.started).toEqual([]);
  });

  test('and its text never shows what stood in a wrong field', async () => {
    await world.handle(exposed(['jwt'], { id: 'hunter2', password: 'hunter2' }));
    expect(JSON.stringify([world.told(), world.log.lines])).not.toContain('hunter2');
  });

  test('and told again in the next hour', async () => {
    await world.handle(exposed([]));
    await world.handle(exposed([]));
    expect(world.told()).toHaveLength(1);
    later(1);
    await world.handle(exposed([]));
    expect(world.told()).toHaveLength(2);
    expect(new Set(world.told().map(({ id }) => id)).size).toBe(2);
  });
});

describe('a finding of GuardDuty', () => {
  const detail = (userName: string, id = 'finding-1') => ({
    id,
    type: 'UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS',
    title: 'Credentials were used from outside',
    resource: { resourceType: 'AccessKey', accessKeyDetails: { userName } },
  });

  test('about a principal of the map is an exposure of what it can read', async () => {
    await world.handle(finding(detail('pharmacy-api')));
    expect(begun()).toEqual([['jwt', 'db']]);
    expect(world.told()).toEqual([
      expect.objectContaining({
        by: expect.objectContaining({ source: 'guardDuty', account: own }),
        reason: expect.stringContaining('about pharmacy-api'),
      }),
    ]);
  });

  test('seen again is known, and no news', async () => {
    await world.handle(finding(detail('pharmacy-api')));
    expect(await world.handle(finding(detail('pharmacy-api')))).toEqual({
      outcome: 'handled',
      secrets: [],
    });
    expect(world.told()).toHaveLength(1);
  });

  test('about anybody else rotates nothing', async () => {
    expect(await world.handle(finding(detail('somebody')))).toEqual({ outcome: 'unrelated' });
    expect(await world.handle(finding({ id: 'f', type: 'Recon:EC2/Portscan' }))).toEqual({
      outcome: 'unrelated',
    });
    expect(world.told()).toEqual([]);
  });
});
