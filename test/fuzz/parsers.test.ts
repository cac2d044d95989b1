/** Every parser of the product under attack; one that is added without a target turns this red. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { recordFigures } from '../assurance/figures.ts';
import { withoutTarget } from './exceptions.ts';
import { countCalls, decoders, parsers } from './reached.ts';
import { type Attacked, attack, isTyped, seed, settled, type Target } from './target.ts';
import { all } from './targets/all.ts';
import { withoutSeeds } from './targets/events.ts';
import { cleanUp } from './targets/scan.ts';

const sum: Attacked & { targets: number } = {
  targets: 0,
  inputs: 0,
  accepted: 0,
  uncaught: 0,
  echoed: 0,
};

const calls = countCalls();

describe('whatever it is given, a parser answers or refuses in its own words', () => {
  test.each(all.map((target) => [target.name, target] as const))(
    '%s',
    async (_name, target) => {
      await beginsRight(target as Target);
      const figures = await attack(target as Target);
      sum.targets += 1;
      for (const name of ['inputs', 'accepted', 'uncaught', 'echoed'] as const)
        sum[name] += figures[name];
    },
    1_800_000,
  );
});

test('every parser there is was under attack', () => {
  const called = calls.stop();
  expect(parsers.length).toBeGreaterThan(60);
  expect(parsers.filter((parser) => !called.has(parser))).toEqual([]);
  const files = new Set([...called].map((name) => name.split(': ')[0]));
  expect(decoders.length).toBeGreaterThan(40);
  const left = decoders.filter((file) => !files.has(file));
  expect(left.filter((file) => !Object.hasOwn(withoutTarget, file))).toEqual([]);
  expect(Object.keys(withoutTarget).filter((file) => !decoders.includes(file))).toEqual([]);
  expect(withoutSeeds).toEqual([]);
});

/** A parser that refused everything, or took everything, would keep every promise. */
async function beginsRight(target: Target): Promise<void> {
  if (target.accepts !== undefined) {
    const { answer, threw, error } = await settled(() => target.run(target.accepts));
    if (threw) throw error;
    await target.holds?.(answer, target.accepts);
  }
  if (target.refuses !== undefined) {
    const { threw, error } = await settled(() => target.run(target.refuses));
    expect(threw).toBe(true);
    expect(isTyped(error) || target.isOwn?.(error) === true).toBe(true);
  }
}

afterAll(() => {
  cleanUp();
  recordFigures('fuzz', seed, { ...sum });
});
