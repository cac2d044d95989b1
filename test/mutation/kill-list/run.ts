/** Every mutant of the kill list against the suites that must notice it, and those suites without it. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Attempt } from './attempt.ts';
import type { Kill } from './kill.ts';
import { killList } from './list.ts';

const script = join(import.meta.dirname, 'attempt.ts');
const patienceMilliseconds = 900_000;

export interface Verdict {
  kill: Kill;
  /** Absent: noticed by every suite it names. */
  survived?: string;
}

/** As test/global-setup.mjs: servers of PostgreSQL run under another account and keep their templates together. */
function makeRoom(): string {
  const room = mkdtempSync(
    join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'quarterturn-kill-'),
  );
  chmodSync(room, 0o1777);
  const templates = join(room, 'postgres-templates');
  mkdirSync(templates);
  chmodSync(templates, 0o1777);
  return room;
}

/** @returns its answers, as far as it came */
async function attempts(room: string, suite: string, indices: readonly number[]) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', script, suite, ...indices.map(String)],
    {
      env: {
        ...process.env,
        TMPDIR: room,
        QUARTERTURN_POSTGRES_TEMPLATES: join(room, 'postgres-templates'),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        CDK_VALIDATION: 'false',
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  const timer = setTimeout(() => child.kill('SIGTERM'), patienceMilliseconds);
  const answers: Attempt[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('@@')) answers.push(JSON.parse(line.slice(2)) as Attempt);
  }
  clearTimeout(timer);
  return answers;
}

/** A mutant that is no program proves nothing: what fails then is the language, not a promise. */
const noProgram = /^(SyntaxError|ReferenceError)|is not defined|is not a function/;

function problemOf(suite: string, attempt: Attempt | undefined): string | undefined {
  if (attempt === undefined) return `${suite} came to no end with it`;
  const { ran, failed, broken } = attempt;
  if (broken !== undefined) return `${suite} does not load with it: ${broken.slice(0, 400)}`;
  if (ran === 0) return `${suite} has no such test`;
  const [first] = failed;
  if (first === undefined) return `${suite} is green with it (${ran} tests)`;
  return noProgram.test(first.message)
    ? `${suite} is red because it is no program: ${first.message.slice(0, 200)}`
    : undefined;
}

function problemWithout(suite: string, plain: Attempt | undefined): string | undefined {
  if (plain !== undefined && plain.ran > 0 && plain.failed.length === 0 && !plain.broken) {
    return undefined;
  }
  return `${suite} is red without it, too: ${JSON.stringify(plain ?? 'no answer').slice(0, 600)}`;
}

/** @param asked part of a name, of the broken file or of a suite; absent: all */
export async function runKillList(processes: number, asked = ''): Promise<Verdict[]> {
  const room = makeRoom();
  const suites = new Map<string, number[]>();
  const problems = new Map<number, string[]>();
  for (const [index, { name, file, red }] of killList.entries()) {
    if (![name, file, ...red.map(({ suite }) => suite)].some((it) => it.includes(asked))) continue;
    problems.set(index, []);
    for (const { suite } of red) suites.set(suite, [...(suites.get(suite) ?? []), index]);
  }
  const waiting = [...suites];

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [suite, indices] = next;
      const answers = await attempts(room, suite, indices);
      const without = problemWithout(
        suite,
        answers.find(({ index }) => index === undefined),
      );
      for (const index of indices) {
        const answer = answers.find((one) => one.index === index);
        const problem = problemOf(suite, answer) ?? without;
        const what = problem === undefined ? 'red  ' : 'GREEN';
        process.stderr.write(`${what} ${killList[index]?.name}\n`);
        if (problem !== undefined) problems.get(index)?.push(problem);
      }
    }
  }

  try {
    await Promise.all(Array.from({ length: processes }, work));
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
  return killList.flatMap((kill, index) => {
    const found = problems.get(index);
    if (found === undefined) return [];
    return found.length === 0 ? [{ kill }] : [{ kill, survived: found.join('\n  ') }];
  });
}
