/**
 * Measures, and writes docs/benchmarks.md.
 *
 *     npm run bench                            all of it, in less than four minutes
 *     npm run bench -- --quick --output x.md   one of each: that it works, not how fast
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { World } from '../test/integration/world.ts';
import { measureColdStarts } from './cold-starts.ts';
import { costOf } from './cost.ts';
import { deploymentOf } from './deployment.ts';
import { documentOf } from './document.ts';
import { measureEmptyInvocation } from './empty-invocation.ts';
import { machine } from './measure.ts';
import { measureRotation, plans, type RotationFigures } from './rotations.ts';
import { manySecrets, measureSynthesis } from './synthesis.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    output: { type: 'string', default: join(import.meta.dirname, '../docs/benchmarks.md') },
  },
});
const runs = values.quick
  ? { cold: 1, rotation: 1, empty: 3, synthesis: 1 }
  : { cold: 20, rotation: 20, empty: 50, synthesis: 3 };

const started = performance.now();
const say = (what: string) => console.error(`${seconds().toFixed(0).padStart(4)} s  ${what}`);
const seconds = () => (performance.now() - started) / 1000;

say('synthesis');
const syntheses = [
  measureSynthesis('the example: 4 secrets that rotate', runs.synthesis),
  ...(values.quick
    ? []
    : [measureSynthesis('50 signing secrets', runs.synthesis, manySecrets(50))]),
];

say('the sandbox, with the example in it');
const chosen = values.quick ? plans.filter(({ key }) => key === 'jwt' || key === 'db') : plans;
// The columns of the encryption key are in the database: its credential comes first.
const world = await World.withValues(chosen.map(({ key }) => key));
try {
  const deployment = await deploymentOf(world);
  const rotations: RotationFigures[] = [];
  for (const plan of chosen) {
    say(`rotation: ${plan.kind}`);
    rotations.push(await measureRotation(world, plan, runs.rotation));
  }
  say('empty invocation');
  const emptyInvocation = await measureEmptyInvocation(runs.empty);
  say('cold starts');
  const cold = measureColdStarts(deployment.functions, runs.cold);
  const costs = rotations.map((figures) => costOf(figures, deployment.memory, cold));
  const output = resolve(values.output);
  const figures = { machine: machine(new Date()), seconds: seconds(), cold, emptyInvocation };
  writeFileSync(output, documentOf({ ...figures, rotations, syntheses, costs }));
  say(`written to ${values.output}`);
} finally {
  await world.stop();
}
