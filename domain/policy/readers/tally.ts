/**
 * Accesses, grouped by who: from sightings in any order, one after the other, in bounded memory. Callers choose their
 * programs' names, their sessions' and (with many roles) their own: what is beyond a bound is counted, not kept.
 */
import { type Principal, principalOf, printable, type Sighting } from './sighting.ts';

export interface Source {
  readonly address: string;
  readonly userAgent: string;
  readonly region: string;
  count: number;
  firstAt: string;
  lastAt: string;
}

export interface Touched {
  readonly key: string;
  /** Answered GetSecretValue. */
  gets: number;
  /** Answered BatchGetSecretValue that name it. */
  batches: number;
  /** Refused ones of either sort. */
  denied: number;
  readonly versions: { versionId: string; reads: number }[];
  /** Versions there was no room for. */
  moreVersions: number;
}

export interface Access {
  readonly principal: string;
  readonly account?: string | undefined;
  firstAt: string;
  lastAt: string;
  /** Names of sessions, in the order they were met. */
  readonly sessions: string[];
  readonly sources: Source[];
  /** Sightings from further sources. */
  moreSources: number;
  readonly secrets: Touched[];
}

export interface TallyState {
  readonly accesses: readonly Access[];
  /** Sightings of principals there was no room for. */
  readonly moreAccesses: number;
  /** Records, by region. */
  readonly events: Readonly<Record<string, number>>;
}

/** Together with their contents they stay below what a state machine hands from state to state (256 KiB). */
export const bounds = { accesses: 150, sources: 20, sessions: 10, versions: 40, bytes: 120_000 };

/** A decryption that Secrets Manager asked for comes from there, whoever read. */
const secretsManager = 'secretsmanager.amazonaws.com';

export class Tally {
  readonly #accesses = new Map<string, Access>();
  readonly #events: Record<string, number>;
  readonly #keyOf: (secretId: string) => string | undefined;
  #moreAccesses: number;
  #bytes = 0;

  /** @param keyOf of `secretMatcher` */
  constructor(keyOf: (secretId: string) => string | undefined, from?: TallyState) {
    this.#keyOf = keyOf;
    for (const access of structuredClone(from?.accesses ?? [])) {
      this.#accesses.set(access.principal, access);
      this.#bytes += JSON.stringify(access).length;
    }
    this.#events = { ...from?.events };
    this.#moreAccesses = from?.moreAccesses ?? 0;
  }

  /** One that is about no secret of these is not counted. */
  add(sighting: Sighting): void {
    const keys = [...new Set(sighting.secrets.flatMap((id) => this.#keyOf(id) ?? []))];
    // A refused decryption leaves a refused read besides.
    if (keys.length === 0 || (sighting.kind === 'decrypt' && sighting.refused)) return;
    const { region, count } = sighting;
    this.#events[region] = (this.#events[region] ?? 0) + count;
    const access = this.#accessOf(principalOf(sighting.identity), sighting);
    if (access === undefined) return;
    access.firstAt = earlier(access.firstAt, sighting.firstAt);
    access.lastAt = later(access.lastAt, sighting.lastAt);
    if (sighting.kind !== 'decrypt' || sighting.address !== secretsManager) {
      this.#addSource(access, sighting);
    }
    for (const key of keys) this.#addTouch(access, key, sighting);
  }

  get state(): TallyState {
    return {
      accesses: [...this.#accesses.values()],
      moreAccesses: this.#moreAccesses,
      events: this.#events,
    };
  }

  #accessOf({ principal, account, session }: Principal, at: Sighting): Access | undefined {
    let access = this.#accesses.get(principal);
    if (access === undefined) {
      if (this.#accesses.size >= bounds.accesses || !this.#hasRoomFor(principal.length + 200)) {
        this.#moreAccesses += 1;
        return undefined;
      }
      access = {
        principal,
        ...(account !== undefined && { account }),
        firstAt: at.firstAt,
        lastAt: at.lastAt,
        sessions: [],
        sources: [],
        moreSources: 0,
        secrets: [],
      };
      this.#accesses.set(principal, access);
    }
    const { sessions } = access;
    if (
      session !== undefined &&
      !sessions.includes(session) &&
      sessions.length < bounds.sessions &&
      this.#hasRoomFor(session.length + 3, sessions.length === 0)
    ) {
      sessions.push(session);
    }
    return access;
  }

  #addSource(access: Access, { count, firstAt, lastAt, ...from }: Sighting): void {
    const address = printable(from.address, 128);
    const userAgent = printable(from.userAgent, 256);
    const region = printable(from.region, 32);
    const known = access.sources.find(
      (one) => one.address === address && one.userAgent === userAgent && one.region === region,
    );
    if (known !== undefined) {
      known.count += count;
      known.firstAt = earlier(known.firstAt, firstAt);
      known.lastAt = later(known.lastAt, lastAt);
    } else if (
      access.sources.length < bounds.sources &&
      this.#hasRoomFor(address.length + userAgent.length + 180, access.sources.length === 0)
    ) {
      access.sources.push({ address, userAgent, region, count, firstAt, lastAt });
    } else {
      access.moreSources += 1;
    }
  }

  #addTouch(access: Access, key: string, { kind, refused, count, versionId }: Sighting): void {
    let touched = access.secrets.find((one) => one.key === key);
    if (touched === undefined) {
      touched = { key, gets: 0, batches: 0, denied: 0, versions: [], moreVersions: 0 };
      access.secrets.push(touched);
      this.#bytes += 100;
    }
    if (kind === 'decrypt') {
      this.#addVersion(touched, printable(versionId ?? 'not told', 64), count);
    } else if (refused) {
      touched.denied += count;
    } else if (kind === 'batch') {
      touched.batches += count;
    } else {
      touched.gets += count;
    }
  }

  #addVersion(touched: Touched, versionId: string, reads: number): void {
    const { versions } = touched;
    const known = versions.find((one) => one.versionId === versionId);
    if (known !== undefined) known.reads += reads;
    else if (versions.length < bounds.versions && this.#hasRoomFor(80, versions.length === 0)) {
      versions.push({ versionId, reads });
    } else {
      touched.moreVersions += 1;
    }
  }

  /** Half of the room is kept for who, and the first of everything: nobody is crowded out by another's many programs. */
  #hasRoomFor(bytes: number, isFirst = true): boolean {
    if (this.#bytes + bytes > (isFirst ? bounds.bytes : bounds.bytes / 2)) return false;
    this.#bytes += bytes;
    return true;
  }
}

const earlier = (one: string, other: string) => (one < other ? one : other);
const later = (one: string, other: string) => (one > other ? one : other);
