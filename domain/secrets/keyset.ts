/**
 * A keyset: every key a secret ever had, exactly one of them primary (Tink's model, JOSE's words). Shape
 * and parser of the `keyset` member of a stored value. The shape is closed: an unknown member is refused,
 * because a changed shape carries another `version` and readers are updated before writers.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { algorithmOf, algorithms, type KeysetAlgorithm } from './algorithms.ts';
import { decodeCanonical, type Encoding, encodeKey, encodings } from './encoding.ts';
import { InvalidSecretValueError, KidCollisionError } from './errors.ts';
import { isTombstone, type KeyState, type KeysetKind, transitionsOf } from './key-states.ts';
import { kidOf, kidPattern } from './kid.ts';
import type { Json, JsonObject } from './strict-json.ts';

/** Instants are ISO 8601 in UTC with milliseconds, as `Date.prototype.toISOString` writes them. */
export type Instant = string;

export interface KeyEntry {
  /** 16 hex digits: `kidOf(key)`, or random when `adopted`. */
  readonly kid: string;
  readonly state: KeyState;
  /** Absent in tombstones. A KeyObject does not print its bytes. */
  readonly key?: KeyObject;
  /** When the entry was made; of an adopted key: when it was adopted. */
  readonly createdAt: Instant;
  /** When it last became primary; of an adopted key: since when we know. Absent: it never was. */
  readonly primarySince?: Instant;
  /** verifyOnly: until when its tokens are accepted. */
  readonly acceptUntil?: Instant;
  readonly disabledAt?: Instant;
  readonly revokedAt?: Instant;
  readonly prunedAt?: Instant;
  /** The key was there before Quarterturn. */
  readonly adopted?: true;
  /** Leaked, or withdrawn before anybody used it: it can never become primary (again). */
  readonly neverPrimary?: true;
}

/** A copy of the provenance of the rotation that wrote the value: names, never key material. */
export type KeysetRotation = Readonly<Record<string, string | number | boolean | undefined>> & {
  readonly intent: string;
  readonly token: string;
};

export interface Keyset {
  readonly version: 1;
  readonly alg: KeysetAlgorithm;
  readonly encoding: Encoding;
  /** Version id of the AWSCURRENT it was made from. */
  readonly basedOn?: string;
  readonly rotation: KeysetRotation;
  readonly keys: readonly KeyEntry[];
}

export function kindOf(keyset: Keyset): KeysetKind {
  return algorithmOf[keyset.alg].kind;
}

/** The one primary key, with its bytes. */
export function primaryOf(keyset: Keyset): KeyEntry & { key: KeyObject } {
  const primary = keyset.keys.find(({ state }) => state === 'primary');
  if (primary?.key === undefined) {
    throw new InvalidSecretValueError('The keyset has no primary key.');
  }
  return { ...primary, key: primary.key };
}

export function publishedOf(keyset: Keyset): KeyEntry | undefined {
  return keyset.keys.find(({ state }) => state === 'published');
}

/** Keys a reader may use at `now`: to verify with (jwt) or to open with (encryption), primary first. */
export function acceptedKeys(keyset: Keyset, now: Date): (KeyEntry & { key: KeyObject })[] {
  const accepted: (KeyEntry & { key: KeyObject })[] = [];
  for (const entry of keyset.keys) {
    const { key, state, acceptUntil } = entry;
    const open = acceptUntil === undefined || Date.parse(acceptUntil) > now.getTime();
    if (key !== undefined && state !== 'disabled' && open) {
      const usable = { ...entry, key };
      if (state === 'primary') accepted.unshift(usable);
      else accepted.push(usable);
    }
  }
  return accepted;
}

/** Keys that are refused although their bytes are there: meeting one is news. */
export function disabledKids({ keys }: Keyset): string[] {
  return keys.filter(({ state }) => state === 'disabled').map(({ kid }) => kid);
}

