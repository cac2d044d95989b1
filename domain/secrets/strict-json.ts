/**
 * JSON as RFC 8259 section 4 wishes it: a member name once. `JSON.parse` keeps the last of two equal
 * names, turns `__proto__` into trouble for whoever copies the object, and puts the text it refuses into
 * its message; a secret's text must do none of the three.
 */
import { Buffer } from 'node:buffer';
import { InvalidSecretValueError } from './errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

/** Secrets Manager's limit of a secret value, in bytes of UTF-8 (API_PutSecretValue). */
export const maximumValueBytes = 65_536;
const maximumDepth = 32;

const tokens =
  /[ \t\n\r]*(?:(?<text>"(?:[^"\\]|\\.)*")|(?<number>-?\d[-+.eE\d]*)|(?<word>true|false|null)|(?<mark>[{}[\],:])|(?<end>$))/y;
const loneSurrogate = /\p{Surrogate}/u;

/** `text`: as it is written; only a mark reads as one, because a text has its quotes. */
type Token = { kind: 'text' | 'number' | 'word' | 'mark' | 'end'; text: string; start: number };

/** One document: its members in order, each with the text it was written with. */
export interface JsonDocument {
  members: ReadonlyMap<string, { value: Json; source: string }>;
}

/**
 * Parses one JSON object.
 * @throws InvalidSecretValueError for anything else, without echoing the input
 */
export function parseJsonDocument(source: string): JsonDocument {
  if (source.charCodeAt(0) === 0xfeff) {
    throw new InvalidSecretValueError(
      'The value starts with a byte order mark; store it without (RFC 8259 section 8.1).',
    );
  }
  if (Buffer.byteLength(source) > maximumValueBytes) {
    throw new InvalidSecretValueError(`The value is longer than ${maximumValueBytes} bytes.`);
  }
  const reader = new Reader(source);
  const members = reader.document();
  return { members };
}

class Reader {
  readonly #source: string;
  #position = 0;
  #token: Token;

  constructor(source: string) {
    this.#source = source;
    this.#token = this.#next();
  }

  document(): Map<string, { value: Json; source: string }> {
    if (this.#token.text !== '{') {
      throw new InvalidSecretValueError('The value is JSON but not an object; expected one.');
    }
    const members = new Map<string, { value: Json; source: string }>();
    this.#object(0, (name, value, source) => members.set(name, { value, source }));
    if (this.#token.kind !== 'end') {
      throw this.#broken();
    }
    return members;
  }

  #value(depth: number): Json {
    if (depth > maximumDepth) {
      throw new InvalidSecretValueError(`The value is nested deeper than ${maximumDepth} levels.`);
    }
    const { kind, text } = this.#token;
    if (kind === 'text' || kind === 'number' || kind === 'word') {
      const scalar = this.#scalar(text);
      this.#advance();
      return scalar;
    }
    if (text === '{') {
      const members = new Map<string, Json>();
      this.#object(depth, (name, value) => members.set(name, value));
      return members;
    }
    if (text === '[') {
      return this.#array(depth);
    }
    throw this.#broken();
  }

  #object(depth: number, add: (name: string, value: Json, source: string) => void): void {
    const names = new Set<string>();
    this.#advance();
    while (this.#token.text !== '}') {
      if (names.size > 0) {
        this.#expect(',');
      }
      if (this.#token.kind !== 'text') {
        throw this.#broken();
      }
      const name = this.#scalar(this.#token.text) as string;
      if (names.has(name)) {
        throw new InvalidSecretValueError(
          'A JSON member is there twice (RFC 8259 section 4); keep one of the two.',
        );
      }
      if (name === '__proto__') {
        throw new InvalidSecretValueError('A JSON member is named "__proto__"; remove it.');
      }
      names.add(name);
      this.#advance();
      this.#expect(':');
      const start = this.#token.start;
      const value = this.#value(depth + 1);
      add(name, value, this.#source.slice(start, this.#token.start).trimEnd());
    }
    this.#advance();
  }

  #array(depth: number): Json[] {
    const items: Json[] = [];
    this.#advance();
    while (this.#token.text !== ']') {
      if (items.length > 0) {
        this.#expect(',');
      }
      items.push(this.#value(depth + 1));
    }
    this.#advance();
    return items;
  }

  #scalar(text: string): null | boolean | number | string {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // JSON.parse's own message quotes its input: it must not travel, not even as a cause.
      throw this.#broken();
    }
    if (loneSurrogate.test(String(value))) {
      throw new InvalidSecretValueError(
        'The value contains half a surrogate pair: not Unicode text.',
      );
    }
    return value as null | boolean | number | string;
  }

  #expect(mark: string): void {
    if (this.#token.text !== mark) {
      throw this.#broken();
    }
    this.#advance();
  }

  #advance(): void {
    this.#token = this.#next();
  }

  #next(): Token {
    tokens.lastIndex = this.#position;
    const groups = tokens.exec(this.#source)?.groups;
    for (const kind of ['text', 'number', 'word', 'mark', 'end'] as const) {
      const text = groups?.[kind];
      if (text !== undefined) {
        this.#position = tokens.lastIndex;
        return { kind, text, start: tokens.lastIndex - text.length };
      }
    }
    throw this.#broken();
  }

  #broken(): InvalidSecretValueError {
    return new InvalidSecretValueError('The value is not well-formed JSON (RFC 8259).');
  }
}
