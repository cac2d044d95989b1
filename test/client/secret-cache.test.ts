import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type ReadReport,
  SecretCache,
  type SecretCacheOptions,
} from '../../client/secret-cache.ts';
import { InMemorySource, StandingSystem, turns } from './stand-ins.ts';

const times = { maxAge: 100_000, refreshAhead: 20_000, staleFor: 50_000, cooldown: 10_000 };

function cacheOf(source: InMemorySource, more: Partial<SecretCacheOptions<string>> = {}) {
  const system = new StandingSystem();
  const reports: ReadReport[] = [];
  const cache = new SecretCache(source, {
    parse: (text) => text.toUpperCase(),
    ...times,
    system,
    onRead: (report) => void reports.push(report),
    ...more,
  });
  return { cache, system, reports };
}

const broken = Object.assign(new Error('no'), { code: 'ERR_ROTATION_TEST' });

describe('SecretCache', () => {
  test('reads once for many who ask at once, and not again while the value is young', async () => {
    const source = new InMemorySource('one');
    const { cache, system } = cacheOf(source);
    const all = await Promise.all(Array.from({ length: 50 }, () => cache.get()));
    expect(new Set(all.map(({ value }) => value))).toEqual(new Set(['ONE']));
    system.later(80_000);
    await cache.get();
    expect(source.reads).toBe(1);
  });

  test('hands out the same settled promise while the value is young: the hot path makes nothing', async () => {
    const { cache } = cacheOf(new InMemorySource('one'));
    await cache.get();
    expect(cache.get()).toBe(cache.get());
  });

  test('reads behind the answer from a moment on that is drawn for each value', async () => {
    const source = new InMemorySource('one');
    const { cache, system } = cacheOf(source);
    system.next = 0.5;
    await cache.get();
    source.put('two');
    system.later(89_999);
    expect((await cache.get()).value).toBe('ONE');
    await turns();
    expect(source.reads).toBe(1);
    system.later(1);
    expect((await cache.get()).value).toBe('ONE');
    await turns();
    expect(source.reads).toBe(2);
    expect((await cache.get()).value).toBe('TWO');
  });

  test('waits for a read when the value is as old as maxAge', async () => {
    const source = new InMemorySource('one');
    const { cache, system } = cacheOf(source);
    await cache.get();
    source.put('two');
    system.later(100_000);
    expect(await cache.get()).toMatchObject({ value: 'TWO', versionId: 'v2' });
  });

  test('counts the age from before the read: the answer may be as old as that', async () => {
    const source = new InMemorySource('one');
    const { cache, system } = cacheOf(source);
    source.hold();
    const begun = system.now();
    const asked = cache.get();
    await turns();
    system.later(60_000);
    source.release();
    expect((await asked).readAt).toEqual(begun);
    system.later(40_000);
    await cache.get();
    expect(source.reads).toBe(2);
  });

  test('goes on with the old value while reads fail, says since when, and ends at the stated bound', async () => {
    const source = new InMemorySource('one');
    const { cache, system } = cacheOf(source);
    const { readAt } = await cache.get();
    source.failing = broken;
    system.later(100_000);
    expect(await cache.get()).toMatchObject({
      value: 'ONE',
      staleSince: new Date(readAt.getTime() + 100_000),
    });
    system.later(49_999);
    expect((await cache.get()).value).toBe('ONE');
    system.later(1);
    await turns();
    await expect(cache.get()).rejects.toMatchObject({ code: 'ERR_ROTATION_SECRET_STALE' });
    expect(() => cache.current()).toThrow(expect.objectContaining({ name: 'StaleSecretError' }));
    expect(cache.peek()).toBeUndefined();
    expect(cache.maximumAge).toBe(150_000);
  });

  test('does not let anybody wait while reads fail and hang, and pauses between them', async () => {
    const source = new InMemorySource('one');
    const { cache, system } = cacheOf(source);
    await cache.get();
    source.failing = broken;
    system.later(100_000);
    await cache.get();
    expect(source.reads).toBe(2);
    await cache.get();
    await turns();
    expect(source.reads).toBe(2);
    source.hold();
    system.later(1_000);
    // This one hangs, and the answer comes all the same.
    expect((await cache.get()).value).toBe('ONE');
    expect(source.reads).toBe(3);
    source.release();
    await turns();
  });

  test('a machine that slept while it read reads once more, and gives no value that is too old', async () => {
    for (const ask of ['get', 'refreshNow'] as const) {
      const source = new InMemorySource('one');
      const { cache, system } = cacheOf(source);
      source.hold();
      const asked = cache[ask]();
      await turns();
      system.later(3_600_000);
      source.release();
      source.put('two');
      expect((await asked).value).toBe('TWO');
      expect(source.reads).toBe(2);
    }
  });

  test('without an earlier value says so, keeps the reason, and does not ask again at once', async () => {
    const source = new InMemorySource('one');
    source.failing = broken;
    const { cache, system } = cacheOf(source);
    await expect(cache.get()).rejects.toMatchObject({
      code: 'ERR_ROTATION_SECRET_UNAVAILABLE',
      cause: broken,
    });
    await expect(cache.get()).rejects.toMatchObject({ name: 'SecretUnavailableError' });
    expect(source.reads).toBe(1);
    source.failing = undefined;
    system.later(1_000);
    expect((await cache.get()).value).toBe('ONE');
  });

  test('refreshNow reads at most once a cooldown, and joins a read that is under way', async () => {
    const source = new InMemorySource('one');
    const { cache, system, reports } = cacheOf(source);
    await cache.get();
    // A read of another kind just ended; it does not count.
    source.put('two');
    expect((await cache.refreshNow('unknown kid')).value).toBe('TWO');
    source.put('three');
    expect((await cache.refreshNow('unknown kid')).value).toBe('TWO');
    system.later(10_000);
    const [first, second] = await Promise.all([
      cache.refreshNow('unknown kid'),
      cache.refreshNow('unknown kid'),
    ]);
    expect([first?.value, second?.value]).toEqual(['THREE', 'THREE']);
    for (let flood = 0; flood < 1_000; flood += 1) {
      await cache.refreshNow('unknown kid');
    }
    expect(source.reads).toBe(3);
    expect(reports.map(({ reason, outcome }) => `${reason}: ${outcome}`)).toEqual([
      'first: changed',
      'unknown kid: changed',
      'unknown kid: changed',
    ]);
  });

  test('reads again at the next rotation, when that is sooner than maxAge', async () => {
    const source = new InMemorySource('one');
    const { cache, system } = cacheOf(source);
    source.nextRotationDate = new Date(system.time + 30_000);
    await cache.get();
    source.put('two');
    system.later(30_000);
    expect((await cache.get()).value).toBe('TWO');
    // It lies in the past now, and makes no storm of reads.
    await cache.get();
    system.later(50_000);
    await cache.get();
    expect(source.reads).toBe(2);
  });

  test('keeps the object while the text is the same, and tells listeners only when it is not', async () => {
    const source = new InMemorySource('one');
    const { cache, system } = cacheOf(source, { parse: () => ({}) as string });
    const told: (string | undefined)[] = [];
    cache.onChange((now, before) => void told.push(now.versionId, before.versionId));
    cache.onChange(() => {
      throw new Error('a listener');
    });
    const first = await cache.get();
    source.put('one');
    system.later(100_000);
    expect((await cache.get()).value).toBe(first.value);
    source.put('two');
    system.later(100_000);
    expect((await cache.get()).value).not.toBe(first.value);
    expect(told).toEqual(['v3', 'v2']);
    expect(system.warnings).toEqual([new Error('a listener')]);
  });

  test('a value that cannot be parsed is a failed read, and its text is in no message', async () => {
    const source = new InMemorySource('hunter2');
    const { cache, system } = cacheOf(source, { parse: (text) => JSON.parse(text) });
    const error = await cache.get().catch((caught: Error) => caught);
    const told = `${error}${(error as Error).stack}${(error as Error).cause}`;
    expect(told).toContain('SyntaxError');
    expect(told).not.toContain('hunter2');
    source.put('"fine"');
    system.later(1_000);
    expect((await cache.get()).value).toBe('fine');
    source.put('broken');
    system.later(100_000);
    expect((await cache.get()).value).toBe('fine');
  });

  test('a clock that goes back behind the read counts as an old value, not as an eternal one', async () => {
    const source = new InMemorySource('one');
    const { cache, system } = cacheOf(source);
    await cache.get();
    system.later(-3_600_000);
    source.put('two');
    expect((await cache.get()).value).toBe('TWO');
    source.failing = broken;
    system.later(-3_600_000);
    await expect(cache.get()).rejects.toMatchObject({ name: 'StaleSecretError' });
  });

  test('current gives what is at hand without waiting, and begins what is due behind it', async () => {
    const source = new InMemorySource('one');
    const { cache, system } = cacheOf(source);
    expect(() => cache.current()).toThrow(
      expect.objectContaining({ code: 'ERR_ROTATION_SECRET_NOT_READY' }),
    );
    await turns();
    expect(cache.current().value).toBe('ONE');
    source.put('two');
    system.later(120_000);
    expect(cache.current()).toMatchObject({ value: 'ONE', staleSince: expect.any(Date) });
    await turns();
    expect(cache.current().value).toBe('TWO');
  });

  test('a source that never refreshes is read once, never goes stale, and says that its age has no bound', async () => {
    const source = new InMemorySource('one', false);
    const { cache, system } = cacheOf(source);
    await cache.get();
    system.later(1e9);
    source.put('two');
    expect((await cache.refreshNow()).value).toBe('ONE');
    expect(cache.current()).not.toHaveProperty('staleSince');
    expect(source.reads).toBe(1);
    expect(cache).toMatchObject({ refreshes: false, maximumAge: Number.POSITIVE_INFINITY });
  });

  test('closed, it forgets the value, and a read under way brings none back', async () => {
    const source = new InMemorySource('one');
    const { cache } = cacheOf(source);
    source.hold();
    const asked = cache.get();
    cache.close();
    source.release();
    await expect(asked).rejects.toMatchObject({ code: 'ERR_ROTATION_SECRET_CACHE_CLOSED' });
    await expect(cache.get()).rejects.toMatchObject({ name: 'SecretCacheClosedError' });
    expect(cache.peek()).toBeUndefined();
  });

  test.each([
    ['maxAge', 0],
    ['maxAge', Number.NaN],
    ['refreshAhead', 100_001],
    ['staleFor', -1],
    ['cooldown', 0],
    ['maxAge', '5m' as unknown as number],
  ])('refuses %s of %s', (name, value) => {
    expect(() => cacheOf(new InMemorySource('one'), { [name]: value })).toThrow(
      expect.objectContaining({ code: 'ERR_ROTATION_CLIENT_SETTINGS' }),
    );
  });

  test('whatever happens: one read at a time, and never a value older than maxAge + staleFor', async () => {
    const happening = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('later'),
          by: fc.integer({ min: -5_000, max: 80_000 }),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          do: fc.constantFrom('get', 'current', 'refreshNow', 'hold', 'release'),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('fail'), on: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('put') }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { minLength: 20, maxLength: 60 }), async (all) => {
        const source = new InMemorySource('0');
        const { cache, system } = cacheOf(source, { parse: (text) => text });
        /** When the last read that gave this text began. */
        const lastRead = new Map<string, number>();
        const read = source.read.bind(source);
        source.read = async () => {
          const begun = system.time;
          const given = await read();
          lastRead.set(given.value, begun);
          return given;
        };
        const young = ({ value }: { value: string }) =>
          expect(system.time - (lastRead.get(value) ?? 0)).toBeLessThan(150_000);
        const answers: Promise<unknown>[] = [];
        for (const each of all) {
          if ('by' in each) {
            system.later(each.by);
          } else if ('on' in each) {
            source.failing = each.on ? broken : undefined;
          } else if (each.do === 'put') {
            source.put(String(Number(source.versionId.slice(1))));
          } else if (each.do === 'hold' || each.do === 'release') {
            source[each.do]();
          } else if (each.do === 'current') {
            try {
              young(cache.current());
            } catch (error) {
              expect(error).toMatchObject({ code: expect.stringMatching(/NOT_READY|STALE/) });
            }
          } else {
            const asked = each.do === 'get' ? cache.get() : cache.refreshNow();
            answers.push(
              asked.then(young, (error) =>
                expect(error).toMatchObject({ code: expect.stringMatching(/UNAVAILABLE|STALE/) }),
              ),
            );
          }
          await turns();
        }
        source.release();
        await Promise.all(answers);
        expect(source.mostUnderWay).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });
});
