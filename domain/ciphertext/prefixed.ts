/**
 * A declared prefix, the id of the key, and nonce ‖ ciphertext ‖ tag: `enc:v2:<id>:<base64>`. The key is used as
 * it is; programs that derive one per tenant or record need what only they know, and are not read here.
 */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { InvalidFormatSettingsError, MalformedCiphertextError } from './errors.ts';
import type { TextFormat } from './format.ts';
import { gcmSeal, type NonceBytes, splitGcm, usualNonceBytes } from './gcm.ts';
import { type CipherKey, requireRawSize } from './keys.ts';
import { alreadySealed, checkPlaintext, checkValueLength, requireUnbound } from './limits.ts';
import { textMarks } from './marks.ts';
import { openNamed } from './named-gcm.ts';
import { drawn } from './nonces.ts';
import { decodeBytes, encodeBytes, type TextEncoding } from './text-encodings.ts';

export interface PrefixedSettings {
  /** Its last character, one of `: . | $ , ; ~`, also ends the id. */
  prefix: string;
  /** The kid or its start, or the start of SHA-256 over the key: its bytes, or the text it is written as. */
  keyId: { of: 'kid'; digits: 8 | 16 } | { of: 'sha256'; keyAs: KeyText; digits: 8 | 16 };
  /** @default 'base64' */
  encoding?: TextEncoding | undefined;
  /** @default 12 */
  nonceBytes?: NonceBytes | undefined;
}

type KeyText = 'bytes' | TextEncoding;

/** @throws InvalidFormatSettingsError */
export function prefixed(settings: PrefixedSettings): TextFormat {
  const { prefix, keyId, encoding = 'base64', nonceBytes = usualNonceBytes } = settings;
  if (!/^[\x21-\x7e]{1,31}[:.|$,;~]$/.test(prefix) || textMarks.some((m) => prefix.startsWith(m))) {
    throw new InvalidFormatSettingsError(
      'A prefix has 2 to 32 printable ASCII characters, ends in one of : . | $ , ; ~ and does not begin like qt1, cloak or Fernet.',
    );
  }
  const separator = prefix.slice(-1);
  const deriveId = idDerivation(keyId);
  const idOf = (key: CipherKey) => key.derived(deriveId);
  const recognise = (text: string) =>
    text.startsWith(prefix) && !textMarks.some((mark) => text.startsWith(mark));
  const bodyStart = prefix.length + keyId.digits + 1;
  const idIn = (text: string) => {
    const id = text.slice(prefix.length, bodyStart - 1);
    const isNamed = /^[0-9a-f]+$/.test(id) && text[bodyStart - 1] === separator;
    return recognise(text) && isNamed ? id : undefined;
  };
  const parse = (text: string) => {
    const id = idIn(text);
    const body = id && decodeBytes(text.slice(bodyStart), encoding);
    const parts = body && splitGcm(body, nonceBytes);
    return id && parts ? { id, parts } : undefined;
  };
  return {
    name: 'prefixed',
    form: 'text',
    recognise,
    open(text, keys, binding) {
      requireUnbound(binding, 'prefixed');
      checkValueLength(text);
      const read = parse(text);
      if (read === undefined) {
        throw new MalformedCiphertextError(
          `The value is not ${prefix}<${keyId.digits} hex digits>${separator}<${encoding}>, canonical and complete.`,
        );
      }
      return openNamed(read.parts, read.id, { name: 'prefixed', keys, idOf });
    },
    seal(plaintext, key, binding, random, options = {}) {
      requireUnbound(binding, 'prefixed');
      checkPlaintext(plaintext, options);
      requireRawSize(key);
      if (options.nested !== true && parse(Buffer.from(plaintext).toString('latin1'))) {
        throw alreadySealed();
      }
      const { nonce, ciphertext, tag } = gcmSeal(key.key, drawn(random, nonceBytes), plaintext);
      const body = encodeBytes(Buffer.concat([nonce, ciphertext, tag]), encoding);
      return `${prefix}${idOf(key)}${separator}${body}`;
    },
    naming: {
      idOf,
      idIn,
      startOf: (key) => `${prefix}${idOf(key)}${separator}`,
      idPattern: `^${literal(prefix)}([0-9a-f]{${keyId.digits}})${literal(separator)}`,
    },
  };
}

/** Behind a backslash every character but letters and digits stands for itself. */
const literal = (text: string) => text.replace(/[^A-Za-z0-9]/g, '\\$&');

function idDerivation(keyId: PrefixedSettings['keyId']): (key: CipherKey) => string {
  const { digits } = keyId;
  if (keyId.of === 'kid') {
    return ({ kid }) => kid.slice(0, digits);
  }
  const { keyAs } = keyId;
  return ({ key }) => {
    const bytes = key.export();
    const hashed = keyAs === 'bytes' ? bytes : encodeBytes(bytes, keyAs);
    return createHash('sha256').update(hashed).digest('hex').slice(0, digits);
  };
}
