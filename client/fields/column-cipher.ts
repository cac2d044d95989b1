/** One column over a secret that rotates: waits for keys, and looks again for one that is unknown. */
import { Buffer } from 'node:buffer';
import {
  CiphertextRefusedError,
  UnknownCiphertextKeyError,
} from '../../domain/ciphertext/errors.ts';
import type { Profile, RandomBytes } from '../../domain/ciphertext/format.ts';
import { ClientSettingsError } from '../errors.ts';
import type { SecretCache } from '../secret-cache.ts';
import type { System } from '../system.ts';
import type { Column, Row } from './column.ts';
import type { FieldKeys } from './field-keys.ts';

/** A value to seal. `row`: its primary key, in key order, when the column's profile is row. */
export interface ToSeal {
  readonly plaintext: string | Uint8Array;
  readonly row?: Row;
}

/** A value as it is stored. */
export interface ToOpen<Stored extends string | Buffer> {
  readonly stored: Stored;
  readonly row?: Row;
}

/** Nonces a batch draws at once. */
const nonceBytes = 12;

/**
 * `Stored` is string for text columns, Buffer for bytea. Every method throws
 * - CiphertextError: the value does not open, or cannot be sealed. `DisabledKeyError` is one to alarm on: a value
 *   turned up under a key that every declared store was proven to hold nothing of
 * - SecretUnavailableError, StaleSecretError: the keys cannot be had
 */
export class ColumnCipher<Stored extends string | Buffer> {
  readonly id: string;
  readonly profile: Profile;
  /** Of the column in the database: text, or bytea. */
  readonly form: 'text' | 'bytes';
  readonly #column: Column;
  readonly #cache: SecretCache<FieldKeys>;
  readonly #system: Pick<System, 'now' | 'randomBytes'>;

  constructor(
    column: Column,
    cache: SecretCache<FieldKeys>,
    system: Pick<System, 'now' | 'randomBytes'>,
  ) {
    this.id = column.id;
    this.profile = column.profile;
    this.form = column.form;
    this.#column = column;
    this.#cache = cache;
    this.#system = system;
  }

  /** Seals with the primary key. @param row as in `ToSeal` */
  async encrypt(plaintext: string | Uint8Array, row?: Row): Promise<Stored> {
    const { value: keys } = await this.#cache.get();
    return this.#sealed(plaintext, keys, row);
  }

  /** Opens with exactly the key the value names; reads the secret again, once, when that is unknown. */
  async decrypt(stored: Stored, row?: Row): Promise<string> {
    const { value: keys } = this.#cache.young() ?? (await this.#cache.get());
    const text = this.#textOf(stored);
    try {
      return this.#column.text(this.#column.open(text, keys, row));
    } catch (error) {
      const newer = await this.#newerKeys(error, text, keys);
      return this.#column.text(this.#column.open(text, newer, row));
    }
  }

  /** As `decrypt`, for plaintexts that are no text. */
  async decryptBytes(stored: Stored, row?: Row): Promise<Buffer> {
    const { value: keys } = await this.#cache.get();
    const text = this.#textOf(stored);
    try {
      return this.#column.open(text, keys, row);
    } catch (error) {
      return this.#column.open(text, await this.#newerKeys(error, text, keys), row);
    }
  }