const instantFields = [
  'createdAt',
  'primarySince',
  'acceptUntil',
  'disabledAt',
  'revokedAt',
  'prunedAt',
] as const;
const flagFields = ['adopted', 'neverPrimary'] as const;
const entryFields = new Set<string>(['kid', 'k', 'state', ...instantFields, ...flagFields]);
const keysetFields = new Set(['version', 'alg', 'encoding', 'basedOn', 'rotation', 'keys']);

/** The dates a state cannot be without. */
const requiredInstant: Partial<Record<KeyState, (typeof instantFields)[number]>> = {
  primary: 'primarySince',
  verifyOnly: 'acceptUntil',
  disabled: 'disabledAt',
  revoked: 'revokedAt',
  pruned: 'prunedAt',
};

/** @throws InvalidSecretValueError, KidCollisionError */
export function parseKeyset(json: Json): Keyset {
  const members = objectAt(json, 'keyset', keysetFields);
  if (members.get('version') !== 1) {
    throw new InvalidSecretValueError(
      'keyset.version is not 1; update Quarterturn and @quarterturn/client first.',
      '',
    );
  }
  const alg = oneOf(algorithms, members.get('alg'), 'keyset.alg');
  const encoding = oneOf(encodings, members.get('encoding'), 'keyset.encoding');
  const basedOn = members.get('basedOn');
  if (basedOn !== undefined && (typeof basedOn !== 'string' || basedOn === '')) {
    throw invalid('keyset.basedOn is not a version id.');
  }
  const entries = members.get('keys');
  if (!Array.isArray(entries)) {
    throw invalid('keyset.keys is not a list.');
  }
  const keyset: Keyset = {
    version: 1,
    alg,
    encoding,
    ...(basedOn === undefined ? {} : { basedOn }),
    rotation: parseRotation(members.get('rotation')),
    keys: entries.map((entry: Json, index) =>
      parseEntry(entry, `keyset.keys[${index}]`, alg, encoding),
    ),
  };
  checkKeyset(keyset);
  return keyset;
}

/** What must hold in every keyset, parsed or made. @throws InvalidSecretValueError, KidCollisionError */
export function checkKeyset(keyset: Keyset): void {
  const primaries = keyset.keys.filter(({ state }) => state === 'primary').length;
  if (primaries !== 1) {
    throw invalid(`The keyset has ${primaries} primary keys, expected exactly one.`);
  }
  if (keyset.keys.filter(({ state }) => state === 'published').length > 1) {
    throw invalid(
      'The keyset has more than one published key; one of them could not be activated.',
    );
  }
  keyset.keys.forEach((entry, index) => {
    const earlier = keyset.keys.slice(0, index);
    if (earlier.some(({ kid }) => kid === entry.kid)) {
      throw new KidCollisionError(
        `kid ${entry.kid} is in the keyset twice; a kid is never reused. Restore the value of the version before.`,
      );
    }
    const { key } = entry;
    if (key !== undefined && earlier.some((other) => other.key?.equals(key))) {
      throw invalid(`kid ${entry.kid} holds the same key as another kid.`);
    }
  });
}

/** The JSON of a keyset. One order of members, so that equal keysets are equal texts. */
export function keysetToJson(keyset: Keyset): object {
  const { version, alg, encoding, basedOn, rotation, keys } = keyset;
  return {
    version,
    alg,
    encoding,
    basedOn,
    rotation,
    keys: keys.map((entry) => ({
      kid: entry.kid,
      k: entry.key && encodeKey(entry.key.export(), encoding),
      state: entry.state,
      ...Object.fromEntries(
        [...instantFields, ...flagFields].map((field) => [field, entry[field]]),
      ),
    })),
  };
}

