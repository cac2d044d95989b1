/**
 * A secret, kept in memory: read once, read again before it is too old, used on for a stated while when it cannot
 * be read. Nothing runs between calls: there is no timer, reads begin when somebody asks.
 *
 * ```
 *   read            drawn once a read        maxAge                       maxAge + staleFor
 *    ├── as it is ──────┼─ read behind the answer ─┼─ read first; as it is on failure ─┼─ StaleSecretError
 * ```
 */
import { createHash } from 'node:crypto';
import { type Entry, entryOf, lastingEntry } from './cache-entry.ts';
import { type CacheTimes, cacheTimes, retryDelay } from './cache-times.ts';
import type { Cached, ReadReport, SecretCacheOptions } from './cached.ts';
import {
  described,
  hasOwnCode,
  SecretCacheClosedError,
  SecretNotReadyError,
  SecretParseError,
  SecretUnavailableError,
  StaleSecretError,
} from './errors.ts';
import type { SecretSource } from './secret-source.ts';
import { type System, system } from './system.ts';

export type { Cached, ReadReport, SecretCacheOptions } from './cached.ts';

interface Failure {
  readonly error: Error;
  readonly attempts: number;
  readonly retryAt: number;
}

/** One secret in memory. At most one read is under way, at most `maxAge + staleFor` goes by without one. */
export class SecretCache<Value> {
  readonly name: string;
  /** false: only a restart learns a new value. */
  readonly refreshes: boolean;
  /** How old a value can be that is still used, in milliseconds; Infinity when the source never refreshes. */
  readonly maximumAge: number;
  readonly #source: SecretSource;
  readonly #parse: (text: string) => Value;
  readonly #onRead: ((report: ReadReport) => void) | undefined;
  readonly #times: CacheTimes;
  readonly #system: Pick<System, 'now' | 'chance' | 'warn'>;
  readonly #listeners = new Set<(now: Cached<Value>, before: Cached<Value>) => void>();
  #entry: Entry<Value> | undefined;
  #flight: Promise<void> | undefined;
  #failure: Failure | undefined;
  #lastBegun = Number.NEGATIVE_INFINITY;
  #lastRefresh = Number.NEGATIVE_INFINITY;
  #closed = false;

  /** @throws ClientSettingsError */
  constructor(source: SecretSource, options: SecretCacheOptions<Value>) {
    this.#source = source;
    this.#times = cacheTimes(options);
    this.#parse = options.parse;
    this.#onRead = options.onRead;
    this.#system = options.system ?? system;
    this.name = source.name;
    this.refreshes = source.refreshes;
    this.maximumAge = source.refreshes
      ? this.#times.maxAge + this.#times.staleFor
      : Number.POSITIVE_INFINITY;
  }

  /**
   * The value. Waits for a read only when there is none, or none younger than `maxAge`.
   * @throws SecretUnavailableError before the first read succeeds
   * @throws StaleSecretError when reads failed for longer than `staleFor`
   */
  get(): Promise<Cached<Value>> {
    const now = this.#now();
    return this.#young(now)?.settled ?? this.#waited(now);
  }

  /** What `get` would give without waiting; undefined: it would wait. For hot paths, which an `await` would slow. */
  young(): Cached<Value> | undefined {
    return this.#young(this.#now())?.cached;
  }

  /**
   * As `get`, for callers that cannot wait; a read that is due begins behind the answer.
   * @throws SecretNotReadyError before the first read has ended
   * @throws StaleSecretError
   */
  current(): Cached<Value> {
    this.#refuseClosed();
    const now = this.#now();
    const entry = this.#entry;
    if (entry === undefined) {
      this.#readBehind('first', now);
      throw new SecretNotReadyError(this.name);
    }
    if (now < entry.read || now >= entry.ahead) {
      this.#readBehind(now < entry.expires ? 'ahead' : 'stale', now);
    }
    return this.#usable(entry, now);
  }

  /** What is at hand, if it may still be used; begins nothing. */
  peek(): Cached<Value> | undefined {
    const entry = this.#entry;
    const now = this.#now();
    return entry === undefined || now < entry.read || now >= entry.ends
      ? undefined
      : this.#aged(entry, now);
  }

  /** The error of the last read; undefined when it succeeded. */
  get lastError(): Error | undefined {
    return this.#failure?.error;
  }

  /**
   * Reads now, because what is at hand was not enough. Joins a read that is under way. At most one read a
   * `cooldown`: within it, and when the read fails, gives what is at hand.
   * @param reason for the report of the read, e.g. `unknown kid`
   * @throws SecretUnavailableError, StaleSecretError
   */
  async refreshNow(reason = 'asked'): Promise<Cached<Value>> {
    this.#refuseClosed();
    const now = this.#now();
    // Other reads do not count: one a moment ago says nothing about a key that was met just now.
    const rested = now < this.#lastRefresh || now - this.#lastRefresh >= this.#times.cooldown;
    if (this.#flight !== undefined) {
      await this.#flight;
    } else if (rested && (this.refreshes || this.#entry === undefined)) {
      this.#lastRefresh = now;
      await this.#read(reason, now);
    }
    return this.#readAnew();
  }

  /**
   * Calls `listener` after each read that brought another value. What it throws becomes a process warning.
   * @returns ends it
   */
  onChange(listener: (now: Cached<Value>, before: Cached<Value>) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Forgets the value; every later call but `peek` is refused. */
  close(): void {
    this.#closed = true;
    this.#entry = undefined;
    this.#listeners.clear();
  }

  #young(now: number): Entry<Value> | undefined {
    const entry = this.#entry;
    if (entry === undefined || now < entry.read || now >= entry.expires) {
      return undefined;
    }
    if (now >= entry.ahead) {
      this.#readBehind('ahead', now);
    }
    return entry;
  }

  async #waited(now: number): Promise<Cached<Value>> {
    this.#refuseClosed();
    const entry = this.#entry;
    if (this.#failure !== undefined && entry && now >= entry.read && now < entry.ends) {
      // Reads are failing: whoever asks need not wait for the next to fail too.
      this.#readBehind('stale', now);
    } else if (this.#flight !== undefined) {
      await this.#flight;
    } else if (this.#mayRetry(now)) {
      await this.#read(this.#entry === undefined ? 'first' : 'expired', now);
    }
    return this.#readAnew();
  }

