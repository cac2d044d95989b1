/** Keysets as rotations leave them, as text of a secret. */
import { createHash, randomBytes } from 'node:crypto';
import type { Keyset } from '../../domain/secrets/keyset.ts';
import { type KeysetSettings, serializeSecretValue } from '../../domain/secrets/secret-value.ts';
import {
  activate,
  adoptedKeyset,
  firstKeyset,
  publish,
  type Step,
} from '../../domain/secrets/transitions.ts';

export const jwtSettings = {
  field: 'JWT_SECRET',
  alg: 'HS512',
  bits: 512,
  encoding: 'base64',
} as const satisfies KeysetSettings;

export const encryptionSettings = {
  field: 'ENCRYPTION_KEY',
  alg: 'A256GCM',
  bits: 256,
  encoding: 'base64',
} as const satisfies KeysetSettings;

export const keyNumber = (number: number, bytes = 64): Buffer =>
  createHash('sha512').update(`key ${number}`).digest().subarray(0, bytes);

const step = (now: Date, acceptForSeconds = 3_600): Step => ({
  now,
  rotation: { intent: 'planned', token: 'a-token' },
  compromised: new Set(),
  acceptForSeconds,
});

/** One keyset that goes from rotation to rotation. */
export class Rotating {
  keyset: Keyset;
  readonly #settings: KeysetSettings;
  readonly #now: () => Date;
  #made = 1;

  constructor(settings: KeysetSettings, now: () => Date, adopted?: Buffer) {
    this.#settings = settings;
    this.#now = now;
    this.keyset =
      adopted === undefined
        ? firstKeyset(settings, keyNumber(1, settings.bits / 8), step(now()))
        : adoptedKeyset(settings, adopted, randomBytes(8).toString('hex'), step(now()));
  }

  get text(): string {
    return serializeSecretValue(
      { shape: 'keyset', keyset: this.keyset, others: new Map() },
      this.#settings,
    );
  }

  kid(state: string): string {
    const [first] = this.keyset.keys.filter((key) => key.state === state);
    return first?.kid ?? '';
  }

  publish(): this {
    this.#made += 1;
    const key = keyNumber(this.#made, this.#settings.bits / 8);
    this.keyset = publish(this.keyset, key, step(this.#now()));
    return this;
  }

  activate(): this {
    this.keyset = activate(this.keyset, this.kid('published'), step(this.#now()));
    return this;
  }

  /** As an emergency or the clock leaves it: `state`, its key gone or refused. */
  retire(kid: string, state: 'revoked' | 'disabled'): this {
    const at = this.#now().toISOString();
    const keys = this.keyset.keys.map((entry) => {
      if (entry.kid !== kid) return entry;
      const { key, acceptUntil: _, ...rest } = entry;
      return state === 'revoked'
        ? { ...rest, state, revokedAt: at }
        : { ...rest, ...(key && { key }), state, disabledAt: at };
    });
    this.keyset = { ...this.keyset, keys };
    return this;
  }
}
