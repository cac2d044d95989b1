/**
 * The ways a keyset goes on. Pure: time and key bytes are arguments; each function returns a new keyset
 * and refuses what the states do not allow. No clock decides which key is used: only a transition does.
 */
import type { Buffer } from 'node:buffer';
import { createSecretKey } from 'node:crypto';
import type { KeysetAlgorithm } from './algorithms.ts';
import type { Encoding } from './encoding.ts';
import { KidCollisionError, TransitionRefusedError } from './errors.ts';
import { readableState, transitionsOf } from './key-states.ts';
import {
  checkKeyset,
  type KeyEntry,
  type Keyset,
  type KeysetRotation,
  kindOf,
  publishedOf,
} from './keyset.ts';
import { kidOf } from './kid.ts';

export interface Step {
  now: Date;
  /** Written into the new keyset. */
  rotation: KeysetRotation;
  /** Kids that must never be used again, from the record that outlives every version. */
  compromised: ReadonlySet<string>;
  /** jwt: signers' cache bound + longest token life + leeway, in seconds. */
  acceptForSeconds?: number;
}

/** A keyset of one key that is primary at once: nobody holds an older one. */
export function firstKeyset(
  shape: { alg: KeysetAlgorithm; encoding: Encoding },
  key: Buffer,
  step: Step,
): Keyset {
  return begin(shape, newEntry(key, 'primary', step), step);
}

/** A keyset around a key that was there before; its kid is random. */
export function adoptedKeyset(
  shape: { alg: KeysetAlgorithm; encoding: Encoding },
  key: Buffer,
  kid: string,
  step: Step,
): Keyset {
  return begin(shape, { ...newEntry(key, 'primary', step), kid, adopted: true }, step);
}

/** planned: a new key that every reader learns and nobody uses. */
export function publish(keyset: Keyset, key: Buffer, step: Step): Keyset {
  const waiting = publishedOf(keyset);
  if (waiting !== undefined) {
    throw new TransitionRefusedError(
      `Key ${waiting.kid} is published and awaits activation; activate it or roll back first.`,
    );
  }
  const entry = newEntry(key, 'published', step);
  assertNewKid(keyset, entry.kid, step);
  return next(keyset, [entry, ...keyset.keys.map((old) => expire(old, step))], step);
}

/** activate: the published key becomes primary, the primary stays readable. */
export function activate(keyset: Keyset, kid: string, step: Step): Keyset {
  const published = publishedOf(keyset);
  if (published === undefined || published.kid !== kid) {
    throw new TransitionRefusedError(
      `Key ${kid} is not the published key (${published?.kid ?? 'none is'}); nothing to activate.`,
    );
  }
  return next(
    keyset,
    makePrimary(keyset, kid, step).map((entry) => expire(entry, step)),
    step,
  );
}

/**
 * rollback: the published key, if any, is withdrawn for good; the key `restoreKid` becomes primary again
 * unless it is. No key is removed.
 */
export function rollback(keyset: Keyset, restoreKid: string, step: Step): Keyset {
  const published = publishedOf(keyset);
  const target = keyset.keys.find(({ kid }) => kid === restoreKid);
  if (target === undefined) {
    throw new TransitionRefusedError(`Key ${restoreKid} is not in the keyset.`);
  }
  if (target.state === 'primary' && published === undefined) {
    throw new TransitionRefusedError(
      `Key ${restoreKid} is primary already and no key is published; name an older version.`,
    );
  }
  const withdrawn = {
    ...keyset,
    keys: keyset.keys.map((entry) => (entry === published ? withdraw(keyset, entry, step) : entry)),
  };
  return next(
    keyset,
    target.state === 'primary' ? withdrawn.keys : makePrimary(withdrawn, restoreKid, step),
    step,
  );
}

/**
 * emergency: a new key is primary at once. Every key that was in any value is taken as leaked: jwt keys are
 * revoked, encryption keys stay readable (rows need them) and never become primary again.
 */
export function emergency(keyset: Keyset, key: Buffer, step: Step): Keyset {
  const entry = newEntry(key, 'primary', step);
  assertNewKid(keyset, entry.kid, step);
  const leaked = keyset.keys.map((old): KeyEntry => {
    if (kindOf(keyset) === 'jwt') {
      return revoke(old, step);
    }
    const state = old.state === 'primary' || old.state === 'published' ? 'decryptOnly' : old.state;
    return { ...old, state, neverPrimary: true };
  });
  return next(keyset, [entry, ...leaked], step);
}

