import { beforeEach, describe, expect, test } from '@jest/globals';
import type { RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import { AwsCallError } from '../../../doors/aws-call.ts';
import { exposed, finding, first, name, onBus, own, triggersWorld } from './world.ts';

let world: ReturnType<typeof triggersWorld>;
beforeEach(() => {
  world = triggersWorld();
});
const rotations = () =>
  world.secrets.rotations.map(({ secretId }) => secretId.replace(/^.*secret:(.*)-AbCdEf$/, '$1'));
const later = (hours: number) =>
  world.clock.set(new Date(world.clock.now().getTime() + hours * 3_600_000).toISOString());

describe('an exposure', () => {
  test('rotates the named secrets at once as an emergency, its way cleared, and is told', async () => {
    await world.controlTable.putAfterRotation(name('jwt'), {
      versionId: first,
      state: 'finished',
      intent: 'planned',
      basedOn: null,
      primary: 'kid-in-use',
      replaced: 'kid-before',
      publishedKid: 'kid-published',
      at: '2026-02-01T00:00:00Z',
    });
    const event = exposed(['jwt', 'db'], { reason: 'in a gist', reportedBy: 'ada' });
    expect(await world.handle(event)).toMatchObject({ outcome: 'handled' });

    expect(rotations()).toEqual([name('jwt'), name('db')]);
    const [token = ''] = world.secrets.rotations.map((asked) => asked.clientRequestToken);
    expect(await world.controlTable.getIntent(name('jwt'), token)).toMatchObject({
      intent: 'emergency',
      requestedBy: 'trigger: ada',
      reason: 'exposure: in a gist',
    });
    expect(world.invoked[0]).toEqual({
      functionName: world.secret('jwt')?.kind === 'jwt' ? 'quarterturn-pharmacy-prod-jwt' : '',
      request: { operation: 'preempt', token, owner: 'triggers' },
    });
    expect(await world.controlTable.getCompromised(name('jwt'))).toEqual(
      new Set(['kid-in-use', 'kid-before', 'kid-published']),
    );
    expect(world.told()).toEqual([
      expect.objectContaining({
        trigger: 'exposure',
        outcome: 'accepted',
        reason: 'in a gist',
        by: { source: 'bus', account: own, eventId: event.id, reportedBy: 'ada' },
        secrets: [
          { key: 'jwt', name: name('jwt'), state: 'rotating', versionId: token },
          expect.objectContaining({ key: 'db', state: 'rotating' }),
        ],
      }),
    ]);
  });

  test('a thousand times rotates each secret once, and is one more finding', async () => {
    for (let sent = 0; sent < 1_000; sent++) await world.handle(exposed(['jwt', 'db']));
    expect(rotations()).toEqual([name('jwt'), name('db')]);
    expect(world.told().map(({ outcome, refusal }) => [outcome, refusal?.code])).toEqual([
      ['accepted', undefined],
      ['refused', 'ERR_ROTATION_TRIGGER_TOO_SOON'],
    ]);
    expect(world.log.lines.filter(({ event }) => event === 'trigger-refused')).toHaveLength(999);
  });

  test('of a thousand at once rotates each secret once', async () => {
    await Promise.all(Array.from({ length: 1_000 }, () => world.handle(exposed(['jwt', 'db']))));
    expect(rotations().sort()).toEqual([name('db'), name('jwt')]);
    // Two events may have got a secret each.
    const outcomes = world.told().map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'refused')).toHaveLength(1);
    expect(outcomes.length).toBeLessThanOrEqual(3);
  });

  test('rotates the same secret again after six hours, and not before', async () => {
    await world.handle(exposed(['jwt']));
    world.secrets.promote(name('jwt'), world.secrets.rotations[0]?.clientRequestToken ?? '');
    later(5.9);
    expect(await world.handle(exposed(['jwt']))).toMatchObject({
      code: 'ERR_ROTATION_TRIGGER_TOO_SOON',
    });
    expect(world.told().at(-1)?.secrets[0]?.command).toMatch(
      /intent\.emergency#pharmacy\/prod\/jwt/,
    );
    later(0.2);
    await world.handle(exposed(['jwt']));
    expect(rotations()).toEqual([name('jwt'), name('jwt')]);
  });

  test('that names one fresh secret beside one that was rotated a moment ago rotates the fresh one', async () => {
    await world.handle(exposed(['jwt']));
    await world.handle(exposed(['jwt', 'db']));
    expect(rotations()).toEqual([name('jwt'), name('db')]);
    expect(
      world
        .told()
        .at(-1)
        ?.secrets.map(({ key, state }) => [key, state]),
    ).toEqual([
      ['jwt', 'person'],
      ['db', 'rotating'],
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
    expect(rotations()).toEqual([name('jwt')]);
    expect(world.told().map(({ refusal }) => refusal?.code)).toEqual([
      undefined,
      'ERR_ROTATION_TRIGGER_REPLAYED',
    ]);
  });

  test('delivered twice by EventBridge is handled once, without a word', async () => {
    const event = exposed(['jwt']);
    await world.handle(event);
    expect(await world.handle(event)).toEqual({ outcome: 'handled', secrets: [] });
    expect(rotations()).toEqual([name('jwt')]);
    expect(world.told()).toHaveLength(1);
  });

  test('that could not be asked for is thrown for another try, which goes on where it stood', async () => {
    const event = exposed(['jwt', 'db']);
    world.preempt = async (functionName) => {
      if (functionName.endsWith('-db')) throw new AwsCallError('Invoke', 'TooManyRequests', 'no');
    };
    await expect(world.handle(event)).rejects.toMatchObject({
      code: 'ERR_ROTATION_TRIGGER_NOT_EVERYTHING_ASKED',
      message: expect.stringContaining('db ('),
    });
    await expect(world.handle(event)).rejects.toThrow();
    expect(world.told()).toHaveLength(1);
    expect(world.told()[0]?.secrets[1]).toMatchObject({ key: 'db', state: 'failed' });
    world.preempt = async () => ({});
    await world.handle(event);
    expect(rotations()).toEqual([name('jwt'), name('db')]);
    expect(
      world
        .told()
        .at(-1)
        ?.secrets.map(({ state }) => state),
    ).toEqual(['rotating', 'rotating']);
  });

  test('that came to nothing does not keep the next one waiting', async () => {
    world.preempt = () => Promise.reject(new TypeError('token=abc is what it must not say'));
    await expect(world.handle(exposed(['jwt']))).rejects.toThrow();
    expect(JSON.stringify(world.told())).not.toContain('abc');
    world.preempt = async () => ({});
    await world.handle(exposed(['jwt']));
    expect(rotations()).toEqual([name('jwt')]);
  });

  test.each<[string, string, (secret: RotatedManifestSecret) => void, RegExp]>([
    ['what its owners change', 'dbAdmin', () => undefined, /^$/],
    ['what is not armed', 'db', (secret) => Object.assign(secret, { armed: false }), /adopt db/],
    [
      'an encryption key whose readers know one',
      'pii',
      (secret) => Object.assign(secret, { readers: 'scalar' }),
      /intent\.emergency#pharmacy\/prod\/pii/,
    ],
    [
      'an encryption key whose rows move with consumers stopped',
      'pii',
      (secret) =>
        secret.kind === 'encryption' &&
        Object.assign(secret.reencryption ?? {}, { mode: 'maintenance' }),
      /intent\.emergency#pharmacy\/prod\/pii/,
    ],
  ])('of %s is left to a person, with what to run', async (_what, key, change, command) => {
    change(world.secret(key) as RotatedManifestSecret);
    await world.handle(exposed([key]));
    expect(rotations()).toEqual([]);
    const [told] = world.told().flatMap(({ secrets }) => secrets);
    expect(told).toMatchObject({ key, state: 'person', message: expect.stringMatching(/./) });
    expect(told?.command ?? '').toMatch(command);
  });

  test('of an encryption key whose rows follow online rotates it', async () => {
    await world.handle(exposed(['pii']));
    expect(rotations()).toEqual([name('pii')]);
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
    expect(world.secrets.rotations).toEqual([]);
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
    expect(rotations()).toEqual([name('jwt'), name('db')]);
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
