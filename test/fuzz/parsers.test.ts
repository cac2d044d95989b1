/** Every parser of the product under attack; one that is added without a target turns this red. */
import { afterAll, describe, expect, test } from '@jest/globals';
import { type Attacked, attack, isTyped, settled, type Target } from './target.ts';
import { all } from './targets/all.ts';
import { cleanUp } from './targets/scan.ts';

const sum: Attacked & { targets: number } = {
  targets: 0,
  inputs: 0,
  accepted: 0,
  uncaught: 0,
  echoed: 0,
};

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
    700_000,
  );
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
  console.log(sum);
});
