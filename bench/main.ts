/**
 * Measures, and writes docs/benchmarks.md.
 *
 *     npm run bench                            all of it, in a few minutes
 *     npm run bench -- reencryption            that section alone; the others stay as they are
 *     npm run bench -- client                  likewise; scan, too
 *     npm run bench -- reencryption --full     a million rows, and tables of up to five million
 *     npm run bench -- --quick --output x.md   one of each: that it works, not how fast
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { World } from '../test/integration/world.ts';
import { withEveryBundle } from './bundles.ts';
import { clientPlans, measureClient } from './client.ts';
import { clientSection } from './client-section.ts';
import { measureColdStarts } from './cold-starts.ts';
import { costOf } from './cost.ts';
import { memoryOf } from './deployment.ts';
import { documentOf, withSection } from './document.ts';
import { measureEmptyInvocation } from './empty-invocation.ts';
import { machine } from './measure.ts';
import { measureReencryption, reencryptionPlans } from './reencryption/chapter.ts';
import { reencryptionSection } from './reencryption/section.ts';
import { measureRotation, plans, type RotationFigures } from './rotations.ts';
import { measureScan, scanPlans } from './scan.ts';
import { scanSection } from './scan-section.ts';
import { manySecrets, measureSynthesis } from './synthesis.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    output: { type: 'string', default: join(import.meta.dirname, '../docs/benchmarks.md') },
  },
});
const runs = values.quick
  ? { cold: 1, rotation: 1, empty: 3, synthesis: 1 }
  : { cold: 20, rotation: 20, empty: 50, synthesis: 3 };

const started = performance.now();
const say = (what: string) => console.error(`${seconds().toFixed(0).padStart(4)} s  ${what}`);
const seconds = () => (performance.now() - started) / 1000;

const plan = reencryptionPlans[values.quick ? 'quick' : values.full ? 'full' : 'usual'];
const output = resolve(values.output);
const scanPlan = scanPlans[values.quick ? 'quick' : values.full ? 'full' : 'usual'];
const clientPlan = clientPlans[values.quick ? 'quick' : 'usual'];
const chapters: Readonly<Record<string, () => Promise<string>>> = {
  reencryption: async () => reencryptionSection(await measureReencryption(plan, say)),
  client: async () => clientSection(await measureClient(clientPlan)),
  scan: async () => scanSection(measureScan(scanPlan)),
};
const [chapter, ...more] = positionals;
const measured = chapter === undefined ? undefined : chapters[chapter];
if (more.length > 0 || (chapter !== undefined && measured === undefined)) {
  throw new Error(
    `There is no chapter ${positionals.join(' ')}; name ${Object.keys(chapters).join(' or ')}, or none.`,
  );
}
writeFileSync(
  output,
  measured === undefined
    ? await everything()
    : withSection(readFileSync(output, 'utf8'), await measured()),
);
say(`written to ${values.output}`);

async function everything(): Promise<string> {
  say('the client');
  const client = await measureClient(clientPlan);

  say('synthesis');
  const syntheses = [
    measureSynthesis('the example: 4 secrets that rotate', runs.synthesis),
    ...(values.quick
      ? []
      : [measureSynthesis('50 signing secrets', runs.synthesis, manySecrets(50))]),
  ];

  say('cold starts');
  const { cold, memory } = await measureDeployment();

  say('the sandbox, with the example in it');
  const chosen = values.quick ? plans.filter(({ key }) => key === 'jwt' || key === 'db') : plans;
  // The columns of the encryption key are in the database: its credential comes first.
  const world = await World.withValues(chosen.map(({ key }) => key));
  try {
    const rotations: RotationFigures[] = [];
    for (const each of chosen) {
      say(`rotation: ${each.kind}`);
      rotations.push(await measureRotation(world, each, runs.rotation));
    }
    say('empty invocation');
    const emptyInvocation = await measureEmptyInvocation(runs.empty);
    const costs = rotations.map((figures) => costOf(figures, memory, cold));
    const reencryption = await measureReencryption(plan, say);
    say('a scan');
    const scan = measureScan(scanPlan);
    const figures = { machine: machine(new Date()), seconds: seconds(), cold, emptyInvocation };
    return documentOf({ ...figures, rotations, syntheses, costs, reencryption, client, scan });
  } finally {
    await world.stop();
  }
}

/** The example with everything in it; where rotations are measured, no rows follow them. */
async function measureDeployment() {
  const whole = await World.start(undefined, 'following');
  try {
    const memory = memoryOf(whole);
    const cold = await withEveryBundle((functions) => measureColdStarts(functions, runs.cold));
    return { memory, cold };
  } finally {
    await whole.stop();
  }
}
