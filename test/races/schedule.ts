/**
 * One interleaving of several participants. Every call at a door is a point of the schedule: whoever comes to one
 * waits there until fast-check's scheduler lets it go, and nobody else is let go before that call had its effect.
 *
 * A schedule may also hold one participant at one of its calls until nobody else can go on: the window between a
 * look and what is done after it is short, and a fair draw seldom puts all of another's work into it.
 */
import type { Scheduler } from 'fast-check';

export interface Participant {
  readonly name: string;
  /** Begins after so many calls of the others, or as soon as they can go no further. @default 0 */
  readonly after?: number;
  run(): Promise<unknown>;
}

/** Held at its `at`-th call until everybody else has come to rest. */
export interface Hold {
  readonly name: string;
  readonly at: number;
}

export class StuckError extends Error {
  override readonly name = 'StuckError';
}

/** What a participant came to: refusals are answers here, and looked at by the race. */
export type Outcome = PromiseSettledResult<unknown>;

/** Turns of the event loop in which nothing came to a door: by then nobody will. */
const turnsOfPatience = 200;

/** What they leave as it was needs no second look. */
const reads =
  /^(GetItem|Query|DescribeSecret|GetSecretValue|ListSecret|select (?!.*lock)|login|with |sleep)/;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export class Schedule {
  /** Who called what, in the order in which it happened. */
  readonly calls: { name: string; site: string }[] = [];
  /** Looked at after every call that may have changed something. */
  invariants: (call: { name: string; site: string }) => Promise<void> = async () => undefined;
  /** Nobody goes further by itself any more. */
  quiet: () => Promise<void> = async () => {
    await turn();
    await turn();
  };
  readonly #scheduler: Scheduler | undefined;
  readonly #hold: Hold | undefined;
  readonly #counts = new Map<string, number>();
  readonly #sleepers: (() => void)[] = [];
  #release: (() => void) | undefined;
  #broken: { error: unknown } | undefined;
  /** Looks that are not over: a real server takes its time to answer one. */
  readonly #looks = new Set<Promise<void>>();

  /** @param scheduler absent: every call is let go at once, as before and after a race */
  constructor(scheduler?: Scheduler, hold?: Hold) {
    this.#scheduler = scheduler;
    this.#hold = hold;
  }

  /** One call at a door. */
  async call<T>(name: string, site: string, run: () => T | Promise<T>): Promise<T> {
    if (this.#scheduler === undefined) {
      return run();
    }
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    if (this.#hold?.name === name && this.#hold.at === count) {
      await new Promise<void>((resolve) => {
        this.#release = resolve;
      });
    }
    await this.#scheduler.schedule(Promise.resolve(), `${name} ${site}`);
    const call = { name, site };
    this.calls.push(call);
    try {
      return await run();
    } finally {
      const look = this.#look(call);
      this.#looks.add(look);
      await look;
      this.#looks.delete(look);
    }
  }

  /** Seconds: others come as far as they can meanwhile. */
  async sleep(name: string): Promise<void> {
    if (this.#scheduler === undefined) return;
    await new Promise<void>((resolve) => this.#sleepers.push(resolve));
    await this.call(name, 'sleep', () => undefined);
  }

  /** Runs everybody to their end. @throws StuckError, or what an invariant found */
  async play(participants: readonly Participant[]): Promise<ReadonlyMap<string, Outcome>> {
    const scheduler = this.#scheduler;
    if (scheduler === undefined) throw new Error('only a race is played');
    const waiting = new Set(participants);
    const outcomes = new Map<string, Outcome>();
    const begin = (participant: Participant) => {
      waiting.delete(participant);
      void participant.run().then(
        (value) => outcomes.set(participant.name, { status: 'fulfilled', value }),
        (reason) => outcomes.set(participant.name, { status: 'rejected', reason }),
      );
    };
    const before = this.calls.length;
    let idle = 0;
    while (outcomes.size < participants.length) {
      const passed = this.calls.length - before;
      for (const one of [...waiting].filter(({ after = 0 }) => after <= passed)) begin(one);
      await this.quiet();
      if (this.#looks.size > 0) {
        // What is looked at stands still meanwhile, and who waits for the look is not stuck.
        await Promise.all(this.#looks);
        continue;
      }
      if (this.#broken !== undefined) throw this.#broken.error;
      if (scheduler.count() > 0) {
        idle = 0;
        await scheduler.waitOne();
      } else if (++idle > 3) {
        idle = this.#goOn(waiting, begin) ? 0 : idle;
        if (idle > turnsOfPatience) throw new StuckError(this.#whoIsStuck(participants, outcomes));
      }
    }
    return outcomes;
  }

  /** Nobody can go on: whoever is held may, then who sleeps, then who has not begun. */
  #goOn(waiting: ReadonlySet<Participant>, begin: (participant: Participant) => void): boolean {
    if (this.#release !== undefined) {
      this.#release();
      this.#release = undefined;
      return true;
    }
    const [next] = waiting;
    const sleeper = this.#sleepers.shift();
    if (sleeper !== undefined) sleeper();
    else if (next !== undefined) begin(next);
    return (sleeper ?? next) !== undefined;
  }

  async #look(call: { name: string; site: string }): Promise<void> {
    if (reads.test(call.site)) return;
    try {
      await this.invariants(call);
    } catch (error) {
      // Thrown where the schedule is played: in the call itself the product would catch it.
      this.#broken ??= { error };
    }
  }

  #whoIsStuck(all: readonly Participant[], outcomes: ReadonlyMap<string, Outcome>): string {
    const stuck = all.filter(({ name }) => !outcomes.has(name)).map(({ name }) => name);
    return `${stuck.join(', ')} wait for something that nobody does`;
  }
}

/** Of one who must not have been refused. */
export function unwrap<T>(outcome: Outcome | undefined): T {
  if (outcome?.status === 'fulfilled') return outcome.value as T;
  throw outcome?.reason ?? new Error('did not take part');
}

/** For a message: who was let go, in which order. */
export const told = (schedule: Schedule): string =>
  schedule.calls.map(({ name, site }) => `${name} ${site}`).join('\n');
