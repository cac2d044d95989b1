/** One process that runs one function: started, asked one thing at a time, killed when it takes too long. */
import { type ChildProcess, fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const RUNNER = fileURLToPath(new URL('./runner.mjs', import.meta.url));
/** AWS gives a function 10 s to load; a busy laptop gets more. */
const LOADING_LIMIT = 60_000;
const END = '\u0000end ';

export interface Invocation {
  id: string;
  /** JSON text. */
  event: string;
  context: Readonly<Record<string, string>>;
  /** Milliseconds from the machine's clock to the sandbox's. */
  clockOffset: number;
  /** Milliseconds. */
  timeout: number;
}

export type ProcessOutcome =
  | { kind: 'result' | 'error'; payload: string }
  | { kind: 'timeout' }
  | { kind: 'exit'; how: string };

interface Running {
  invocation: Invocation;
  settle: (outcome: ProcessOutcome) => void;
  outcome?: ProcessOutcome;
  /** stdout and stderr have both been read to the end of this invocation. */
  streamsLeft: number;
  timer: NodeJS.Timeout;
}

export class FunctionProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #running: Running | undefined;
  #gone: string | undefined;

  constructor(
    environment: Readonly<Record<string, string>>,
    folder: string,
    clockOffset: number,
    onLine: (line: string) => void,
  ) {
    this.#child = fork(RUNNER, [String(clockOffset)], {
      cwd: folder,
      env: { ...environment },
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null) {
        createInterface({ input: stream }).on('line', (line) => this.#line(line, onLine));
      }
    }
    this.#child.on('message', (message) => this.#message(message as Message));
    this.#child.on('error', () => undefined);
    // 'close' comes when the pipes are read to their end too: no line is lost.
    this.#exited = new Promise((resolve) => {
      this.#child.on('close', (status, signal) => {
        this.#gone = signal === null ? `exit status ${status}` : `signal: ${signal}`;
        this.#finish({ kind: 'exit', how: this.#gone });
        resolve();
      });
    });
  }

  get alive(): boolean {
    return this.#gone === undefined;
  }

  invoke(invocation: Invocation): Promise<ProcessOutcome> {
    if (this.#gone !== undefined) {
      return Promise.resolve({ kind: 'exit', how: this.#gone });
    }
    return new Promise((settle) => {
      const timer = setTimeout(() => this.#expire(), LOADING_LIMIT);
      this.#running = { invocation, settle, streamsLeft: 2, timer };
      this.#child.send(invocation);
    });
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #expire(): void {
    this.#gone = 'signal: SIGKILL';
    this.#finish({ kind: 'timeout' });
    this.#child.kill('SIGKILL');
  }

  #message({ id, started, result, error }: Message): void {
    const running = this.#running;
    if (running?.invocation.id !== id) {
      return;
    }
    if (started === true) {
      clearTimeout(running.timer);
      running.timer = setTimeout(() => this.#expire(), running.invocation.timeout);
      return;
    }
    running.outcome =
      result === undefined
        ? { kind: 'error', payload: error ?? 'null' }
        : { kind: 'result', payload: result };
    this.#finishWhenRead();
  }

  #line(line: string, onLine: (line: string) => void): void {
    const end = line.indexOf(END);
    const text = end < 0 ? line : line.slice(0, end);
    if (text !== '') {
      onLine(text);
    }
    if (end >= 0 && this.#running !== undefined) {
      this.#running.streamsLeft -= 1;
      this.#finishWhenRead();
    }
  }

  #finishWhenRead(): void {
    const running = this.#running;
    if (running?.outcome !== undefined && running.streamsLeft <= 0) {
      this.#finish(running.outcome);
    }
  }

  #finish(outcome: ProcessOutcome): void {
    const running = this.#running;
    this.#running = undefined;
    if (running !== undefined) {
      clearTimeout(running.timer);
      running.settle(running.outcome ?? outcome);
    }
  }
}

interface Message {
  id: string;
  started?: boolean;
  result?: string;
  error?: string;
}
