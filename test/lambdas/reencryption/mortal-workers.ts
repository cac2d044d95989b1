/** Processes that are killed and replaced. One that survives its task is given the next one. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer, Task } from './mortal-worker.ts';

export type Ended =
  | (Extract<Answer, { kind: 'done' }> & { milliseconds: number })
  | { kind: 'killed'; milliseconds: number };

export interface MortalWorkers {
  /** `killAfter`: milliseconds after it began, from outside, wherever it is. @throws what it failed with */
  run(task: Task, killAfter?: number): Promise<Ended>;
  /** Ciphertexts that were on their way to the server since the last time this was asked. */
  sealsSent(): number;
  stop(): Promise<void>;
}

/** pg is CommonJS and asks for Node's own modules by `require`. */
const banner =
  "import { createRequire as make } from 'node:module'; const require = make(import.meta.url);";

export function startMortalWorkers(): MortalWorkers {
  const directory = mkdtempSync(join(tmpdir(), 'mortal-workers-'));
  const bundle = join(directory, 'worker.mjs');
  const esbuild = join(createRequire(import.meta.url).resolve('esbuild'), '../../bin/esbuild');
  execFileSync(esbuild, [
    join(import.meta.dirname, 'mortal-worker.ts'),
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--external:pg-native',
    `--banner:js=${banner}`,
    `--outfile=${bundle}`,
    '--log-level=warning',
  ]);
  const seals = join(directory, 'seals');
  const counter = openSync(seals, 'a');
  let counted = 0;
  const idle: ChildProcess[] = [];
  const alive = new Set<ChildProcess>();
  const spawn = () => {
    const child = fork(bundle, [], {
      execArgv: [],
      env: {},
      stdio: ['ignore', 'inherit', 'inherit', counter, 'ipc'],
    });
    alive.add(child);
    child.once('exit', () => alive.delete(child));
    return child;
  };
  return {
    async run(task, killAfter) {
      const child = idle.pop() ?? spawn();
      if ((task.dieAt !== undefined || killAfter !== undefined) && idle.length === 0) {
        // Its successor starts while it works.
        idle.push(spawn());
      }
      const ended = await lifeOf(child, task, killAfter);
      if (ended.kind === 'done') {
        idle.push(child);
      }
      return ended;
    },
    sealsSent() {
      const before = counted;
      counted = readFileSync(seals).length;
      return counted - before;
    },
    async stop() {
      await Promise.all([...alive].map(ended));
      closeSync(counter);
      rmSync(directory, { recursive: true });
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

function lifeOf(child: ChildProcess, task: Task, killAfter?: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let began = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const settle = () => {
      clearTimeout(timer);
      child.removeAllListeners('message');
      child.removeListener('exit', onExit);
      return performance.now() - began;
    };
    const onExit = (code: number | null, signal: string | null) => {
      const milliseconds = settle();
      if (signal === 'SIGKILL') {
        resolve({ kind: 'killed', milliseconds });
      } else {
        reject(
          new Error(`The worker ended with ${code ?? signal}, expected SIGKILL or an answer.`),
        );
      }
    };
    child.once('exit', onExit);
    child.on('message', (answer: Answer) => {
      if (answer.kind === 'started') {
        began = performance.now();
        if (killAfter !== undefined) {
          timer = setTimeout(() => child.kill('SIGKILL'), killAfter);
        }
      } else if (answer.kind === 'failed') {
        settle();
        reject(new Error(answer.message));
      } else {
        resolve({ ...answer, milliseconds: settle() });
      }
    });
    child.send(task);
  });
}
