/**
 * The keyset as an application keeps it: read once, used for as long as the configuration allows, read again
 * before that when a value names a key that is not in it.
 */
import { UnknownCiphertextKeyError } from '../domain/ciphertext/errors.ts';
import type { FieldCipher } from './data/sealed-columns.ts';

export interface CipherSource {
  /** Reads the secret. */
  cipher(): Promise<FieldCipher>;
  now(): Date;
  /** What the configuration calls `readerCache`. */
  cacheSeconds: number;
}

export class CachedCipher {
  readonly #source: CipherSource;
  #kept: { cipher: FieldCipher; since: number } | undefined;
  #reads = 0;

  constructor(source: CipherSource) {
    this.#source = source;
  }

  /** How often the secret was read. */
  get reads(): number {
    return this.#reads;
  }

  /**
   * Does what needs the keyset; once more with a fresh one when a key was unknown.
   * @throws whatever `work` throws, the second time
   */
  async with<T>(work: (cipher: FieldCipher) => T): Promise<T> {
    try {
      return work(await this.#current());
    } catch (error) {
      if (!(error instanceof UnknownCiphertextKeyError)) {
        throw error;
      }
      return work(await this.#read());
    }
  }

  async #current(): Promise<FieldCipher> {
    const { now, cacheSeconds } = this.#source;
    const isFresh =
      this.#kept !== undefined && now().getTime() - this.#kept.since < cacheSeconds * 1000;
    return isFresh && this.#kept !== undefined ? this.#kept.cipher : this.#read();
  }

  async #read(): Promise<FieldCipher> {
    // Its age counts from before the call: the answer may be as old as that.
    const since = this.#source.now().getTime();
    const cipher = await this.#source.cipher();
    this.#reads += 1;
    this.#kept = { cipher, since };
    return cipher;
  }
}