function parseEntry(json: Json, place: string, alg: KeysetAlgorithm, encoding: Encoding): KeyEntry {
  const members = objectAt(json, place, entryFields);
  const kid = members.get('kid');
  if (typeof kid !== 'string' || !kidPattern.test(kid)) {
    throw invalid(`${place}.kid is not 16 lower-case hex digits.`);
  }
  const { kind, minimumBytes } = algorithmOf[alg];
  const states = Object.keys(transitionsOf[kind]) as KeyState[];
  const state = oneOf(states, members.get('state'), `${place}.state`);
  const fields: Partial<Record<(typeof instantFields)[number], Instant>> = {};
  for (const field of instantFields) {
    const instant = members.get(field);
    if (instant !== undefined) {
      fields[field] = parseInstant(instant, `${place}.${field}`);
    }
  }
  const required = requiredInstant[state];
  const { createdAt } = fields;
  if (createdAt === undefined || (required !== undefined && fields[required] === undefined)) {
    throw invalid(`${place} (${state}) lacks ${createdAt ? required : 'createdAt'}.`);
  }
  if (fields.acceptUntil !== undefined && state !== 'verifyOnly') {
    throw invalid(`${place} (${state}) has acceptUntil, which belongs to verifyOnly.`);
  }
  const flags: { adopted?: true; neverPrimary?: true } = {};
  for (const field of flagFields) {
    const flag = members.get(field);
    if (flag !== undefined && flag !== true) {
      throw invalid(`${place}.${field} is not true; leave it out instead.`);
    }
    if (flag) {
      flags[field] = true;
    }
  }
  if (flags.neverPrimary && (state === 'primary' || state === 'published')) {
    throw invalid(`${place} (${state}) is marked neverPrimary.`);
  }
  const k = members.get('k');
  if (isTombstone(state)) {
    if (k !== undefined) {
      throw invalid(`${place} is ${state} but still has its key; remove k.`);
    }
    return { kid, state, ...fields, createdAt, ...flags };
  }
  if (typeof k !== 'string') {
    throw invalid(`${place} (${state}) has no key.`);
  }
  const bytes = decodeCanonical(k, encoding);
  if (
    bytes.length < minimumBytes ||
    (kind === 'encryption' && encoding !== 'text' && bytes.length > 32)
  ) {
    throw invalid(`${place} has ${bytes.length} bytes, ${alg} needs ${minimumBytes}.`);
  }
  if (!flags.adopted && kidOf(bytes) !== kid) {
    throw invalid(
      `${place}: kid ${kid} does not belong to this key: it is damaged or was exchanged.`,
    );
  }
  return { kid, state, key: createSecretKey(bytes), ...fields, createdAt, ...flags };
}

function parseRotation(json: Json | undefined): KeysetRotation {
  const rotation: Record<string, string | number | boolean> = {};
  for (const [name, value] of objectAt(json, 'keyset.rotation')) {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw invalid('keyset.rotation holds something else than text, numbers and booleans.');
    }
    rotation[name] = value;
  }
  const { intent, token } = rotation;
  if (typeof intent !== 'string' || typeof token !== 'string') {
    throw invalid('keyset.rotation lacks intent or token.');
  }
  return { ...rotation, intent, token };
}

function objectAt(json: Json | undefined, place: string, known?: ReadonlySet<string>): JsonObject {
  if (!(json instanceof Map)) {
    throw invalid(`${place} is not an object.`);
  }
  if (known !== undefined && [...json.keys()].some((name) => !known.has(name))) {
    throw invalid(`${place} has a member that version 1 does not know.`);
  }
  return json;
}

function oneOf<T extends string>(allowed: readonly T[], value: Json | undefined, place: string): T {
  const found = allowed.find((word) => word === value);
  if (found === undefined) {
    throw invalid(`${place} is not one of ${allowed.join(', ')}.`);
  }
  return found;
}

function parseInstant(value: Json, place: string): Instant {
  const date = new Date(String(value));
  if (Number.isNaN(date.getTime()) || date.toISOString() !== value) {
    throw invalid(`${place} is not an instant like 2026-05-17T17:00:02.000Z.`);
  }
  return value;
}

function invalid(message: string): InvalidSecretValueError {
  return new InvalidSecretValueError(message);
}
