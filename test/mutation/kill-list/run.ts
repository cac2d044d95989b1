/** Every mutant of the kill list against the suites that must notice it, and those suites without it. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SuiteAttempt } from './attempt.ts';
import type { Kill } from './kill.ts';
import { killList } from './list.ts';

const script = join(import.meta.dirname, 'attempt.ts');
const patienceMilliseconds = 300_000;

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

function attempt(room: string, index: number, form: 'mutated' | 'plain'): Promise<SuiteAttempt[]> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', script, String(index), form], {
      env: {
        ...process.env,
        TMPDIR: room,
        QUARTERTURN_POSTGRES_TEMPLATES: join(room, 'postgres-templates'),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        CDK_VALIDATION: 'false',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    let wrong = '';
    child.stdout.on('data', (text) => {
      told += text;
    });
    child.stderr.on('data', (text) => {
      wrong = (wrong + text).slice(-4_000);
    });
    const timer = setTimeout(() => child.kill('SIGTERM'), patienceMilliseconds);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const answer = /^@@(.*)$/m.exec(told)?.[1];
      if (answer !== undefined) resolve(JSON.parse(answer));
      else reject(new Error(`no answer (${code ?? signal}): ${wrong}`));
    });
  });
}

/** A mutant that is no program proves nothing: what fails then is the language, not a promise. */
const noProgram = /^(SyntaxError|ReferenceError)|is not defined|is not a function/;

function problemOf(attempts: readonly SuiteAttempt[]): string | undefined {
  for (const { suite, ran, failed, broken } of attempts) {
    if (broken !== undefined) return `${suite} does not load: ${broken.slice(0, 400)}`;
    if (ran === 0) return `${suite} ran no test`;
    const [first] = failed;
    if (first === undefined) return `${suite} is green (${ran} tests)`;
    if (noProgram.test(first.message)) {
      return `${suite} fails because the mutant is no program: ${first.message.slice(0, 200)}`;
    }
  }
  return undefined;
}

/** @param asked part of a name; absent: all */
export async function runKillList(processes: number, asked = ''): Promise<Verdict[]> {
  const room = makeRoom();
  const verdicts: Verdict[] = [];
  const plain = new Map<string, Promise<string | undefined>>();
  const waiting = killList
    .map((kill, index) => ({ kill, index }))
    .filter(({ kill }) => kill.name.includes(asked) || kill.file.includes(asked));

  /** Green without the mutant, asked once for the same tests. */
  async function isGreen(kill: Kill, index: number): Promise<string | undefined> {
    const tests = JSON.stringify(kill.red.map(({ suite, only }) => `${suite} ${only ?? ''}`));
    const known =
      plain.get(tests) ??
      attempt(room, index, 'plain').then((attempts) => {
        const wrong = attempts.find(
          ({ ran, failed, broken }) => ran === 0 || failed.length > 0 || broken !== undefined,
        );
        return wrong && `without the mutant, too: ${JSON.stringify(wrong).slice(0, 600)}`;
      });
    plain.set(tests, known);
    return known;
  }

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { kill, index } = next;
      const survived = await attempt(room, index, 'mutated')
        .then(async (attempts) => problemOf(attempts) ?? (await isGreen(kill, index)))
        .catch((error: Error) => error.message);
      verdicts.push({ kill, ...(survived !== undefined && { survived }) });
      const what = survived === undefined ? 'killed  ' : 'SURVIVED';
      process.stderr.write(`${what} ${kill.name}${survived ? `\n         ${survived}` : ''}\n`);
    }
  }

  try {
    await Promise.all(Array.from({ length: processes }, work));
  } finally {
    rmSync(room, { recursive: true, force: true });
  }
  return verdicts;
}
