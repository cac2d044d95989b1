/** Months of ticks over secrets whose rotations succeed: fleets, outages, adoptions, races, and ten thousand at once. */
import { describe, expect, test } from '@jest/globals';
import { scheduleSchema } from '../../../domain/config/schedule-schema.ts';
import { formatDateLabel } from '../../../domain/policy/labels.ts';
import { cadenceWorld, secretOf } from './world.ts';

test('thirty days of ticks after the due day: each secret once, an hour apart, within its limit', async () => {
  const secrets = ['a', 'b', 'c'].map((key) => secretOf(key));
  const world = cadenceWorld([...secrets, secretOf('slow', { cadenceDays: 180 })], {
    since: '2025-11-18T00:00:00Z',
    start: '2026-02-10T20:20:00Z',
    schedule: scheduleSchema.parse({
      window: { from: '23:00', to: '03:00', timeZone: 'America/New_York' },
    }),
  });
  const { findings } = await world.hours(30 * 24);
  expect(findings).toBe(0);
  expect(world.rotated.map(({ name, at }) => `${name} ${at.toISOString()}`)).toEqual([
    'a 2026-02-11T04:20:00.000Z',
    'b 2026-02-11T05:20:00.000Z',
    'c 2026-02-11T06:20:00.000Z',
  ]);
  for (const { ageDays } of world.rotated) expect(ageDays).toBeLessThan(90);
  expect(world.said()).toEqual([
    'planned a 2026-02-11T04:00',
    'planned b 2026-02-11T05:00',
    'planned c 2026-02-11T06:00',
  ]);
});

test('thirty days in which nothing ticked: what Secrets Manager rotated meanwhile is left alone, the rest comes one an hour', async () => {
  const keys = ['a', 'b', 'c', 'd', 'e'];
  const world = cadenceWorld(
    keys.map((key) => secretOf(key)),
    { since: '2025-11-18T00:00:00Z', start: '2026-02-10T20:20:00Z' },
  );
  // A day before the limit its own rule fired; of two of them it failed.
  for (const key of ['a', 'b', 'c']) {
    world.secrets.promote(`pharmacy/prod/${key}`, `by-rule-${key}`, ['rotated-20260214T013000Z']);
  }
  world.clock.set('2026-03-12T20:20:00Z');
  await world.hours(1);
  expect(world.rotated).toEqual([]);
  expect(world.said()).toEqual([
    'planned d 2026-03-12T23:20',
    'planned e 2026-03-13T00:20',
    'overdue d 2026-03-12T21:20',
    'overdue e 2026-03-12T21:20',
  ]);
  await world.hours(12);
  expect(world.rotated.map(({ name, at }) => `${name} ${at.toISOString().slice(5, 16)}`)).toEqual([
    'd 03-12T23:20',
    'e 03-13T00:20',
  ]);
});

describe('secrets that were overdue when they were adopted', () => {
  const adopted = ['a', 'b', 'c', 'd'].map((key) =>
    secretOf(key, { origin: 'adopted', armed: true }),
  );
  async function adoptedWorld() {
    const world = cadenceWorld(adopted, {
      start: '2026-02-10T20:20:00Z',
      consumers: [
        { name: 'api', reads: ['a', 'b', 'c'], policy: 'reader-api' },
        { name: 'jobs', reads: ['d'], policy: 'reader-jobs' },
      ],
    });
    for (const { name } of adopted) {
      world.secrets.add(name, { first: ['AWSCURRENT'] });
      await world.controlTable.putAdoption(name, {
        at: '2026-02-10T00:00:00Z',
        by: 'on-call',
        materialSince: '2019-03-01T00:00:00.000Z',
        versionId: 'first',
      });
    }
    return world;
  }

  test('are rotated one a day per consumer, once they are armed', async () => {
    const world = await adoptedWorld();
    await world.hours(24 * 5);
    expect(world.rotated.map(({ name, at }) => `${name} ${at.toISOString().slice(5, 16)}`)).toEqual(
      ['a 02-10T23:20', 'd 02-11T00:20', 'b 02-11T23:20', 'c 02-12T23:20'],
    );
  });
});

describe('a race', () => {
  const start = { since: '2025-11-21T00:00:00Z', start: '2026-02-13T20:20:00Z' };

  test('with the console: one rotation, no finding', async () => {
    const world = cadenceWorld([secretOf('jwt')], start);
    await world.hours(3);
    const { describe: look } = world.secrets.door;
    let looks = 0;
    world.secrets.door.describe = async (secretId) => {
      const found = await look(secretId);
      // The button is pressed after the second look.
      if (++looks === 1) {
        await world.secrets.door.rotate({ secretId, clientRequestToken: 'console' });
      }
      return found;
    };
    world.clock.set('2026-02-14T00:20:00Z');
    const summary = await world.tick();
    expect(summary).toMatchObject({ findings: 0 });
    expect(summary.results[0]).toMatchObject({ done: 'superseded' });
    expect(world.secrets.rotations.map((one) => one.clientRequestToken)).toEqual(['console']);
  });

  test('with a deployment that changes the rule before the manifest: no finding', async () => {
    const world = cadenceWorld([secretOf('jwt')], start);
    const { more } = world.secrets;
    const changedAt = world.clock.now();
    world.secrets.more = (name) => ({
      ...more(name),
      rotationRules: { scheduleExpression: 'rate(29 days)', duration: '4h' },
      lastChangedDate: changedAt,
    });
    expect(await world.tick()).toMatchObject({ findings: 0 });
    // An hour later the manifest would say so, too.
    expect(await world.hours(1)).toMatchObject({ findings: 1 });
  });
});

test('ten thousand secrets in one tick: a hundred list calls, three reads each, some at a time', async () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => `s${index}`);
  const world = cadenceWorld(
    keys.map((key) => secretOf(key)),
    { since: '2026-01-01T00:00:00Z', start: '2026-02-13T20:20:00Z' },
  );
  // Due at once, a hundred of them.
  for (const key of keys.slice(0, 100)) {
    const label = formatDateLabel(new Date(Date.parse('2025-11-20T00:00:00Z')));
    world.secrets.stages.set(`pharmacy/prod/${key}`, { first: ['AWSCURRENT', label] });
  }
  let [reads, open, most] = [0, 0, 0];
  const counted =
    <Arguments extends unknown[], Result>(read: (...asked: Arguments) => Promise<Result>) =>
    async (...asked: Arguments): Promise<Result> => {
      reads += 1;
      open += 1;
      most = Math.max(most, open);
      await new Promise(setImmediate);
      open -= 1;
      return read(...asked);
    };
  const { controlTable } = world;
  for (const method of ['getHold', 'getAfterRotation', 'getNotice', 'getAdoption'] as const) {
    Object.assign(controlTable, { [method]: counted(controlTable[method] as never) });
  }
  const began = process.cpuUsage();
  const summary = await world.tick();
  const seconds = process.cpuUsage(began).user / 1e6;
  expect(summary).toMatchObject({ secrets: 10_000, findings: 0 });
  expect(world.secrets.calls.filter((call) => call === 'ListSecrets')).toHaveLength(100);
  expect(reads).toBeLessThan(3 * 10_000 + 100);
  expect(most).toBeLessThanOrEqual(12 * 3);
  // An announcement for each of the hours that the notice reaches, and for no other.
  expect(world.said()).toHaveLength(2);
  expect(world.secrets.calls.filter((call) => call === 'describe')).toHaveLength(2);
  expect(seconds).toBeLessThan(30);
});
