/** The keys of a keyset as the formats use them, with what is derived from them kept beside them. */
import type { KeyObject } from 'node:crypto';
import { SealRefusedError } from './errors.ts';

/** More columns than any deployment declares; guards against ids that are made up as one goes. */
const maximumDerived = 1_000;

export interface KeyOfKeyset {
  readonly kid: string;
  readonly key: KeyObject;
  readonly adopted?: boolean | undefined;
}

/**
 * One key. What is derived from it (HKDF per column, fingerprints) is kept as long as the object: the owner
 * holds it as long as the keyset it came from, and forgets both together.
 */
export class CipherKey {
  readonly kid: string;
  readonly key: KeyObject;
  /** It was there before Quarterturn. */
  readonly adopted: boolean;
  readonly #derived = new Map<unknown, Map<string, unknown>>();

  constructor({ kid, key, adopted = false }: KeyOfKeyset) {
    this.kid = kid;
    this.key = key;
    this.adopted = adopted;
  }

  /** `derive` must be a function of its arguments alone; it is called once for each `detail`. */
  derived<T>(derive: (key: CipherKey, detail: string) => T, detail = ''): T {
    let kept = this.#derived.get(derive) as Map<string, T> | undefined;
    if (kept === undefined) {
      kept = new Map();
      this.#derived.set(derive, kept);
    }
    const found = kept.get(detail);
    if (found !== undefined) {
      return found;
    }
    const made = derive(this, detail);
    if (kept.size >= maximumDerived) {
      kept.delete(kept.keys().next().value as string);
    }
    kept.set(detail, made);
    return made;
  }
}

/** Keys that may open: neither disabled ones nor tombstones. */
export class KeyRing {
  /** In the order they are tried: primary first. */
  readonly all: readonly CipherKey[];
  readonly #byKid: ReadonlyMap<string, CipherKey>;

  readonly #disabled: ReadonlySet<string>;

  /** @param disabled kids of the keyset that open nothing any more; whoever meets one is told so */
  constructor(keys: Iterable<KeyOfKeyset>, disabled: Iterable<string> = []) {
    this.#disabled = new Set(disabled);
    this.all = Array.from(keys, (key) => (key instanceof CipherKey ? key : new CipherKey(key)));
    this.#byKid = new Map(this.all.map((key) => [key.kid, key]));
  }

  /** Exactly this one. */
  find(kid: string): CipherKey | undefined {
    return this.#byKid.get(kid);
  }

  isDisabled(kid: string): boolean {
    return this.#disabled.has(kid);
  }

  /** The one key that was adopted; undefined: none, or several, between which nothing decides. */
  get adopted(): CipherKey | undefined {
    const [first, second] = this.all.filter(({ adopted }) => adopted);
    return second === undefined ? first : undefined;
  }
}

/** Formats other than qt1 take the key as it is: AES-256 needs 32 bytes (a text key may have more). */
export const rawKeyBytes = 32;

export function hasRawSize({ key }: CipherKey): boolean {
  return key.symmetricKeySize === rawKeyBytes;
}

/** @throws SealRefusedError */
export function requireRawSize(key: CipherKey): void {
  if (!hasRawSize(key)) {
    throw new SealRefusedError(
      `Key ${key.kid} has ${key.key.symmetricKeySize ?? 0} bytes, this format needs ${rawKeyBytes}; seal with qt1.`,
    );
  }
}
