/**
 * Every schema of the product, found in its modules: whatever it is given, it says yes or no. A refinement that
 * throws instead (`new URL`, a field that is not there yet) would be an error nobody expects, with the input in it.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { documents } from './mutations.ts';
import { ofSchema } from './of-schema.ts';
import { type Schema, schemas, transforms } from './schemas.ts';
import { type Attacked, attack } from './target.ts';

let all: Schema[];
beforeAll(async () => {
  all = await schemas();
});

test('every schema answers yes or no, and what it read it reads again as the same', async () => {
  const silent: string[] = [];
  const sum: Attacked = { inputs: 0, accepted: 0, uncaught: 0, echoed: 0 };
  for (const { name, schema } of all) {
    const same = !transforms(schema);
    let accepted = 0;
    const figures = await attack({
      name,
      inputs: (canary) => documents(ofSchema(schema), canary),
      run: (input) => schema.safeParse(input),
      holds(answer, input) {
        const { success, data } = answer as ReturnType<typeof schema.safeParse>;
        if (!success) return;
        accepted += 1;
        expect(structuredClone(input)).toEqual(input);
        if (same) expect(schema.parse(data)).toEqual(data);
      },
    });
    sum.inputs += figures.inputs;
    if (accepted === 0) silent.push(name);
  }
  console.log(all.length, sum, silent);
}, 600_000);