/** May this key become primary by rollback? Undefined: yes; otherwise why not. */
export function whyNeverPrimary(
  entry: KeyEntry,
  keyset: Keyset,
  compromised: ReadonlySet<string>,
): string | undefined {
  if (compromised.has(entry.kid)) {
    return 'it is recorded as compromised';
  }
  if (entry.neverPrimary || (entry.state !== 'published' && entry.primarySince === undefined)) {
    return 'it leaked, or was withdrawn before it was used';
  }
  if (!transitionsOf[kindOf(keyset)][entry.state]?.includes('primary')) {
    return `it is ${entry.state}`;
  }
  return undefined;
}

function makePrimary(keyset: Keyset, kid: string, step: Step): KeyEntry[] {
  return keyset.keys.map((entry) => {
    if (entry.state === 'primary') {
      return retire(keyset, entry, step);
    }
    if (entry.kid !== kid) {
      return entry;
    }
    const refusal = whyNeverPrimary(entry, keyset, step.compromised);
    if (refusal !== undefined) {
      throw new TransitionRefusedError(`Key ${kid} cannot become primary: ${refusal}.`);
    }
    const { acceptUntil: _ended, ...rest } = entry;
    return { ...rest, state: 'primary', primarySince: step.now.toISOString() };
  });
}

/** Readable, no longer used. jwt: until the last token it may have signed has run out. */
function retire(keyset: Keyset, entry: KeyEntry, step: Step): KeyEntry {
  const state = readableState[kindOf(keyset)];
  if (state === 'decryptOnly') {
    return { ...entry, state };
  }
  if (step.acceptForSeconds === undefined) {
    throw new TransitionRefusedError(
      'How long tokens are accepted after a change of keys is not configured.',
    );
  }
  const acceptUntil = new Date(step.now.getTime() + step.acceptForSeconds * 1000).toISOString();
  return { ...entry, state, acceptUntil };
}

function withdraw(keyset: Keyset, entry: KeyEntry, step: Step): KeyEntry {
  return { ...retire(keyset, entry, step), neverPrimary: true };
}

/** A verifyOnly key whose last token has run out is revoked by the next rotation. */
function expire(entry: KeyEntry, step: Step): KeyEntry {
  const over =
    entry.state === 'verifyOnly' && Date.parse(entry.acceptUntil ?? '') <= step.now.getTime();
  return over ? revoke(entry, step) : entry;
}

function revoke(entry: KeyEntry, step: Step): KeyEntry {
  const { key: _gone, acceptUntil: _ended, ...rest } = entry;
  return { ...rest, state: 'revoked', revokedAt: rest.revokedAt ?? step.now.toISOString() };
}

function newEntry(key: Buffer, state: 'published' | 'primary', step: Step): KeyEntry {
  const createdAt = step.now.toISOString();
  const entry: KeyEntry = { kid: kidOf(key), state, key: createSecretKey(key), createdAt };
  return state === 'primary' ? { ...entry, primarySince: createdAt } : entry;
}

function assertNewKid(keyset: Keyset, kid: string, step: Step): void {
  if (keyset.keys.some((entry) => entry.kid === kid) || step.compromised.has(kid)) {
    throw new KidCollisionError(
      `The new key has the kid ${kid} of an earlier one; the random source repeats itself.`,
    );
  }
}

function begin(
  shape: { alg: KeysetAlgorithm; encoding: Encoding },
  entry: KeyEntry,
  step: Step,
): Keyset {
  const keyset: Keyset = {
    version: 1,
    alg: shape.alg,
    encoding: shape.encoding,
    ...originOf(step),
    keys: [entry],
  };
  checkKeyset(keyset);
  return keyset;
}

function next(keyset: Keyset, keys: readonly KeyEntry[], step: Step): Keyset {
  const { basedOn: _before, ...rest } = keyset;
  const made: Keyset = { ...rest, ...originOf(step), keys };
  checkKeyset(made);
  return made;
}

/** The version a keyset builds on stands beside its rotation, where readers look for it. */
function originOf({ rotation }: Step): Pick<Keyset, 'basedOn' | 'rotation'> {
  const { basedOn, ...rest } = rotation;
  return { ...(typeof basedOn === 'string' ? { basedOn } : {}), rotation: rest as KeysetRotation };
}
