/**
 * The one clock of the sandbox. Everything that waits (rotation retries, native rules, schedules, Wait
 * states) waits here, so that a test moves time instead of sleeping.
 *
 * - manual:  time stands still until `settle` or `advanceTo` moves it
 * - flowing: time runs with the machine's clock from where it stands; timers fire by themselves
 */
export type ClockMode = 'manual' | 'flowing';

interface Timer {
  at: number;
  label: string;
  work: () => Promise<void>;
  /** Schedules that come back for ever: `settle` does not run them, `advanceTo` does. */
  recurring: boolean;
  order: number;
}

export interface TimerOptions {
  recurring?: boolean;
}

export class SandboxClock {
  readonly mode: ClockMode;
  #offset = 0;
  #frozenAt: number;
  #timers: Timer[] = [];
  #inFlight = new Set<Promise<unknown>>();
  #order = 0;
  #stopped = false;
  #wake: NodeJS.Timeout | undefined;
  #followers = new Set<(now: Date) => Promise<void>>();

  constructor(start: Date, mode: ClockMode) {
    this.mode = mode;
    this.#frozenAt = start.getTime();
    this.#offset = start.getTime() - Date.now();
  }

  now(): Date {
    return new Date(this.mode === 'manual' ? this.#frozenAt : Date.now() + this.#offset);
  }

  /** Runs `work` when the clock reaches `at`. Returns what takes it back. */
  at(at: Date, label: string, work: () => Promise<void>, options: TimerOptions = {}): () => void {
    const timer: Timer = {
      at: at.getTime(),
      label,
      work,
      recurring: options.recurring ?? false,
      order: this.#order++,
    };
    if (!this.#stopped) {
      this.#timers.push(timer);
      this.#rearm();
    }
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /**
   * Told the time each time it was moved; nothing happens at the new time before all were. For processes beside
   * the sandbox that live by its clock.
   * @returns what ends it
   */
  onMove(follow: (now: Date) => Promise<void>): () => void {
    this.#followers.add(follow);
    return () => void this.#followers.delete(follow);
  }

  /** Counts background work, so that `idle` and `settle` know when there is none. */
  track<T>(work: Promise<T>): Promise<T> {
    const counted = work.then(
      () => undefined,
      () => undefined,
    );
    this.#inFlight.add(counted);
    void counted.then(() => this.#inFlight.delete(counted));
    return work;
  }

  /** Resolves when no tracked work is running. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) {
      await Promise.all(this.#inFlight);
    }
  }

  /**
   * Lets everything that is under way come to rest: waits for running work, then jumps from timer to
   * timer (not the recurring ones) within the horizon.
   */
  async settle(horizonMilliseconds = 30 * 60_000): Promise<void> {
    const end = this.now().getTime() + horizonMilliseconds;
    await this.#runUntil((timer) => !timer.recurring && timer.at <= end);
    this.#rearm();
  }

  /**
   * Moves the clock to `target`. Timers on the way run in order, each with the clock at its instant.
   * 'every': a recurring timer too. 'last': where the hours between do not matter, recurring timers that
   * came due on the way run once, at the end, after everything else.
   */
  async advanceTo(target: Date, recurring: 'every' | 'last' = 'every'): Promise<void> {
    const end = target.getTime();
    if (recurring === 'last') {
      await this.#runUntil((timer) => !timer.recurring && timer.at <= end);
      await this.#jump(end);
    }
    await this.#runUntil((timer) => timer.at <= end);
    await this.#jump(end);
    this.#rearm();
  }

  /** Forgets every timer; whatever still runs sets none any more. */
  stop(): void {
    this.#stopped = true;
    this.#timers = [];
    clearTimeout(this.#wake);
  }

  #next(wanted: (timer: Timer) => boolean): Timer | undefined {
    return this.#timers
      .filter(wanted)
      .sort((a, b) => a.at - b.at || a.order - b.order)
      .at(0);
  }

  /** Waits for running work, then runs the next of these timers, until there is neither. */
  async #runUntil(wanted: (timer: Timer) => boolean): Promise<void> {
    for (;;) {
      await this.idle();
      const next = this.#next(wanted);
      if (next === undefined) {
        return;
      }
      this.#run(next);
    }
  }

  #run(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
    // Whose work fails has said so where it failed; the clock goes on for everybody else.
    void this.track(this.#jump(timer.at).then(timer.work)).catch(() => undefined);
  }

  /** Moves at once; resolves when everybody knows. */
  async #jump(to: number): Promise<void> {
    const by = to - this.now().getTime();
    if (by > 0) {
      this.#frozenAt += by;
      this.#offset += by;
      const now = this.now();
      await Promise.all([...this.#followers].map((follow) => follow(now)));
    }
  }

  #rearm(): void {
    if (this.mode !== 'flowing') {
      return;
    }
    clearTimeout(this.#wake);
    const next = this.#next(() => true);
    if (next === undefined) {
      return;
    }
    const wait = Math.min(Math.max(0, next.at - this.now().getTime()), 2 ** 31 - 1);
    this.#wake = setTimeout(() => {
      for (let due = this.#next((timer) => timer.at <= this.now().getTime()); due !== undefined; ) {
        this.#run(due);
        due = this.#next((timer) => timer.at <= this.now().getTime());
      }
      this.#rearm();
    }, wait);
    this.#wake.unref();
  }
}
