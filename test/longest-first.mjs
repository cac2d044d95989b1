/**
 * In a fresh clone Jest knows no durations and begins with the largest files; here some of the smallest take
 * longest, and the last one would keep one worker busy alone. Once durations are known, they decide.
 */
import { createRequire } from 'node:module';

// Jest's own, wherever it is installed: a dependency of its dependency, not ours.
const jest = createRequire(createRequire(import.meta.url).resolve('jest'));
const { default: Sequencer } = createRequire(jest.resolve('@jest/core'))('@jest/test-sequencer');

/** What a full proof adds is here, so much that one of them begun last would go on alone for a quarter of an hour. */
const longInFull =
  /\/test\/(matrix|races|model|leaks|integration\/emergency|lambdas\/reencryption\/sigkill)\b/;
/** They deploy stages, start servers or processes. */
const long = /\/test\/(integration|matrix|demo|pack|bench|bin|lib|cli\/child-process)\b/;

const isFull = process.env.PROOF === 'full';

export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    if (sorted.some(({ duration }) => duration !== undefined)) {
      return sorted;
    }
    const rank = (path) => (isFull && longInFull.test(path) ? 0 : long.test(path) ? 1 : 2);
    return sorted.toSorted((a, b) => rank(a.path) - rank(b.path));
  }
}
