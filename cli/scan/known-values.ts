/** What is looked for: the windows of every deployment that answered, found again by filter and fingerprint. */
import type {
  FingerprintedSecret,
  FingerprintedValue,
  FingerprintsAnswer,
} from '../../domain/events/fingerprints.ts';
import {
  filterBits,
  fingerprintOf,
  packSextets,
  type ScanAlphabet,
  type WindowLength,
} from '../../domain/secrets/scan-windows.ts';

export type Part = FingerprintedValue['windows'][number]['part'];

/** One value, and whose it is. */
export interface KnownValue {
  readonly deployment: string;
  readonly secret: Pick<FingerprintedSecret, 'key' | 'name' | 'kind'>;
  readonly what: string;
  readonly form: FingerprintedValue['form'];
  readonly versions: FingerprintedValue['versions'];
}

export interface KnownWindow {
  readonly value: KnownValue;
  readonly part: Part;
}

/** All windows of one alphabet and length. */
class WindowSet {
  readonly alphabet: ScanAlphabet;
  readonly length: WindowLength;
  readonly #scanKey: Buffer;
  readonly #windows = new Map<string, KnownWindow[]>();
  readonly #missed = new Missed();

  constructor(alphabet: ScanAlphabet, length: WindowLength, scanKey: Buffer) {
    this.alphabet = alphabet;
    this.length = length;
    this.#scanKey = scanKey;
  }

  add(fingerprint: string, window: KnownWindow): void {
    const known = this.#windows.get(fingerprint);
    if (known === undefined) this.#windows.set(fingerprint, [window]);
    else known.push(window);
  }

  /** The windows that these symbols are; the filter was asked before. */
  at(symbols: Uint8Array, start: number): readonly KnownWindow[] {
    return this.of(
      this.alphabet === 'sextet'
        ? packSextets(symbols, start, this.length)
        : symbols.subarray(start, start + this.length),
    );
  }

  of(packed: Uint8Array): readonly KnownWindow[] {
    if (this.#missed.has(packed)) return none;
    const { alphabet, length } = this;
    const found = fingerprintOf(this.#scanKey, alphabet, length, packed).toString('base64url');
    const windows = this.#windows.get(found);
    if (windows === undefined) this.#missed.add(packed);
    return windows ?? none;
  }
}

const none: readonly KnownWindow[] = [];
const [slots, slotBytes] = [1024, 32];

/**
 * Windows that were asked for lately and are not known: rows of dashes and zeros are the same window a million times,
 * and an HMAC takes microseconds.
 */
class Missed {
  readonly #bytes = new Uint8Array(slots * slotBytes);
  readonly #lengths = new Uint8Array(slots);

  has(packed: Uint8Array): boolean {
    const slot = slotOf(packed);
    if (this.#lengths[slot] !== packed.length) return false;
    for (let at = 0; at < packed.length; at += 1) {
      if (this.#bytes[slot * slotBytes + at] !== packed[at]) return false;
    }
    return true;
  }

  add(packed: Uint8Array): void {
    const slot = slotOf(packed);
    this.#bytes.set(packed, slot * slotBytes);
    this.#lengths[slot] = packed.length;
  }
}

function slotOf(packed: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < packed.length; at += 1)
    sum = Math.imul(sum ^ (packed[at] as number), 0x01000193);
  return (sum >>> 8) % slots;
}

/** By filter: 1, 2 and 4 where a window of 16, 24 and 32 symbols has it. */
const bitOf: Readonly<Record<WindowLength, number>> = { 16: 1, 24: 2, 32: 4 };

/** All windows of one alphabet. */
export class KnownWindows {
  readonly filter = new Uint8Array(2 ** filterBits);
  readonly #sets: WindowSet[] = [];

  add(
    { part, alphabet, length, filter, fingerprint }: FingerprintedValue['windows'][number],
    value: KnownValue,
    scanKey: Buffer,
  ): void {
    this.filter[filter] = (this.filter[filter] ?? 0) | bitOf[length];
    let set = this.#sets.find((each) => each.length === length);
    if (set === undefined) {
      set = new WindowSet(alphabet, length, scanKey);
      this.#sets.push(set);
    }
    set.add(fingerprint, { value, part });
  }

  /** @param bits what the filter says; @param count how many symbols there are */
  at(symbols: Uint8Array, start: number, count: number, bits: number): readonly KnownWindow[] {
    const found = this.#sets.filter(
      ({ length }) => (bits & bitOf[length]) !== 0 && start + length <= count,
    );
    return found.flatMap((set) => set.at(symbols, start));
  }

  /** Of 12 bytes, which are 16 sextets. */
  ofBytes(bytes: Uint8Array): readonly KnownWindow[] {
    return this.#sets.find(({ length }) => length === 16)?.of(bytes) ?? none;
  }
}

export class KnownValues {
  readonly values: KnownValue[] = [];
  readonly sextet = new KnownWindows();
  /** Undefined: no value has such a window. */
  readonly visible: KnownWindows | undefined;

  /** @param scanKey 32 bytes: what every answer was asked with */
  constructor(scanKey: Buffer, answers: readonly FingerprintsAnswer[]) {
    const visible = new KnownWindows();
    let isVisible = false;
    for (const { deployment, secrets } of answers) {
      for (const { key, name, kind, values } of secrets) {
        for (const { what, form, versions, windows } of values) {
          const value = { deployment, secret: { key, name, kind }, what, form, versions };
          this.values.push(value);
          for (const window of windows) {
            isVisible ||= window.alphabet === 'visible';
            const into = window.alphabet === 'visible' ? visible : this.sextet;
            into.add(window, value, scanKey);
          }
        }
      }
    }
    this.visible = isVisible ? visible : undefined;
  }
}