  /** Seals all with one look at the keys; the secret is read at most once. */
  async encryptMany(values: readonly ToSeal[]): Promise<Stored[]> {
    const { value: keys } = await this.#cache.get();
    const random = nonces(this.#system.randomBytes, values.length);
    return values.map(({ plaintext, row }) => this.#sealed(plaintext, keys, row, random));
  }

  /** Opens all, in order; one that does not open fails the call. The secret is read again at most once. */
  async decryptMany(values: readonly ToOpen<Stored>[]): Promise<string[]> {
    let { value: keys } = await this.#cache.get();
    const opened: string[] = [];
    for (const { stored, row } of values) {
      const text = this.#textOf(stored);
      let plaintext: Buffer;
      try {
        plaintext = this.#column.open(text, keys, row);
      } catch (error) {
        keys = await this.#newerKeys(error, text, keys);
        plaintext = this.#column.open(text, keys, row);
      }
      opened.push(this.#column.text(plaintext));
    }
    return opened;
  }

  /** As `encrypt`, with the keys at hand. @throws SecretNotReadyError before the first read */
  encryptNow(plaintext: string | Uint8Array, row?: Row): Stored {
    return this.#sealed(plaintext, this.#cache.current().value, row);
  }

  /** As `decrypt`, with the keys at hand: an unknown key is refused, and read behind the answer. */
  decryptNow(stored: Stored, row?: Row): string {
    const { value: keys } = this.#cache.current();
    const text = this.#textOf(stored);
    try {
      return this.#column.text(this.#column.open(text, keys, row));
    } catch (error) {
      if (!isUnknownKey(error, this.#column.kidOf(text, keys))) {
        throw error;
      }
      this.#cache.refreshNow('unknown kid').catch(() => undefined);
      if (keys.anyName === undefined) {
        throw error;
      }
      return this.#column.text(this.#column.open(text, { ...keys, ring: keys.anyName }, row));
    }
  }

  /**
   * Would `encrypt` write it otherwise today: under another key, in another format or profile? Then write it anew
   * when it is changed anyway; a re-encryption does the rest. Opens nothing.
   */
  async needsRotation(stored: Stored): Promise<boolean> {
    const { value: keys } = await this.#cache.get();
    return this.#column.needsRotation(this.#textOf(stored), keys);
  }

  /** @throws SecretNotReadyError */
  needsRotationNow(stored: Stored): boolean {
    return this.#column.needsRotation(this.#textOf(stored), this.#cache.current().value);
  }

  #sealed(
    plaintext: string | Uint8Array,
    keys: FieldKeys,
    row: Row | undefined,
    random: RandomBytes = this.#system.randomBytes,
  ): Stored {
    const sealed = this.#column.seal(plaintext, keys, row, random, this.#system.now());
    const stored = this.#column.form === 'bytes' ? Buffer.from(sealed, 'latin1') : sealed;
    return stored as Stored;
  }

  #textOf(stored: Stored): string {
    const isBytes = this.#column.form === 'bytes';
    if (isBytes ? !Buffer.isBuffer(stored) : typeof stored !== 'string') {
      throw new ClientSettingsError(
        `A value of column ${this.id} is ${typeof stored}; expected ${isBytes ? 'a Buffer (bytea)' : 'a string'}.`,
      );
    }
    return typeof stored === 'string' ? stored : stored.toString('latin1');
  }

  /** Keys that might open what these did not: newer ones, or the one key under another name. Or throws the error. */
  async #newerKeys(error: unknown, stored: string, keys: FieldKeys): Promise<FieldKeys> {
    if (isUnknownKey(error, this.#column.kidOf(stored, keys))) {
      const { value: newer } = await this.#cache.refreshNow('unknown kid');
      if (newer.anyName !== undefined) {
        return { ...newer, ring: newer.anyName };
      }
      if (newer !== keys) {
        return newer;
      }
    }
    throw error;
  }
}

/** A value that names no key is refused by all of them, whether it was changed or its key is missing. */
function isUnknownKey(error: unknown, kid: string | undefined): boolean {
  return (
    error instanceof UnknownCiphertextKeyError ||
    (error instanceof CiphertextRefusedError && kid === undefined)
  );
}

/** Drawn for this batch and used in it: the operating system is asked once. */
function nonces(draw: System['randomBytes'], count: number): RandomBytes {
  let drawn: Uint8Array = new Uint8Array(0);
  let next = 0;
  return (bytes) => {
    if (bytes !== nonceBytes) {
      return draw(bytes);
    }
    if (next + bytes > drawn.length) {
      drawn = draw(Math.min(Math.max(count, 1), 1024) * nonceBytes);
      next = 0;
    }
    next += bytes;
    return drawn.subarray(next - bytes, next);
  };
}
