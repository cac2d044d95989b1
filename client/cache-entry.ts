/** A value in a cache, with the instants at which it is read again and given up. */
import type { CacheTimes } from './cache-times.ts';
import type { Cached } from './cached.ts';

export interface Entry<Value> {
  readonly cached: Cached<Value>;
  /** What the hot path hands out: the same promise each time, already settled. */
  readonly settled: Promise<Cached<Value>>;
  readonly digest: string;
  readonly read: number;
  readonly ahead: number;
  readonly expires: number;
  readonly ends: number;
}

export interface Read<Value> {
  readonly cached: Cached<Value>;
  /** Of the text. */
  readonly digest: string;
  /** Milliseconds, as everything here. */
  readonly begun: number;
  readonly nextRotationDate: Date | undefined;
}

const forever = Number.POSITIVE_INFINITY;

/** @param chance from 0 up to 1: where in `refreshAhead` a read may begin behind an answer */
export function entryOf<Value>(
  { cached, digest, begun: read, nextRotationDate }: Read<Value>,
  { maxAge, refreshAhead, staleFor, cooldown }: CacheTimes,
  chance: number,
): Entry<Value> {
  const rotates = nextRotationDate?.getTime() ?? forever;
  // A rotation that is due already may take hours to come; reading at once again would find nothing new.
  const afterRotation = rotates > read ? Math.max(rotates, read + cooldown) : forever;
  const expires = Math.min(read + maxAge, afterRotation);
  const ahead = Math.max(read, expires - refreshAhead * (1 - chance));
  const ends = read + maxAge + staleFor;
  return { cached, settled: Promise.resolve(cached), digest, read, ahead, expires, ends };
}

/** Of a source that never refreshes; a clock that goes back makes nothing of it older. */
export function lastingEntry<Value>({ cached, digest }: Read<Value>): Entry<Value> {
  const settled = Promise.resolve(cached);
  return {
    cached,
    settled,
    digest,
    read: -forever,
    ahead: forever,
    expires: forever,
    ends: forever,
  };
}
