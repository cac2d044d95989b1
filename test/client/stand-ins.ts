/** A source in memory and a system that stands still: what the tests of the client turn by hand. */
import { createHash } from 'node:crypto';
import type { ReadSecret, SecretSource } from '../../client/secret-source.ts';
import type { System } from '../../client/system.ts';

export class StandingSystem implements System {
  time = Date.parse('2026-05-17T17:00:00.000Z');
  next = 0.5;
  warnings: Error[] = [];
  #drawn = 0;
  now = () => new Date(this.time);
  chance = () => this.next;
  warn = (warning: Error) => void this.warnings.push(warning);
  timeLimit = () => new AbortController().signal;
  randomBytes = (count: number): Buffer => {
    const blocks: Buffer[] = [];
    for (let block = 0; block * 64 < count; block += 1) {
      blocks.push(createHash('sha512').update(`${this.#drawn}:${block}`).digest());
    }
    this.#drawn += 1;
    return Buffer.concat(blocks).subarray(0, count);
  };
  later(milliseconds: number): void {
    this.time += milliseconds;
  }
}

/** Answers at once, or when it is told to. Counts what is read, and how much at a time. */
export class InMemorySource implements SecretSource {
  readonly name = 'shop/prod/secret';
  readonly refreshes: boolean;
  value: string;
  versionId = 'v1';
  nextRotationDate: Date | undefined;
  failing: Error | undefined;
  reads = 0;
  underWay = 0;
  mostUnderWay = 0;
  #held: (() => void)[] | undefined;

  constructor(value: string, refreshes = true) {
    this.value = value;
    this.refreshes = refreshes;
  }

  put(value: string, versionId = `v${Number(this.versionId.slice(1)) + 1}`): void {
    this.value = value;
    this.versionId = versionId;
  }

  /** From now on a read waits for `release`. */
  hold(): void {
    this.#held ??= [];
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const go of held) go();
  }

  async read(): Promise<ReadSecret> {
    this.reads += 1;
    this.underWay += 1;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.underWay);
    const { value, versionId, nextRotationDate, failing } = this;
    try {
      if (this.#held !== undefined) {
        await new Promise<void>((go) => this.#held?.push(go));
      }
      if (failing !== undefined) {
        throw failing;
      }
      return { value, versionId, ...(nextRotationDate && { nextRotationDate }) };
    } finally {
      this.underWay -= 1;
    }
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) {
    await Promise.resolve();
  }
}
