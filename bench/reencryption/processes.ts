/** Processes that begin at the same moment: each is loaded and waits before the clock starts. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

export interface Bundles {
  readonly worker: string;
  readonly crypto: string;
  remove(): void;
}

/** As functions are bundled: what runs is JavaScript in one file, and no compiler is in its memory. */
export async function bundled(): Promise<Bundles> {
  const outdir = mkdtempSync(join(tmpdir(), 'quarterturn-bench-'));
  await build({
    entryPoints: ['worker', 'crypto'].map((name) => join(import.meta.dirname, `${name}.ts`)),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'],
    external: ['pg-native'],
    banner: {
      js: "import { createRequire as qtCreateRequire } from 'node:module'; const require = qtCreateRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  return {
    worker: join(outdir, 'worker.mjs'),
    crypto: join(outdir, 'crypto.mjs'),
    remove: () => rmSync(outdir, { recursive: true, force: true }),
  };
}

export interface Raced<Answer> {
  seconds: number;
  answers: Answer[];
}

/** One process an order; from the moment all were told to begin until the last one is done. */
export async function race<Answer>(
  script: string,
  orders: readonly object[],
  execArgv: readonly string[] = [],
): Promise<Raced<Answer>> {
  const { PATH = '', HOME = '' } = process.env;
  const children = orders.map(() => fork(script, { execArgv: [...execArgv], env: { PATH, HOME } }));
  try {
    await Promise.all(
      children.map(async (child, at) => {
        child.send(orders[at] ?? {});
        await answerOf(child);
      }),
    );
    const started = performance.now();
    const answers = await Promise.all(
      children.map((child) => {
        child.send('go');
        return answerOf(child) as Promise<Answer>;
      }),
    );
    return { seconds: (performance.now() - started) / 1_000, answers };
  } finally {
    for (const child of children) {
      await ended(child);
    }
  }
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`The process ended with ${code ?? signal} and without an answer.`)),
    );
  });
}

/** By itself, once its answer is sent; what has not ended after ten seconds is ended. */
function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(force);
      resolve();
    });
  });
}
