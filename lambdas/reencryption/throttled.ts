/** Looks at the server's load between windows and waits when it presses too hard. */
import { type Pressure, p95, type ThrottleLimits, throttle } from '../../domain/policy/throttle.ts';
import type { Clock } from '../../doors/clock.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { serverLoad } from '../../doors/postgres/pressure.ts';

const rememberedBatches = 100;
/** A second is what a rate needs; asking more often costs more than it tells. */
const sampledEvery = 1_000;
/** Between two looks while it waits, so that a pause by hand and the deadline are noticed. */
const longestSleep = 5_000;

export class Throttled {
  readonly #session: Session;
  readonly #clock: Clock;
  readonly #limits: ThrottleLimits;
  readonly #waited: Record<string, number>;
  readonly #batches: number[] = [];
  #sampledAt = Number.NEGATIVE_INFINITY;
  #wal: { bytes: number; at: number } | undefined;
  #lastWindow = 0;
  #paused = 0;

  /** `waited`: milliseconds by reason, added to. */
  constructor(
    session: Session,
    clock: Clock,
    limits: ThrottleLimits,
    waited: Record<string, number>,
  ) {
    this.#session = session;
    this.#clock = clock;
    this.#limits = limits;
    this.#waited = waited;
  }

  /** Measures one batch, as long as an application might have waited for it. */
  async batch<T>(work: () => Promise<T>): Promise<T> {
    const began = this.#now();
    try {
      return await work();
    } finally {
      this.#batches.push(this.#now() - began);
      if (this.#batches.length > rememberedBatches) {
        this.#batches.shift();
      }
    }
  }

  windowTook(milliseconds: number): void {
    this.#lastWindow = milliseconds;
  }

  /** @returns whether a window may begin now; false: it has waited a while, ask again */
  async mayBegin(table: string): Promise<boolean> {
    if (this.#now() - this.#sampledAt < sampledEvery) {
      return true;
    }
    const pressure = await this.#look(table);
    const verdict = throttle(pressure, this.#limits, this.#lastWindow, this.#paused);
    if (verdict.waitMilliseconds === 0) {
      this.#paused = 0;
      return true;
    }
    const wait = Math.min(verdict.waitMilliseconds, longestSleep);
    await this.#clock.sleep(wait);
    this.#paused += wait;
    for (const factor of verdict.because) {
      this.#waited[factor] = (this.#waited[factor] ?? 0) + wait;
    }
    // A slow-down is paid once for a window; a pause lasts until its reason is gone.
    this.#lastWindow = 0;
    this.#batches.length = 0;
    this.#sampledAt = Number.NEGATIVE_INFINITY;
    return false;
  }

  async #look(table: string): Promise<Pressure> {
    const load = await serverLoad(this.#session, table);
    const at = this.#now();
    const before = this.#wal;
    this.#sampledAt = at;
    this.#wal = load.walBytes === undefined ? undefined : { bytes: load.walBytes, at };
    const seconds = before === undefined ? 0 : (at - before.at) / 1_000;
    return {
      replicationLagSeconds: load.replicationLagSeconds,
      slotBytesLeft: load.slotBytesLeft,
      vacuuming: load.vacuuming,
      batchP95Milliseconds: p95(this.#batches),
      walBytesPerSecond:
        before === undefined || load.walBytes === undefined || seconds <= 0
          ? undefined
          : (load.walBytes - before.bytes) / seconds,
    };
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}
