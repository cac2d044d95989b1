/** The keys of an encryption secret as columns use them. */
import { CipherKey, KeyRing } from '../../domain/ciphertext/keys.ts';
import type { Encoding } from '../../domain/secrets/encoding.ts';
import { acceptedKeys, disabledKids, type Keyset, primaryOf } from '../../domain/secrets/keyset.ts';
import { parseSecretValue, readKeyset } from '../../domain/secrets/secret-value.ts';
import { ClientSettingsError } from '../errors.ts';

export interface FieldKeysOptions {
  /** Name of the flat field, as in rotation.config.ts. @default 'ENCRYPTION_KEY' */
  readonly field?: string;
  /**
   * Also read a value that holds the one key and no keyset yet: the secret before its first rotation. Then older
   * formats open, and a column seals in its `beforeKeyset` format. Say what rotation.config.ts says.
   */
  readonly plain?: {
    readonly encoding: Encoding;
    /** Size of the key. */
    readonly bits: number;
  };
}

/** The keys of one version of the secret, with all that is derived from them. */
export interface FieldKeys {
  /** Seals. Undefined: there is no keyset yet, `only` is the one key. */
  readonly primary: CipherKey | undefined;
  readonly only: CipherKey | undefined;
  /** Those that may open, primary first. */
  readonly ring: KeyRing;
  /**
   * `only`, under whatever kid a value names. The first rotation of an adopted secret gives its key a kid, and
   * writers that know it seal under it, while others still hold the key without one. Whether it is that key, the
   * tag of the value says. Undefined: there is a keyset, which names its keys.
   */
  readonly anyName: KeyRing | undefined;
  /** For health: names and states, never keys. */
  readonly states: readonly { readonly kid?: string; readonly state: string }[];
}

/** Makes the `parse` of a `SecretCache`. @throws InvalidSecretValueError, when it is called */
export function fieldKeys(options: FieldKeysOptions = {}): (text: string) => FieldKeys {
  const { field = 'ENCRYPTION_KEY', plain } = options;
  return (text) => {
    if (plain === undefined) {
      return keysOf(readKeyset(text, field));
    }
    const value = parseSecretValue(text, { field, alg: 'A256GCM', ...plain });
    if (value.shape === 'keyset') {
      return keysOf(value.keyset);
    }
    // No kid of 16 hex digits: no qt1 value names it.
    const only = new CipherKey({ kid: 'plain', key: value.key, adopted: true });
    const states = [{ state: 'primary' }];
    const anyName = new OnlyKey(only);
    return { primary: undefined, only, ring: new KeyRing([only]), anyName, states };
  };
}

/** Dates have no say: an encryption key is readable until a rotation disables it. */
const whenever = new Date(0);

function keysOf(keyset: Keyset): FieldKeys {
  if (keyset.alg !== 'A256GCM') {
    throw new ClientSettingsError(
      `The keyset is one for tokens (${keyset.alg}); expected the encryption secret. Check which secret is read.`,
    );
  }
  const ring = new KeyRing(acceptedKeys(keyset, whenever), disabledKids(keyset));
  return {
    primary: ring.find(primaryOf(keyset).kid),
    only: undefined,
    ring,
    anyName: undefined,
    states: keyset.keys.map(({ kid, state }) => ({ kid, state })),
  };
}

class OnlyKey extends KeyRing {
  readonly #only: CipherKey;
  /** The last one asked for: what is derived is derived once, and made-up kids fill no memory. */
  #named: CipherKey | undefined;

  constructor(only: CipherKey) {
    super([only]);
    this.#only = only;
  }

  override find(kid: string): CipherKey {
    if (this.#named?.kid !== kid) {
      this.#named = new CipherKey({ kid, key: this.#only.key, adopted: true });
    }
    return this.#named;
  }
}
