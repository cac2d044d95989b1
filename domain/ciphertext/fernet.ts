/**
 * Fernet (github.com/fernet/spec): base64url, padded, of 80 ‖ time(8) ‖ iv(16) ‖ AES-128-CBC ‖ HMAC-SHA-256(32).
 * The key's 32 bytes are signing key ‖ encryption key, 16 each. The age of a token is not checked: a stored
 * value does not expire.
 */
import { Buffer } from 'node:buffer';
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  timingSafeEqual,
} from 'node:crypto';
import { MalformedCiphertextError, SealRefusedError } from './errors.ts';
import type { TextFormat } from './format.ts';
import { type CipherKey, requireRawSize } from './keys.ts';
import { checkPlaintext, checkValueLength, requireUnbound } from './limits.ts';
import { fernetMark } from './marks.ts';
import { drawn } from './nonces.ts';
import { decodeBytes, encodeBytes } from './text-encodings.ts';
import { openByTrial } from './trial.ts';

const version = 0x80;
const ivStart = 1 + 8;
const dataStart = ivStart + 16;
const macBytes = 32;
const blockBytes = 16;
/** Beyond it, in the year 2514, a token begins otherwise. */
const maximumSeconds = 2 ** 34;

function parse(text: string): Buffer {
  checkValueLength(text);
  const bytes = decodeBytes(text, 'base64url-padded');
  const dataBytes = (bytes?.length ?? 0) - dataStart - macBytes;
  if (bytes === undefined || !fernet.recognise(text) || dataBytes <= 0 || dataBytes % blockBytes) {
    throw new MalformedCiphertextError(
      'The value is not a Fernet token of version 80: canonical padded base64url, whole blocks, complete.',
    );
  }
  return bytes;
}

export const fernet: TextFormat = {
  name: 'fernet',
  form: 'text',
  recognise: (text) => text.startsWith(fernetMark),
  open(text, keys, binding) {
    requireUnbound(binding, 'fernet');
    const bytes = parse(text);
    return openByTrial(keys, 'fernet', (key) => {
      const { signing, encryption } = key.derived(halves);
      const signed = bytes.subarray(0, -macBytes);
      const mac = createHmac('sha256', signing).update(signed).digest();
      if (!timingSafeEqual(mac, bytes.subarray(-macBytes))) {
        return undefined;
      }
      const iv = bytes.subarray(ivStart, dataStart);
      const decipher = createDecipheriv('aes-128-cbc', encryption, iv);
      try {
        return Buffer.concat([decipher.update(signed.subarray(dataStart)), decipher.final()]);
      } catch {
        // Whoever holds the key sealed something that is not padded: as good as changed.
        return undefined;
      }
    });
  },
  seal(plaintext, key, binding, random, options = {}) {
    requireUnbound(binding, 'fernet');
    checkPlaintext(plaintext, options);
    requireRawSize(key);
    const seconds = Math.floor((options.at?.getTime() ?? Number.NaN) / 1000);
    if (!(seconds >= 0 && seconds < maximumSeconds)) {
      throw new SealRefusedError('A Fernet token notes when it was made; pass `at`, before 2514.');
    }
    const { signing, encryption } = key.derived(halves);
    const head = Buffer.alloc(ivStart);
    head.writeUInt8(version);
    head.writeBigUInt64BE(BigInt(seconds), 1);
    const iv = drawn(random, blockBytes);
    const cipher = createCipheriv('aes-128-cbc', encryption, iv);
    const signed = Buffer.concat([head, iv, cipher.update(plaintext), cipher.final()]);
    const mac = createHmac('sha256', signing).update(signed).digest();
    return encodeBytes(Buffer.concat([signed, mac]), 'base64url-padded');
  },
};

function halves({ key }: CipherKey) {
  const bytes = key.export();
  const signing = createSecretKey(bytes.subarray(0, 16));
  const encryption = createSecretKey(bytes.subarray(16));
  bytes.fill(0);
  return { signing, encryption };
}
