/** Encrypted columns of an application, over one encryption secret. */
import type { Buffer } from 'node:buffer';
import { SealCounter } from '../../domain/ciphertext/nonces.ts';
import { ClientSettingsError } from '../errors.ts';
import type { SecretCache } from '../secret-cache.ts';
import { type System, system } from '../system.ts';
import { Column, type ColumnSettings, type Row } from './column.ts';
import { ColumnCipher, type ToOpen, type ToSeal } from './column-cipher.ts';
import { UnknownColumnError } from './errors.ts';
import type { FieldKeys } from './field-keys.ts';

export interface FieldCipherOptions {
  readonly system?: Pick<System, 'now' | 'randomBytes'>;
}

/**
 * Seals with the primary key, opens with the key a value names. Makes no call to AWS but those of its cache.
 *
 * Seals are counted in this process only, and refused at 2^32 under one key (NIST SP 800-38D section 8.3): of a
 * fleet nobody knows the sum. `seals()` is for whoever adds them up; a rotation starts anew.
 */
export class FieldCipher {
  /** How old the keys can be that are still used, in milliseconds: maxAge + staleFor; Infinity when injected. */
  readonly maximumAge: number;
  readonly #cache: SecretCache<FieldKeys>;
  readonly #columns = new Map<string, { column: Column; cipher: ColumnCipher<string | Buffer> }>();
  readonly #seals = new SealCounter();

  /**
   * @param columns by their logical id, as in rotation.config.ts
   * @throws ClientSettingsError, InvalidFormatSettingsError
   */
  constructor(
    cache: SecretCache<FieldKeys>,
    columns: Readonly<Record<string, ColumnSettings>>,
    options: FieldCipherOptions = {},
  ) {
    this.#cache = cache;
    this.maximumAge = cache.maximumAge;
    for (const [id, settings] of Object.entries(columns)) {
      const column = new Column(id, settings, this.#seals);
      const cipher = new ColumnCipher<string | Buffer>(column, cache, options.system ?? system);
      this.#columns.set(id, { column, cipher });
    }
  }

  /** Reads the keys, so that the methods ending in `Now` have some. */
  async ready(): Promise<void> {
    await this.#cache.get();
  }

  /** A text column. @throws UnknownColumnError; ClientSettingsError when it is bytea */
  column(id: string): ColumnCipher<string> {
    return this.#found(id, 'text') as unknown as ColumnCipher<string>;
  }

  /** A bytea column. @throws UnknownColumnError; ClientSettingsError when it is text */
  bytesColumn(id: string): ColumnCipher<Buffer> {
    return this.#found(id, 'bytes') as unknown as ColumnCipher<Buffer>;
  }

  /** `column(id).encrypt(…)` */
  encrypt(id: string, plaintext: string | Uint8Array, row?: Row): Promise<string> {
    return this.column(id).encrypt(plaintext, row);
  }

  /** `column(id).decrypt(…)` */
  decrypt(id: string, stored: string, row?: Row): Promise<string> {
    return this.column(id).decrypt(stored, row);
  }

  encryptMany(id: string, values: readonly ToSeal[]): Promise<string[]> {
    return this.column(id).encryptMany(values);
  }

  decryptMany(id: string, values: readonly ToOpen<string>[]): Promise<string[]> {
    return this.column(id).decryptMany(values);
  }

  needsRotation(id: string, stored: string): Promise<boolean> {
    return this.column(id).needsRotation(stored);
  }

  /** How many values this process sealed, by kid and column (`<kid>/<column>`; profile none: `<kid>`). */
  seals(): ReadonlyMap<string, number> {
    return this.#seals.counts();
  }

  #found(id: string, form: 'text' | 'bytes'): ColumnCipher<string | Buffer> {
    const found = this.#columns.get(id);
    if (found === undefined) {
      throw new UnknownColumnError(id, [...this.#columns.keys()]);
    }
    if (found.column.form !== form) {
      throw new ClientSettingsError(
        `Column ${id} is ${found.column.form === 'text' ? 'text; ask for it with column' : 'bytea; ask for it with bytesColumn'}.`,
      );
    }
    return found.cipher;
  }
}