  /**
   * A machine that slept while it read has a value that is too old already, and no failure: it reads once more.
   */
  async #readAnew(): Promise<Cached<Value>> {
    const now = this.#now();
    const entry = this.#entry;
    if (entry !== undefined && now >= entry.ends && this.#failure === undefined && !this.#closed) {
      await (this.#flight ?? this.#read('expired', now));
    }
    return this.#answer(this.#now());
  }

  /** What is at hand after a read, or why there is nothing. */
  #answer(now: number): Cached<Value> {
    this.#refuseClosed();
    const entry = this.#entry;
    if (entry !== undefined) {
      return this.#usable(entry, now);
    }
    throw new SecretUnavailableError(this.name, this.#failure?.error ?? new Error('never read'));
  }

  /** A clock that went back past the read says nothing about an age: then only a new read counts. */
  #usable(entry: Entry<Value>, now: number): Cached<Value> {
    if (now < entry.read || now >= entry.ends) {
      throw new StaleSecretError(this.name, this.maximumAge / 1000, this.#failure?.error);
    }
    return this.#aged(entry, now);
  }

  #aged({ cached, expires }: Entry<Value>, now: number): Cached<Value> {
    return now < expires ? cached : { ...cached, staleSince: new Date(expires) };
  }

  #readBehind(reason: string, now: number): void {
    if (this.#flight === undefined && this.#mayRetry(now)) {
      void this.#read(reason, now);
    }
  }

  #mayRetry(now: number): boolean {
    // Not before the delay is over, unless the clock went back behind it.
    const failure = this.#failure;
    return failure === undefined || now >= failure.retryAt || now < this.#lastBegun;
  }

  /** Never rejects: what went wrong is in `#failure`. */
  #read(reason: string, now: number): Promise<void> {
    this.#lastBegun = now;
    const flight = this.#readOnce(reason, now).finally(() => {
      this.#flight = undefined;
    });
    this.#flight = flight;
    return flight;
  }

  async #readOnce(reason: string, begun: number): Promise<void> {
    const before = this.#entry;
    let report: Pick<ReadReport, 'outcome' | 'versionId' | 'error'>;
    try {
      const { value: text, versionId, nextRotationDate } = await this.#source.read();
      const digest = createHash('sha256').update(text).digest('base64');
      // The same text keeps its object, and with it whatever was derived from it.
      const isSame = before?.digest === digest;
      const value = isSame ? before.cached.value : this.#parsed(text);
      const cached = {
        value,
        ...(versionId !== undefined && { versionId }),
        readAt: new Date(begun),
      };
      this.#failure = undefined;
      if (this.#closed) {
        return;
      }
      const read = { cached, digest, begun, nextRotationDate };
      this.#entry = this.refreshes
        ? entryOf(read, this.#times, this.#system.chance())
        : lastingEntry(read);
      report = {
        outcome: isSame ? 'unchanged' : 'changed',
        ...(versionId !== undefined && { versionId }),
      };
      if (before !== undefined && !isSame) {
        this.#tell(cached, before.cached);
      }
    } catch (caught) {
      const error = caught instanceof Error ? caught : new Error(described(caught));
      const attempts = (this.#failure?.attempts ?? 0) + 1;
      const retryAt = this.#now() + retryDelay(attempts, this.#system.chance());
      this.#failure = { error, attempts, retryAt };
      report = { outcome: 'failed', error };
    }
    const ended = this.#now();
    this.#guarded(() =>
      this.#onRead?.({ reason, at: new Date(begun), milliseconds: ended - begun, ...report }),
    );
  }

  #parsed(text: string): Value {
    try {
      return this.#parse(text);
    } catch (error) {
      if (hasOwnCode(error)) {
        throw error;
      }
      // Somebody else's message may quote the text (JSON.parse does).
      throw new SecretParseError(this.name, `its parser gave ${described(error)}.`);
    }
  }

  #tell(cached: Cached<Value>, before: Cached<Value>): void {
    for (const listener of this.#listeners) {
      this.#guarded(() => listener(cached, before));
    }
  }

  #guarded(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#system.warn(error instanceof Error ? error : new Error(described(error)));
    }
  }

  #refuseClosed(): void {
    if (this.#closed) {
      throw new SecretCacheClosedError(this.name);
    }
  }

  #now(): number {
    return this.#system.now().getTime();
  }
}
