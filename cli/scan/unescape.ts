/**
 * What stands in a JSON, JavaScript or YAML string, or in an address, as escapes: `\/`, `\u002f`, `\x2f`, `\n`, `%2F`
 * (RFC 8259, 7; RFC 3986, 2.1). Bytes stay bytes; an escape of a character beyond Latin-1 becomes a space.
 */
const simple: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, f: 12 };
const backslash = 92;
const percent = 37;

/** Undefined: there was nothing to undo. */
export function unescaped(bytes: Uint8Array): Buffer | undefined {
  const made = Buffer.allocUnsafe(bytes.length);
  let to = 0;
  let isChanged = false;
  for (let from = 0; from < bytes.length; from += 1) {
    const byte = bytes[from] as number;
    if (byte === percent) {
      const code = hex(bytes, from + 1, 2);
      if (code >= 0) {
        made[to++] = code;
        from += 2;
        isChanged = true;
        continue;
      }
    } else if (byte === backslash && from + 1 < bytes.length) {
      const letter = String.fromCharCode(bytes[from + 1] as number);
      const digits = letter === 'u' ? 4 : letter === 'x' ? 2 : 0;
      const code = digits === 0 ? -1 : hex(bytes, from + 2, digits);
      if (digits === 0 || code >= 0) {
        made[to++] =
          digits === 0 ? (simple[letter] ?? letter.charCodeAt(0)) : code < 256 ? code : 32;
        from += 1 + digits;
        isChanged = true;
        continue;
      }
    }
    made[to++] = byte;
  }
  return isChanged ? made.subarray(0, to) : undefined;
}

/** -1: no such number of digits. */
function hex(bytes: Uint8Array, start: number, digits: number): number {
  let code = 0;
  for (let at = start; at < start + digits; at += 1) {
    const nibble = nibbleOf[bytes[at] ?? 0] as number;
    if (nibble === 255) return -1;
    code = code * 16 + nibble;
  }
  return code;
}

/** Code of a hex digit → its 4 bits; 255: none. */
export const nibbleOf: Readonly<Uint8Array> = Uint8Array.from({ length: 256 }, (_, code) => {
  const digit = '0123456789abcdef'.indexOf(String.fromCharCode(code).toLowerCase());
  return digit === -1 ? 255 : digit;
});
