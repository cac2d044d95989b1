/**
 * `npm run mutation`: the kill list, the strata, a sample of everything else. `-- --kill-list [part of a name]`,
 * `-- --stratum <id>`, `-- --sample all|domain|lambdas [share]` for one of them; `-- --full` for every mutant there
 * is, which goes on where it was stopped. SEED draws the sample, MUTATION_PROCESSES says how many processes work.
 */
import { parseArgs } from 'node:util';
import { recordFigures } from '../assurance/figures.ts';
import { runKillList } from './kill-list/run.ts';
import { interval, scoreOf, scoreOfCovered } from './score.ts';
import { type Stratum, strata } from './strata.ts';
import { mutate, survivorsOf } from './stryker.ts';

const seed = Number(process.env.SEED ?? 20_260_517);
const processes = Number(process.env.MUTATION_PROCESSES ?? 2);
const goalOfAll = 85;
const everything = ['lambdas/**/*.ts', 'domain/**/*.ts'];
/** Of 41,000 mutants: an interval of some 2 points to each side. */
const usualShare = 0.03;

// Suites are run in their short form, whatever is written down of them.
delete process.env.PROOF;

const problems: string[] = [];

async function killList(part: string): Promise<void> {
  const verdicts = await runKillList(processes, part);
  const survivors = verdicts.filter(({ survived }) => survived !== undefined);
  if (part === '') {
    const [mutants, survived] = [verdicts.length, survivors.length];
    recordFigures('mutation-kill-list', seed, { mutants, survivors: survived });
  }
  problems.push(...survivors.map(({ kill, survived }) => `survived: ${kill.name}\n  ${survived}`));
}

async function stratum({ id, mutate: files, suites, goal }: Stratum): Promise<void> {
  const run = await mutate({ id, files, suites, processes });
  const { tally } = run;
  const score = scoreOf(tally);
  process.stdout.write(survivorsOf(run));
  recordFigures(`mutation-${id}`, seed, { ...tally, score, goal });
  if (score < goal) problems.push(`${id}: ${score} of 100, expected ${goal}`);
}

/** What a sample is drawn from. Every suite that runs in memory and comes by sees its mutants. */
const parts: Readonly<Record<string, readonly string[]>> = {
  all: everything,
  domain: ['domain/**/*.ts'],
  lambdas: ['lambdas/**/*.ts'],
};

async function sample(part: string, share: number): Promise<void> {
  const files = parts[part];
  if (files === undefined) throw new Error(`one of ${Object.keys(parts).join(', ')}`);
  const id = part === 'all' ? 'sample' : `sample-${part}`;
  const run = await mutate({ id, files, processes, draw: { seed, share } });
  const { tally } = run;
  const score = scoreOf(tally);
  process.stdout.write(survivorsOf(run));
  recordFigures(`mutation-${id}`, seed, {
    ...tally,
    score,
    ...interval(tally),
    scoreOfCovered: scoreOfCovered(tally),
    goal: goalOfAll,
  });
  if (score < goalOfAll) problems.push(`${id}: ${score} of 100, expected ${goalOfAll}`);
}

async function full(): Promise<void> {
  const run = await mutate({ id: 'full', files: everything, processes, resume: true });
  const score = scoreOf(run.tally);
  recordFigures('mutation-full', seed, {
    ...run.tally,
    score,
    scoreOfCovered: scoreOfCovered(run.tally),
  });
  if (score < goalOfAll) problems.push(`all: ${score} of 100, expected ${goalOfAll}`);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    'kill-list': { type: 'boolean' },
    stratum: { type: 'string' },
    sample: { type: 'string' },
    full: { type: 'boolean' },
  },
});
if (values['kill-list']) await killList(positionals[0] ?? '');
else if (values.stratum !== undefined) {
  const asked = strata.find(({ id }) => id === values.stratum);
  if (asked === undefined) throw new Error(`one of ${strata.map(({ id }) => id).join(', ')}`);
  await stratum(asked);
} else if (values.sample !== undefined) {
  await sample(values.sample, Number(positionals[0] ?? usualShare));
} else if (values.full) await full();
else {
  await killList('');
  for (const each of strata) await stratum(each);
  await sample('all', usualShare);
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);
