/** What the schedule says before it rotates, once, and what it says of what it may not rotate. */
import { describe, expect, test } from '@jest/globals';
import { scheduleSchema } from '../../../domain/config/schedule-schema.ts';
import { noticeSchema } from '../../../domain/events/notices.ts';
import { functionArnOf } from '../../doors/in-memory-secrets.ts';
import { cadenceWorld, secretOf } from './world.ts';

const jwt = 'pharmacy/prod/jwt';
/** Due on 14 February at midnight, limit on the 19th. */
const since = '2025-11-21T00:00:00Z';
const night = scheduleSchema.parse({ window: { from: '02:00', to: '06:00' } });

describe('a rotation by schedule', () => {
  test('is announced, then starts at the first tick of its hour', async () => {
    const world = cadenceWorld([secretOf('jwt')], { since, start: '2026-02-13T19:20:00Z' });
    await world.hours(1);
    expect(world.said()).toEqual([]);
    const [result] = (await world.hours(1)).results;
    expect(result).toMatchObject({ done: 'announced', plannedAt: '2026-02-14T00:00:00.000Z' });
    expect(world.said()).toEqual(['planned jwt 2026-02-14T00:00']);
    expect((await world.hours(2)).results[0]).toMatchObject({ done: 'nothing', finding: false });
    expect(world.rotated).toEqual([]);
    await world.hours(1);
    expect(world.rotated.map(({ at }) => at.toISOString())).toEqual(['2026-02-14T00:20:00.000Z']);
    await world.hours(48);
    expect(world.said()).toHaveLength(1);
    expect(world.rotated).toHaveLength(1);
  });

  test('says what fits the schema, to the secret it is about, and that it logs everybody out', async () => {
    const secret = { ...secretOf('jwt'), readers: 'scalar', logsEveryoneOut: true } as const;
    const world = cadenceWorld([secret], { since, start: '2026-02-13T20:20:00Z' });
    await world.hours(1);
    const [event] = world.bus.events;
    expect(noticeSchema.parse(event?.detail)).toMatchObject({
      type: event?.detailType,
      plannedAt: '2026-02-14T00:00:00.000Z',
      limitAt: '2026-02-19T00:00:00.000Z',
      logsEveryoneOut: true,
      secret: { name: jwt, arn: event?.resources[0] },
    });
    expect(event?.source).toBe('quarterturn');
  });

  test('lies inside of the window; an hour that was missed is announced anew', async () => {
    const world = cadenceWorld([secretOf('jwt')], {
      since,
      schedule: night,
      start: '2026-02-13T22:20:00Z',
    });
    await world.hours(1);
    expect(world.said()).toEqual(['planned jwt 2026-02-14T02:00']);
    // Nobody looks until the window is closed.
    world.clock.set('2026-02-14T06:20:00Z');
    expect((await world.tick()).results[0]).toMatchObject({ done: 'waits' });
    world.clock.set('2026-02-14T22:20:00Z');
    await world.hours(4);
    expect(world.said()).toEqual(['planned jwt 2026-02-14T02:00', 'planned jwt 2026-02-15T02:00']);
    expect(world.rotated.map(({ at }) => at.toISOString())).toEqual(['2026-02-15T02:20:00.000Z']);
  });

  test('is announced once by two ticks at once, and started once', async () => {
    const world = cadenceWorld([secretOf('jwt')], { since, start: '2026-02-13T21:20:00Z' });
    const both = await Promise.all([world.tick(), world.tick()]);
    expect(both.flatMap(({ results }) => results.map(({ done }) => done)).sort()).toEqual([
      'announced',
      'superseded',
    ]);
    expect(world.said()).toHaveLength(1);
    world.clock.set('2026-02-14T00:20:00Z');
    const ticks = await Promise.all([world.tick(), world.tick()]);
    expect(world.secrets.rotations).toHaveLength(1);
    expect(ticks.map(({ findings }) => findings)).toEqual([0, 0]);
  });

  test('whose announcement did not reach the bus is said again, as the same fact, before it starts', async () => {
    const world = cadenceWorld([secretOf('jwt')], { since, start: '2026-02-13T20:20:00Z' });
    const { put } = world.bus;
    world.bus.put = async (event) => {
      await put(event);
      throw new Error('the answer was lost');
    };
    expect((await world.hours(1)).results[0]).toMatchObject({ done: 'failed', finding: true });
    world.bus.put = put;
    expect((await world.hours(1)).results[0]).toMatchObject({ done: 'nothing', finding: false });
    const ids = world.bus.events.map(({ detail }) => (detail as { id: string }).id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    await world.hours(3);
    expect(world.rotated).toHaveLength(1);
    expect(world.bus.events).toHaveLength(2);
  });

  test('that would miss its limit by waiting starts at once, also when nobody can be told', async () => {
    const world = cadenceWorld([secretOf('jwt')], { since, start: '2026-02-18T22:30:00Z' });
    world.bus.put = () => Promise.reject(new Error('no bus'));
    const [result] = (await world.tick()).results;
    expect(result).toMatchObject({ done: 'rotationStarted', finding: true });
    expect(result?.reason).toContain('nobody was told: Error');
  });

  test('by somebody else voids the announcement', async () => {
    const world = cadenceWorld([secretOf('jwt')], { since, start: '2026-02-13T20:20:00Z' });
    await world.hours(1);
    world.secrets.promote(jwt, 'by-hand', ['rotated-20260213T220000Z']);
    expect((await world.hours(6)).results[0]).toMatchObject({
      decision: 'notDue',
      done: 'nothing',
    });
    expect(world.rotated).toEqual([]);
  });

  test('is not announced over a list that is older than the last rotation', async () => {
    const world = cadenceWorld([secretOf('jwt')], { since, start: '2026-02-13T21:20:00Z' });
    world.secrets.listed.set(jwt, structuredClone(world.secrets.stages.get(jwt) ?? {}));
    world.secrets.promote(jwt, 'by-hand', ['rotated-20260213T211500Z']);
    expect((await world.tick()).results[0]).toMatchObject({ done: 'superseded' });
    expect(world.said()).toEqual([]);
  });
});

describe('a first value', () => {
  test('is made at once: no window, no freeze, no notice', async () => {
    const freezes = [
      { from: '2026-02-01T00:00:00Z', until: '2026-03-01T00:00:00Z', reason: 'release' },
    ];
    const world = cadenceWorld([secretOf('jwt')], { schedule: { ...night, freezes } });
    world.secrets.add(jwt, { first: ['AWSCURRENT'] });
    expect((await world.tick()).results[0]).toMatchObject({ done: 'firstValueStarted' });
    expect(world.said()).toEqual([]);
  });
});

describe('what is overdue, or near its limit and kept from rotating', () => {
  test('is said once a day', async () => {
    const held = secretOf('jwt');
    const world = cadenceWorld([held], { since, start: '2026-02-16T21:20:00Z' });
    await world.controlTable.putHold(jwt, {
      reason: 'rolled back',
      at: '2026-02-15T00:00:00Z',
      until: '2026-03-15T00:00:00Z',
    });
    await world.hours(2);
    expect(world.said()).toEqual([]);
    // Two days before the limit.
    await world.hours(60);
    expect(world.said()).toEqual([
      'overdue jwt 2026-02-17T00:20',
      'overdue jwt 2026-02-18T00:20',
      'overdue jwt 2026-02-19T00:20',
    ]);
    expect(noticeSchema.parse(world.bus.events[0]?.detail)).toMatchObject({
      rotatedAt: '2025-11-21T00:00:00.000Z',
      limitAt: '2026-02-19T00:00:00.000Z',
      reason: 'on hold until 2026-03-15T00:00:00Z: rolled back',
    });
  });

  test('by a freeze as well, which is a finding with the day by which to rotate it by hand', async () => {
    const freezes = [
      { from: '2026-02-13T00:00:00Z', until: '2026-02-25T00:00:00Z', reason: 'release' },
    ];
    const world = cadenceWorld([secretOf('jwt')], {
      since,
      start: '2026-02-10T00:20:00Z',
      schedule: { ...scheduleSchema.parse({}), freezes },
    });
    const [result] = (await world.hours(1)).results;
    expect(result).toMatchObject({ finding: true, done: 'nothing' });
    expect(result?.reason).toContain('rotate it by hand before 2026-02-13T00:00:00.000Z');
    await world.hours(24 * 12);
    expect(world.rotated).toEqual([]);
    expect(world.said().filter((line) => line.startsWith('overdue'))).toHaveLength(6);
  });
});

describe('what is found beside the secrets of the manifest', () => {
  test('strays are findings, replicas and deleted ones are lines in the log; none is touched', async () => {
    const world = cadenceWorld([secretOf('jwt')], { since: '2026-02-01T00:00:00Z' });
    const { more } = world.secrets;
    world.secrets.more = (name) => ({
      ...more(name),
      ...(name.endsWith('copy') && { primaryRegion: 'us-east-1' }),
      ...(name === 'staging' && { tags: staging }),
      ...(name.endsWith('gone') && { deletedDate: new Date('2026-02-01T00:00:00Z') }),
    });
    // Of another environment of the same product.
    const staging = { 'quarterturn:name': 'pharmacy', 'quarterturn:environment': 'staging' };
    for (const name of ['elsewhere/old', 'pharmacy/prod/copy', 'pharmacy/prod/gone', 'staging']) {
      world.secrets.add(name, { first: ['AWSCURRENT', 'rotated-20200101T000000Z'] });
    }
    expect(await world.tick()).toMatchObject({ secrets: 1, findings: 1 });
    expect(
      world.log.lines
        .filter(({ event }) => event === 'cadence-stray')
        .map(({ level, fields }) => [level, fields.secret, fields.kind]),
    ).toEqual([
      ['error', 'elsewhere/old', 'stray'],
      ['info', 'pharmacy/prod/copy', 'replica'],
      ['info', 'pharmacy/prod/gone', 'deleted'],
    ]);
    expect(world.secrets.calls).toEqual(['ListSecrets']);
  });

  test('another function behind its back is a finding, and is not handed the next value', async () => {
    const world = cadenceWorld([secretOf('jwt')], { since, start: '2026-02-13T20:20:00Z' });
    await world.hours(1);
    const { more } = world.secrets;
    const rotationLambdaArn = functionArnOf('somebody-else');
    world.secrets.more = (name) => ({ ...more(name), rotationLambdaArn });
    const summary = await world.hours(6);
    expect(summary).toMatchObject({ findings: 1 });
    expect(summary.results[0]?.reason).toContain(`is rotated by ${rotationLambdaArn}`);
    world.secrets.add(jwt, { first: ['AWSCURRENT'] });
    expect((await world.hours(1)).results[0]).toMatchObject({ done: 'nothing', finding: true });
    expect(world.secrets.calls).not.toContain('rotate');
  });

  test('a missing rule is a finding at every tick, and it is rotated all the same', async () => {
    const world = cadenceWorld([secretOf('jwt')], { since, start: '2026-02-13T20:20:00Z' });
    const { more } = world.secrets;
    world.secrets.more = (name) => ({ ...more(name), rotationRules: {} });
    const summary = await world.hours(4);
    expect(summary).toMatchObject({ findings: 1 });
    expect(summary.results[0]?.reason).toContain("no rotation rule of Secrets Manager's own");
    expect(world.rotated).toHaveLength(1);
  });
});
