/**
 * In a fresh clone Jest knows no durations and begins with the largest files; here some of the smallest take
 * longest, and the last one would keep one worker busy alone. Once durations are known, they decide.
 */
import { createRequire } from 'node:module';

// Jest's own, wherever it is installed: a dependency of its dependency, not ours.
const jest = createRequire(createRequire(import.meta.url).resolve('jest'));
const { default: Sequencer } = createRequire(jest.resolve('@jest/core'))('@jest/test-sequencer');

/** They deploy stages, start servers or processes. */
const long = /\/test\/(integration|matrix|demo|pack|bench|bin|lib|cli\/child-process)\b/;

export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    if (sorted.some(({ duration }) => duration !== undefined)) {
      return sorted;
    }
    const [first, then] = [true, false].map((wanted) =>
      sorted.filter(({ path }) => long.test(path) === wanted),
    );
    return [...first, ...then];
  }
}
