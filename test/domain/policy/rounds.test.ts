import { describe, expect, test } from '@jest/globals';
import {
  consumersOf,
  nextWave,
  type Progressed,
  type RolledOutConsumer,
  type RolledOutSecret,
  type Round,
} from '../../../domain/policy/rounds.ts';

const now = new Date('2026-05-17T17:00:00Z');
const ago = (seconds: number) => new Date(now.getTime() - seconds * 1000).toISOString();
const consumer = (name: string, more: Partial<RolledOutConsumer> = {}): RolledOutConsumer => ({
  name,
  reads: ['jwt'],
  restart: `ecs main/${name}`,
  learns: 'restart',
  health: 'ask',
  ...more,
});
const keyset: RolledOutSecret = { key: 'jwt', kind: 'jwt', readers: 'keyset' };

describe('who has a part in a round', () => {
  const refreshing = { learns: 'refresh' as const };
  test.each<[string, Partial<RolledOutConsumer>, RolledOutSecret, Round[]]>([
    ['restarted, asked', {}, keyset, ['publish', 'use', 'confirm']],
    ['restarted, not asked', { health: undefined }, keyset, ['publish', 'use']],
    ['refreshing, asked', refreshing, keyset, ['publish', 'confirm']],
    ['refreshing, not asked', { ...refreshing, health: undefined }, keyset, []],
    [
      'of a manifest without `learns`',
      { learns: undefined },
      keyset,
      ['publish', 'use', 'confirm'],
    ],
    [
      'asked, with nothing that restarts it',
      { restart: undefined },
      keyset,
      ['publish', 'confirm'],
    ],
    ['a reader of one variable', {}, { ...keyset, readers: 'scalar' }, ['use', 'confirm']],
    ['of a database', {}, { key: 'jwt', kind: 'database' }, ['use', 'confirm']],
    ['of an inbox', refreshing, { key: 'jwt', kind: 'userManaged' }, ['confirm']],
    ['who reads another secret', { reads: ['other'] }, keyset, []],
  ])('%s', (_title, more, secret, expected) => {
    const rounds = (['publish', 'use', 'confirm'] as const).filter(
      (round) => consumersOf(round, secret, [consumer('api', more)]).length > 0,
    );
    expect(rounds).toEqual(expected);
  });
});

describe('the next wave', () => {
  const consumers = ['canary', 'api', 'worker', 'batch'].map((name) => consumer(name));
  const waves = [
    { consumers: ['canary'], pauseSeconds: 0 },
    { consumers: ['api', 'worker'], pauseSeconds: 900 },
    { consumers: ['batch'], pauseSeconds: 300 },
  ];
  const healthy = (name: string, seconds = 0, round: Round = 'use'): Progressed => ({
    ...{ round, consumer: name, state: 'healthy', at: ago(seconds) },
  });
  const next = (records: Progressed[], more: object = {}) =>
    nextWave({ round: 'use', consumers, waves, records, now, ...more });

  test('is the first, at once, and after each a pause', () => {
    expect(next([])).toEqual({ pauseSeconds: 0, consumers: ['canary'] });
    expect(next([healthy('canary')])).toEqual({ pauseSeconds: 900, consumers: ['api', 'worker'] });
    expect(next(['canary', 'api', 'worker'].map((name) => healthy(name)))).toEqual({
      ...{ pauseSeconds: 300, consumers: ['batch'] },
    });
    expect(next(consumers.map(({ name }) => healthy(name)))).toBeUndefined();
  });

  test('counts what has gone by: an execution that is resumed does not wait twice', () => {
    expect(next([healthy('canary', 840)])?.pauseSeconds).toBe(60);
    expect(next([healthy('canary', 86_400)])?.pauseSeconds).toBe(0);
    // A clock that is behind waits no longer than asked.
    expect(next([healthy('canary', -600)])?.pauseSeconds).toBe(900);
  });

  test('goes on with who is left of a wave that was begun', () => {
    const begun = [healthy('canary', 10), healthy('api')];
    expect(next(begun)).toEqual({ pauseSeconds: 0, consumers: ['worker'] });
  });

  test('takes nobody for through who is not, or was in another round', () => {
    const other = [{ ...healthy('canary'), state: 'unhealthy' }, healthy('canary', 0, 'publish')];
    expect(next(other)?.consumers).toEqual(['canary']);
  });

  test('leaves the pause after the canary to whoever comes next, where nobody of its wave reads the secret', () => {
    const few = consumers.filter(({ name }) => ['canary', 'batch'].includes(name));
    expect(next([healthy('canary')], { consumers: few })).toEqual({
      ...{ pauseSeconds: 900, consumers: ['batch'] },
    });
    const without = consumers.filter(({ name }) => name === 'batch');
    expect(next([], { consumers: without })).toEqual({ pauseSeconds: 0, consumers: ['batch'] });
  });

  test('pauses for starts alone: who is only asked keeps nobody waiting', () => {
    const asked = consumers.map((one) =>
      one.name === 'batch' ? one : { ...one, learns: 'refresh' as const },
    );
    const at = (records: Progressed[]) =>
      next(records, { round: 'publish', consumers: asked })?.pauseSeconds;
    const through = ['canary', 'api', 'worker'].map((name) => healthy(name, 0, 'publish'));
    expect([at([]), at(through.slice(0, 1)), at(through)]).toEqual([0, 0, 0]);
  });

  test('of those that are only asked is everybody at once', () => {
    const round = 'confirm' as const;
    const names = consumers.map(({ name }) => name);
    expect(next([], { round })).toEqual({ pauseSeconds: 0, consumers: names });
    expect(next([healthy('api', 0, round)], { round })?.consumers).not.toContain('api');
  });
});
