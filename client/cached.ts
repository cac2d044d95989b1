/** What a cache is given, what it gives, and what it tells of its reads. */
import type { System } from './system.ts';

export interface SecretCacheOptions<Value> {
  /** Makes a value of the text; may throw. Called once for each text that differs from the one before. */
  parse(text: string): Value;
  /** How old a value may be, in milliseconds, counted from before its read. @default 120_000 */
  maxAge?: number;
  /**
   * How long before `maxAge` a read may begin behind an answer, in milliseconds. The moment is drawn anew for
   * each value, so that a fleet does not read at once. 0: never. @default a fifth of maxAge
   */
  refreshAhead?: number;
  /**
   * How long past `maxAge` a value is still used while reads fail, in milliseconds. `maxAge + staleFor` is the
   * secret's `readerCache` in rotation.config.ts: a rotation waits so long, a revocation takes so long.
   * @default 180_000
   */
  staleFor?: number;
  /** Shortest time between two reads that `refreshNow` begins, in milliseconds. @default 10_000 */
  cooldown?: number;
  /** Told of every read, for logs and metrics. */
  onRead?(report: ReadReport): void;
  /** @default the machine's own time and chance */
  system?: Pick<System, 'now' | 'chance' | 'warn'>;
}

/** A value as it was read. */
export interface Cached<Value> {
  readonly value: Value;
  readonly versionId?: string;
  /** When its read began: it was current then. */
  readonly readAt: Date;
  /** Since when it is older than `maxAge`, because reads fail. */
  readonly staleSince?: Date;
}

export interface ReadReport {
  /** Why: `first`, `ahead`, `expired`, `stale`, or what was given to `refreshNow`. */
  readonly reason: string;
  readonly outcome: 'changed' | 'unchanged' | 'failed';
  readonly at: Date;
  readonly milliseconds: number;
  readonly versionId?: string;
  readonly error?: Error;
}
