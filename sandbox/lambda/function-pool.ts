/**
 * The processes of one function. Each runs one invocation at a time, as a Lambda execution environment
 * does; more at once get processes of their own, up to a limit, and wait beyond it.
 */
import type { FunctionProcess, Invocation, ProcessOutcome } from './function-process.ts';

export class FunctionPool {
  readonly #start: () => FunctionProcess;
  readonly #limit: number;
  readonly #idle: FunctionProcess[] = [];
  readonly #all = new Set<FunctionProcess>();
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #retired = false;
  #draining = false;

  constructor(start: () => FunctionProcess, limit: number) {
    this.#start = start;
    this.#limit = limit;
  }

  async invoke(invocation: () => Invocation): Promise<ProcessOutcome> {
    while (this.#busy >= this.#limit) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#retired) {
      this.#waiting.shift()?.();
      return { kind: 'exit', how: 'the sandbox has stopped' };
    }
    this.#busy += 1;
    const process = this.#take();
    try {
      return await process.invoke(invocation());
    } finally {
      if (process.alive && this.#draining) {
        this.#all.delete(process);
        await process.kill();
      } else if (process.alive) {
        this.#idle.push(process);
      } else {
        this.#all.delete(process);
      }
      this.#busy -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Lets what is running end, then ends its process: a new version of the function takes over. */
  async drain(): Promise<void> {
    this.#draining = true;
    await Promise.all(this.#idle.splice(0).map((process) => process.kill()));
  }

  /** Ends every process, and an invocation with it; whoever asks later gets the same answer, no process. */
  async retire(): Promise<void> {
    this.#retired = true;
    this.#idle.length = 0;
    await Promise.all([...this.#all].map((process) => process.kill()));
    this.#all.clear();
  }

  #take(): FunctionProcess {
    for (let process = this.#idle.pop(); process !== undefined; process = this.#idle.pop()) {
      if (process.alive) {
        return process;
      }
      this.#all.delete(process);
    }
    const started = this.#start();
    this.#all.add(started);
    return started;
  }
}
