/** Every form a value could be written down in by somebody who did not mean to write it down. */
import { type Needle, Search, shortest } from '../leaks/search.ts';

/** Of a value: its text as the secret holds it, and its bytes as they are used. */
export interface Piece {
  readonly text: string;
  readonly bytes: Buffer;
}

/** Of a value: its bytes as they are used, and its text as the secret holds it. */
export function formsOf(text: string, bytes: Buffer): string[] {
  return [...namedForms({ text, bytes }).keys()];
}

/** Form → its name, for who reads of a hit: "hex, second half, reversed". */
function namedForms({ text, bytes }: Piece): Map<string, string> {
  const whole: [string, string][] = [
    ['as it is', text],
    ['URL-encoded', encodeURIComponent(text)],
    ['form-encoded', new URLSearchParams([['', text]]).toString().slice(1)],
    ['URL-encoded in lower case', lowerCaseEscapes(encodeURIComponent(text))],
    ['JSON', inJson(text)],
    ['JSON in JSON', inJson(inJson(text))],
    // A slash may be escaped, too.
    ['JSON with slashes escaped', inJson(text).replaceAll('/', '\\/')],
    ['HTML', htmlOf(text, { "'": '&#39;', '"': '&quot;' })],
    ['HTML in hex', htmlOf(text, { "'": '&#x27;', '"': '&#34;', '/': '&#x2F;', '=': '&#x3D;' })],
    ['SQL', text.replaceAll("'", "''")],
  ];
  const parts: [string, Buffer][] = [['its text in ', Buffer.from(text)]];
  if (!bytes.equals(Buffer.from(text))) parts.push(['', bytes]);
  for (const [of, part] of parts) {
    const hex = part.toString('hex');
    whole.push(
      [`${of}bytes`, part.toString('latin1')],
      [`${of}hex`, hex],
      [`${of}HEX`, hex.toUpperCase()],
      // As Node.js shows a Buffer, and as it is written into JSON.
      [`${of}hex, spaced`, hex.replaceAll(/..(?=.)/g, '$& ')],
      [`${of}numbers`, part.join(',')],
      [`${of}numbers, spaced`, part.join(', ')],
      [`${of}base64, alone`, part.toString('base64')],
    );
    for (const before of alignments) {
      for (const encoding of ['base64', 'base64url'] as const) {
        const form = insideBase64(part, before, encoding);
        whole.push([`${of}${encoding}, ${before} bytes in`, form]);
      }
    }
  }
  const forms = new Map<string, string>();
  for (const [form, name] of new Map(whole.map(([of, each]) => [each, of]))) {
    const middle = Math.ceil(form.length / 2);
    add(forms, form, name);
    add(forms, form.slice(0, middle), `${name}, first half`);
    add(forms, form.slice(middle), `${name}, second half`);
  }
  for (const [part, name] of quotedParts(text)) add(forms, part, name);
  return forms;
}

/**
 * What `JSON.parse` quotes of a text it cannot read: ten characters on each side of the place, or the first ten and
 * three dots (V8, `JsonParser::ReportUnexpectedToken`). Every run of twenty holds one of these.
 */
