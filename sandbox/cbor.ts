/**
 * CBOR (RFC 8949) as Smithy's RPC v2 protocol uses it: what the `aws` command sends to CloudWatch.
 * https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
 */
export class CborError extends Error {
  override readonly name = 'CborError';
  readonly code = 'ERR_SANDBOX_CBOR';
}

/** @returns JSON-like values; a timestamp (tag 1) as a Date */
export function decodeCbor(bytes: Buffer): unknown {
  return new Reader(bytes).value();
}

/** Undefined members are left out; a Date becomes a timestamp (tag 1). */
export function encodeCbor(value: unknown): Buffer {
  const parts: Buffer[] = [];
  write(value, parts);
  return Buffer.concat(parts);
}

const BREAK = Symbol('break');

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(): unknown {
    const item = this.#item();
    if (item === BREAK) {
      throw new CborError('CBOR ends an item that was not begun.');
    }
    return item;
  }

  #item(): unknown {
    const head = this.#take(1).readUInt8();
    const major = head >> 5;
    const info = head & 31;
    if (major === 7) {
      return this.#simple(info);
    }
    const length = info === 31 ? undefined : this.#length(info);
    switch (major) {
      case 0:
        return length;
      case 1:
        return -1 - (length ?? 0);
      case 2:
        return Buffer.concat(this.#chunks(length));
      case 3:
        return Buffer.concat(this.#chunks(length)).toString('utf8');
      case 4:
        return this.#items(length);
      case 5:
        return this.#map(length);
      default: {
        const tagged = this.value();
        return length === 1 ? new Date(Number(tagged) * 1000) : tagged;
      }
    }
  }

  #map(length: number | undefined): Record<string, unknown> {
    const flat = this.#items(length === undefined ? undefined : length * 2);
    const map: Record<string, unknown> = {};
    for (let i = 0; i < flat.length; i += 2) {
      map[String(flat[i])] = flat[i + 1];
    }
    return map;
  }

  #items(length: number | undefined): unknown[] {
    const items: unknown[] = [];
    while (length === undefined || items.length < length) {
      const item = this.#item();
      if (item === BREAK) {
        break;
      }
      items.push(item);
    }
    return items;
  }

  #chunks(length: number | undefined): Buffer[] {
    return length === undefined
      ? this.#items(undefined).map((chunk) => Buffer.from(chunk as string | Buffer))
      : [this.#take(length)];
  }

  #simple(info: number): unknown {
    switch (info) {
      case 20:
      case 21:
        return info === 21;
      case 22:
      case 23:
        return null;
      case 25:
        return half(this.#take(2).readUInt16BE());
      case 26:
        return this.#take(4).readFloatBE();
      case 27:
        return this.#take(8).readDoubleBE();
      case 31:
        return BREAK;
      default:
        throw new CborError(`CBOR has the simple value ${info}, which means nothing here.`);
    }
  }

  #length(info: number): number {
    if (info < 24) {
      return info;
    }
    const bytes = 2 ** (info - 24);
    return bytes === 8
      ? Number(this.#take(8).readBigUInt64BE())
      : this.#take(bytes).readUIntBE(0, bytes);
  }

  #take(length: number): Buffer {
    if (!(this.#at + length <= this.#bytes.length)) {
      throw new CborError('CBOR ends in the middle of an item.');
    }
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) {
    return sign * fraction * 2 ** -24;
  }
  if (exponent === 31) {
    return fraction === 0 ? sign * Infinity : Number.NaN;
  }
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function write(value: unknown, parts: Buffer[]): void {
  if (value === null || value === undefined) {
    parts.push(Buffer.of(0xf6));
  } else if (typeof value === 'boolean') {
    parts.push(Buffer.of(value ? 0xf5 : 0xf4));
  } else if (typeof value === 'number') {
    writeNumber(value, parts);
  } else if (typeof value === 'string') {
    const text = Buffer.from(value);
    parts.push(head(3, text.length), text);
  } else if (value instanceof Date) {
    parts.push(head(6, 1));
    writeNumber(value.getTime() / 1000, parts);
  } else if (value instanceof Uint8Array) {
    parts.push(head(2, value.length), Buffer.from(value));
  } else if (Array.isArray(value)) {
    parts.push(head(4, value.length));
    for (const item of value) {
      write(item, parts);
    }
  } else {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    parts.push(head(5, members.length));
    for (const [name, member] of members) {
      write(name, parts);
      write(member, parts);
    }
  }
}

function writeNumber(value: number, parts: Buffer[]): void {
  if (Number.isSafeInteger(value)) {
    parts.push(value < 0 ? head(1, -1 - value) : head(0, value));
    return;
  }
  const double = Buffer.alloc(9);
  double.writeUInt8(0xfb);
  double.writeDoubleBE(value, 1);
  parts.push(double);
}

function head(major: number, length: number): Buffer {
  if (length < 24) {
    return Buffer.of((major << 5) | length);
  }
  const bytes = length < 2 ** 8 ? 1 : length < 2 ** 16 ? 2 : length < 2 ** 32 ? 4 : 8;
  const made = Buffer.alloc(1 + bytes);
  made.writeUInt8((major << 5) | (24 + Math.log2(bytes)));
  if (bytes === 8) {
    made.writeBigUInt64BE(BigInt(length), 1);
  } else {
    made.writeUIntBE(length, 1, bytes);
  }
  return made;
}
