/**
 * Intrinsic functions (states-language.net, Appendix B). Our own, because the library strips every backslash
 * from a result, which makes `States.JsonToString` return text that is no JSON any more.
 */
import { createHash, randomUUID } from 'node:crypto';
import { isRecord, type Json } from './json.ts';
import { runtimeError } from './state-error.ts';

export type PathReader = (path: string) => Promise<Json>;

const functions: Readonly<Record<string, (...values: Json[]) => Json>> = {
  'States.Format': (template, ...values) => format(text(template), values),
  'States.JsonToString': (value = null) => JSON.stringify(value),
  'States.StringToJson': (value) => JSON.parse(text(value)) as Json,
  'States.Array': (...values) => values,
  'States.ArrayLength': (list) => array(list).length,
  'States.ArrayGetItem': (list, index) => array(list)[whole(index)] ?? fail('no such index'),
  'States.ArrayContains': (list, value) =>
    array(list).some((element) => JSON.stringify(element) === JSON.stringify(value)),
  'States.MathAdd': (a, b) => whole(a) + whole(b),
  'States.StringSplit': (value, separators) =>
    text(value)
      .split(new RegExp(`[${text(separators).replace(/[\]\\^-]/g, '\\$&')}]`))
      .filter((part) => part !== ''),
  'States.JsonMerge': (a, b, deep) =>
    deep === false ? { ...object(a), ...object(b) } : fail('only the shallow mode exists'),
  'States.Base64Encode': (value) => Buffer.from(text(value)).toString('base64'),
  'States.Base64Decode': (value) => Buffer.from(text(value), 'base64').toString('utf8'),
  'States.Hash': (value, algorithm) =>
    createHash(text(algorithm).replace('-', '').toLowerCase())
      .update(typeof value === 'string' ? value : JSON.stringify(value))
      .digest('hex'),
  'States.UUID': () => randomUUID(),
};

export const functionNames: ReadonlySet<string> = new Set(Object.keys(functions));

/** @throws StateError States.Runtime: unknown function, wrong argument, path without a value */
export async function evaluateIntrinsic(expression: string, read: PathReader): Promise<Json> {
  const parser = new Parser(expression, read);
  const value = await parser.value();
  return parser.atEnd() ? value : fail(`cannot read ${expression}`);
}

class Parser {
  readonly #source: string;
  readonly #read: PathReader;
  #at = 0;

  constructor(source: string, read: PathReader) {
    this.#source = source;
    this.#read = read;
  }

  async value(): Promise<Json> {
    this.#take(/\s*/y);
    const quoted = this.#take(/'((?:\\.|[^'\\])*)'/y);
    if (quoted !== undefined) {
      // \' \{ \} \\ stand for the character itself; States.Format unescapes its braces later.
      return quoted.slice(1, -1).replace(/\\(['\\])/g, '$1');
    }
    // A filter expression may hold commas and parentheses inside its brackets.
    const path = this.#take(/\$(?:\[(?:'[^']*'|[^\]])*\]|[^,()[\s])*/y);
    if (path !== undefined) {
      return this.#read(path);
    }
    const literal = this.#take(/true|false|null|-?\d+(?:\.\d+)?/y);
    return literal === undefined ? this.#call() : (JSON.parse(literal) as Json);
  }

  atEnd(): boolean {
    this.#take(/\s*/y);
    return this.#at === this.#source.length;
  }

  async #call(): Promise<Json> {
    const name = this.#take(/[\w.]+(?=\()/y) ?? '';
    const run = functions[name];
    if (run === undefined) {
      return fail(`cannot read ${this.#source.slice(this.#at) || this.#source}`);
    }
    this.#take(/\(/y);
    const values: Json[] = [];
    while (this.#take(/\s*\)/y) === undefined) {
      if (values.length > 0 && this.#take(/\s*,/y) === undefined) {
        return fail(`cannot read ${this.#source}`);
      }
      values.push(await this.value());
    }
    try {
      return run(...values);
    } catch (error) {
      return fail(`${name}: ${(error as Error).message}`);
    }
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}

function format(template: string, values: Json[]): string {
  const rest = [...values];
  const filled = template.replace(/\\([{}])|\{\}/g, (_found, escaped: string | undefined) => {
    if (escaped !== undefined) {
      return escaped;
    }
    if (rest.length === 0) {
      throw new Error('fewer arguments than {}');
    }
    const value = rest.shift() ?? null;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
  return rest.length === 0 ? filled : fail('more arguments than {}');
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : fail('expected a string');
}

function array(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : fail('expected an array');
}

function object(value: Json | undefined): Record<string, Json> {
  return isRecord(value) ? value : fail('expected an object');
}

function whole(value: Json | undefined): number {
  return typeof value === 'number' ? Math.round(value) : fail('expected a number');
}

function fail(reason: string): never {
  throw runtimeError(`Intrinsic function: ${reason}`);
}