function quotedParts(text: string): [part: string, name: string][] {
  // A document, an address and a PEM begin with what is no secret; the values in them are pieces of their own.
  if (/^\s*[{[]|:\/\/|-----BEGIN/.test(text)) return [];
  const first = text.slice(0, 10);
  const parts: [string, string][] = [
    [`${first}"...`, 'as JSON.parse quotes it'],
    [`${first}\\"...`, 'as JSON.parse quotes it, in JSON'],
  ];
  for (let at = 0; at + shortest <= text.length; at += 8) {
    parts.push([text.slice(at, at + shortest), `characters ${at} to ${at + shortest}`]);
  }
  return parts;
}

function add(forms: Map<string, string>, form: string, name: string): void {
  if (form.length < shortest) return;
  forms.set(form, name);
  forms.set(
    Buffer.from(form, 'utf16le').swap16().reverse().toString('utf16le'),
    `${name}, reversed`,
  );
}

/** Bytes that stand before it in a group of three. */
const alignments = [0, 1, 2] as const;

/** As it looks in the base64 of a longer text that holds it. */
function insideBase64(part: Buffer, before: number, encoding: 'base64' | 'base64url'): string {
  const encoded = Buffer.concat([Buffer.alloc(before), part]).toString(encoding);
  // The first characters also hold bits of what stands before, the last ones of what comes after.
  const first = before === 0 ? 0 : before + 1;
  const shared = (before + part.length) % 3 === 0 ? 0 : 1;
  const unpadded = encoded.replace(/=+$/, '');
  return unpadded.slice(first, unpadded.length - shared);
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);
const lowerCaseEscapes = (text: string): string =>
  text.replaceAll(/%[0-9A-F]{2}/g, (escaped) => escaped.toLowerCase());
const htmlOf = (text: string, more: Readonly<Record<string, string>>): string =>
  text.replaceAll(
    /[&<>"'/=]/g,
    (one) => more[one] ?? { '&': '&amp;', '<': '&lt;', '>': '&gt;' }[one] ?? one,
  );

/** The values in one version of a secret: keys of a keyset, passwords, and the flat field. */
export function valuesIn(secretString: string): { text: string; bytes: Buffer }[] {
  const { keyset, ...flat } = JSON.parse(secretString) as {
    keyset?: { encoding: BufferEncoding; keys: { k?: string }[] };
    [field: string]: unknown;
  };
  if (keyset !== undefined) {
    return keyset.keys
      .flatMap(({ k }) => k ?? [])
      .map((text) => ({ text, bytes: Buffer.from(text, keyset.encoding) }));
  }
  const { password } = flat;
  return typeof password === 'string' ? [{ text: password, bytes: Buffer.from(password) }] : [];
}

/** What names something, and may be told: the ids, hosts and roles in a value. */
const named: ReadonlySet<string> = new Set([
  ...['kid', 'state', 'alg', 'encoding', 'basedOn', 'intent', 'token', 'requestedBy', 'reason'],
  ...['engine', 'host', 'dbname', 'username', 'masterarn', 'quarterturn', 'provider'],
  ...['createdAt', 'primarySince', 'acceptUntil', 'disabledAt', 'revokedAt', 'prunedAt'],
]);
const pem = /-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g;

/**
 * The whole SecretString, every text in it that does not merely name something, the bytes of every key and the DER
 * of every PEM. Any text: what is no JSON is a value as a whole.
 */
export function piecesIn(secretString: string): Piece[] {
  const texts = new Map<string, Buffer>([[secretString, Buffer.from(secretString)]]);
  const encoding = encodingIn(secretString);
  const visit = (value: unknown, name = ''): void => {
    if (typeof value === 'string' && value.length >= shortest && !named.has(name)) {
      texts.set(value, Buffer.from(value, encoding ?? encodingOf(value)));
      for (const [, , body = ''] of value.matchAll(pem)) {
        texts.set(body, Buffer.from(body, 'base64'));
      }
    } else if (typeof value === 'object' && value !== null) {
      for (const [member, inner] of Object.entries(value)) {
        visit(inner, Array.isArray(value) ? name : member);
      }
    }
  };
  visit(parsed(secretString) ?? secretString);
  return [...texts].map(([text, bytes]) => ({ text, bytes }));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of a text that could be one of bytes: whoever has the text has them, and may write them down. */
function encodingOf(text: string): BufferEncoding {
  if (/^([0-9a-f]{2}){12,}$/i.test(text)) return 'hex';
  return /^[A-Za-z0-9+/_-]{16,}={0,2}$/.test(text) ? 'base64' : 'utf8';
}

function encodingIn(secretString: string): BufferEncoding | undefined {
  const { keyset } = (parsed(secretString) ?? {}) as { keyset?: { encoding?: string } };
  if (keyset === undefined) return undefined;
  const { encoding = 'base64' } = keyset;
  return Buffer.isEncoding(encoding) ? encoding : 'utf8';
}

/** @param secretStrings by the name a hit is told under */
export function searchFor(secretStrings: Readonly<Record<string, string>>): Search {
  const needles = new Map<string, Needle>();
  for (const [of, secretString] of Object.entries(secretStrings)) {
    for (const piece of piecesIn(secretString)) {
      // Whatever is done to a document is done to the values in it, which are pieces of their own: but for compression,
      // which no form stands for.
      if (isDocument(piece.text)) continue;
      for (const [text, form] of namedForms(piece)) {
        needles.set(text, { of, form, bytes: Buffer.from(text) });
        // Bytes are bytes in a file, and characters in a log.
        const bytes = Buffer.from(text, 'latin1');
        if (bytes.length !== Buffer.byteLength(text)) needles.set(`\0${text}`, { of, form, bytes });
      }
    }
  }
  return new Search(needles.values());
}

/** JSON with at least one value in it that is looked for by itself. */
const isDocument = (text: string): boolean => /^\s*\{/.test(text) && piecesIn(text).length > 1;

/** The names of the sinks that hold any of these forms. */
export function foundIn(
  sinks: Readonly<Record<string, string>>,
  forms: readonly string[],
): string[] {
  const search = new Search(
    forms
      .map((form) => ({ of: '', form: '', bytes: Buffer.from(form) }))
      .filter(({ bytes }) => bytes.length >= shortest),
  );
  return Object.entries(sinks)
    .filter(([, text]) => search.in(text, 1).length > 0)
    .map(([name]) => name);
}
