/** The reference application as a process of its own: its own credentials, the sandbox's clock, its log kept. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ProofFailedError } from './proof.ts';

const root = join(import.meta.dirname, '..');
/** Of the log, for the last check: more than a demo writes. */
const keptCharacters = 32 * 1024 * 1024;

export class ChildApplication {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | string>;
  readonly #waiting: (() => void)[] = [];
  #written = '';
  #exit: number | string | undefined;

  /**
   * @param environment all of it: nothing of this process's own reaches it
   * @param now of the sandbox
   */
  constructor(environment: Readonly<Record<string, string>>, now: Date) {
    this.#child = spawn(
      process.execPath,
      [
        ...['--import', 'tsx', '--import', './demo/in-sandbox-time.ts'],
        'examples/pharmacy-api/start.ts',
      ],
      {
        cwd: root,
        env: { ...environment, SANDBOX_CLOCK_OFFSET: String(now.getTime() - Date.now()) },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    const keep = (chunk: Buffer) => {
      this.#written = (this.#written + chunk.toString('utf8')).slice(-keptCharacters);
    };
    this.#child.stdout?.on('data', keep);
    this.#child.stderr?.on('data', keep);
    this.#child.on('message', () => this.#waiting.shift()?.());
    this.#ended = new Promise((resolve) => {
      const end = (how: number | string) => {
        this.#exit = how;
        resolve(how);
        for (const known of this.#waiting.splice(0)) known();
      };
      this.#child.once('error', ({ message }) => end(message));
      this.#child.once('close', (code, signal) => end(code ?? signal ?? 'unknown'));
    });
  }

  /** Everything it wrote to stdout and stderr. */
  get written(): string {
    return this.#written;
  }

  /** Resolves with its address. @throws ProofFailedError when it ends before it listens */
  listening(): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const address = /Server listening at (http:\/\/127\.0\.0\.1:\d+)/.exec(this.#written)?.[1];
        if (address !== undefined) {
          this.#child.stdout?.off('data', look);
          resolve(address);
        }
      };
      this.#child.stdout?.on('data', look);
      look();
      void this.#ended.then((how) =>
        reject(new ProofFailedError(`The application ended with ${how}:\n${this.#written}`)),
      );
    });
  }

  /** Tells it the time; resolves when it lives by it, or has ended. */
  follow(now: Date): Promise<void> {
    return new Promise((known) => {
      if (this.#exit !== undefined || !this.#child.connected) {
        known();
        return;
      }
      this.#waiting.push(known);
      this.#child.send({ clockOffset: now.getTime() - Date.now() }, () => undefined);
    });
  }

  /** SIGTERM, as a deployment ends a task. @returns its exit code, or the signal that ended it */
  end(): Promise<number | string> {
    this.#child.kill('SIGTERM');
    return this.#ended;
  }

  /** At once; for what is left when the demo ends early. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
