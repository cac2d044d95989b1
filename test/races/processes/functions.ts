/** Processes of rotation functions, one for each name, kept warm from race to race; every call of theirs is scheduled. */
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Schedule } from '../schedule.ts';
import type { FromFunction, Placed, ToFunction } from './function-process.ts';

/** pg is CommonJS and asks for Node's own modules by `require`. */
const banner =
  "import { createRequire as make } from 'node:module'; const require = make(import.meta.url);";

interface Running {
  readonly child: ChildProcess;
  /** Calls that were let go and have not come back. */
  readonly inFlight: Map<number, () => void>;
  readonly events: Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>;
  /** Calls that wait for their turn. */
  gates: number;
  schedule: Schedule | undefined;
  log: (line: { level: string; event: string; code: unknown }) => void;
}

export class Functions {
  readonly #folder = mkdtempSync(join(tmpdir(), 'race-functions-'));
  readonly #running = new Map<string, Running>();
  #changed: () => void = () => undefined;
  #ids = 0;

  constructor() {
    const esbuild = join(createRequire(import.meta.url).resolve('esbuild'), '../../bin/esbuild');
    execFileSync(esbuild, [
      join(import.meta.dirname, 'function-process.ts'),
      ...['--bundle', '--platform=node', '--format=esm', '--external:pg-native'],
      ...[`--banner:js=${banner}`, `--outfile=${this.#bundle}`, '--log-level=warning'],
      // The doors are asked by the names of the SDK's commands.
      '--keep-names',
    ]);
  }

  get #bundle(): string {
    return join(this.#folder, 'function.mjs');
  }

  invoke(
    name: string,
    schedule: Schedule,
    log: Running['log'],
    placed: Placed,
    event: unknown,
  ): Promise<unknown> {
    const running = this.#named(name);
    const id = ++this.#ids;
    running.schedule = schedule;
    running.log = log;
    return new Promise((resolve, reject) => {
      running.events.set(id, { resolve, reject });
      send(running.child, { kind: 'invoke', id, placed, event });
    });
  }

  /**
   * Nobody can go further by itself: each function waits for its turn, is through, or waits in the database.
   * @param blocked how many sessions wait for a lock
   */
  async quiet(blocked: () => Promise<number>): Promise<void> {
    for (;;) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      const all = [...this.#running.values()];
      const asked = all.filter(({ events }) => events.size > 0);
      const away = asked.filter(({ inFlight }) => inFlight.size > 0);
      const thinking = asked.filter(({ inFlight, gates }) => inFlight.size === 0 && gates === 0);
      if (thinking.length === 0 && away.length === 0) return;
      if (thinking.length === 0 && (await blocked()) >= away.length) return;
      if (thinking.length > 0) await this.#change();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(
      [...this.#running.values()].map(
        ({ child }) =>
          new Promise((resolve) => {
            child.once('exit', resolve);
            child.kill('SIGKILL');
          }),
      ),
    );
    rmSync(this.#folder, { recursive: true });
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }

  #named(name: string): Running {
    const known = this.#running.get(name);
    if (known !== undefined) return known;
    const child = fork(this.#bundle, [], {
      execArgv: [],
      env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    });
    const running: Running = {
      child,
      inFlight: new Map(),
      events: new Map(),
      gates: 0,
      schedule: undefined,
      log: () => undefined,
    };
    child.on('message', (message: FromFunction) => {
      this.#hear(name, running, message);
      this.#changed();
    });
    child.on('exit', () => {
      for (const { reject } of running.events.values()) reject(new Error(`${name} ended`));
    });
    this.#running.set(name, running);
    return running;
  }

  #hear(name: string, running: Running, message: FromFunction): void {
    switch (message.kind) {
      case 'gate': {
        running.gates++;
        const { call, site } = message;
        void running.schedule?.call(name, site, () => {
          running.gates--;
          return new Promise<void>((resolve) => {
            running.inFlight.set(call, resolve);
            send(running.child, { kind: 'go', call });
          });
        });
        break;
      }
      case 'done':
        running.inFlight.get(message.call)?.();
        running.inFlight.delete(message.call);
        break;
      case 'log':
        running.log(message);
        break;
      case 'answer':
        running.events.get(message.id)?.resolve(message.answer);
        running.events.delete(message.id);
        break;
      case 'failure': {
        const { code, message: text } = message;
        running.events.get(message.id)?.reject(Object.assign(new Error(text), { code }));
        running.events.delete(message.id);
      }
    }
  }
}

function send(child: ChildProcess, message: ToFunction): void {
  child.send(message);
}
