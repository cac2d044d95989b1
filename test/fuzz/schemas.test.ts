/**
 * Every schema of the product, found in its modules: whatever it is given, it says yes or no. A refinement that
 * throws instead (`new URL`, a field that is not there yet) would be an error nobody expects, with the input in it.
 */
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readAs } from '../../domain/events/read-as.ts';
import example from '../../rotation.config.ts';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { documents } from './mutations.ts';
import { ofSchema } from './of-schema.ts';
import { type Schema, schemas, transforms } from './schemas.ts';
import { type Attacked, attack, seed } from './target.ts';

let all: Schema[];
beforeAll(async () => {
  all = await schemas();
});

/** What no drawing meets: a rule of one field about another, or a name that is looked up. These begin with an example. */
const { pii } = example.secrets as unknown as Record<string, { columns: unknown[] }>;
const arn = 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:pharmacy/prod/db-AbCdEf';
const examples: Readonly<Record<string, unknown>> = {
  'domain/config/column-schema.ts: columnSchema': pii?.columns[0],
  'domain/config/format-schema.ts: writtenFormatSchema': 'qt1',
  'domain/config/network-schema.ts: newNetworkSchema': { cidr: '10.42.0.0/24' },
  'domain/config/rotation-config.ts: rotationConfigSchema': example,
  'domain/config/secret-schemas.ts: existingSecretSchema': {
    secretArn: arn,
    kmsKeyArn: 'arn:aws:kms:eu-west-1:000000000000:key/0b1c',
  },
  'lambdas/user-managed/environment.ts: userManagedEnvironmentSchema': undefined,
};

test('every schema answers yes or no, and what it read it reads again as the same', async () => {
  const silent: string[] = [];
  const sum: Attacked = { inputs: 0, accepted: 0, uncaught: 0, echoed: 0 };
  for (const { name, schema } of all) {
    const same = !transforms(schema);
    const known = examples[name];
    let accepted = 0;
    const figures = await attack({
      name,
      inputs: (canary) =>
        documents(
          known === undefined
            ? ofSchema(schema)
            : fc.oneof(fc.constant(JSON.parse(JSON.stringify(known))), ofSchema(schema)),
          canary,
        ),
      run: (input) => readAs(schema, input),
      holds(answer) {
        const { success, data } = answer as ReturnType<typeof readAs>;
        if (!success) return;
        accepted += 1;
        if (same) expect(schema.parse(data)).toEqual(data);
      },
    });
    for (const figure of ['inputs', 'uncaught', 'echoed'] as const) sum[figure] += figures[figure];
    sum.accepted += accepted;
    if (accepted === 0) silent.push(name);
  }
  expect(all.length).toBeGreaterThan(200);
  // Few drawings may miss what is rare; the full form misses nothing but what no drawing meets.
  const missed = silent.filter((name) => !Object.hasOwn(examples, name));
  expect(missed.length).toBeLessThanOrEqual(isFull ? 0 : 15);
  const { inputs, accepted, uncaught, echoed } = sum;
  recordFigures('fuzz-schemas', seed, { targets: all.length, inputs, accepted, uncaught, echoed });
}, 3_600_000);
