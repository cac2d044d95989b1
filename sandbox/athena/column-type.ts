/**
 * Types of columns as the Glue Data Catalog writes them (Hive): `string`, `struct<type:string,…>`.
 * @see https://docs.aws.amazon.com/athena/latest/ug/data-types.html
 */

export type Scalar = 'string' | 'bigint' | 'boolean';

export type ColumnType =
  | { kind: 'scalar'; type: Scalar }
  | { kind: 'struct'; fields: ReadonlyMap<string, ColumnType> }
  /** Lists and maps can be declared, and not be queried. */
  | { kind: 'other'; type: string };

const SCALARS: Readonly<Record<string, Scalar>> = {
  string: 'string',
  int: 'bigint',
  bigint: 'bigint',
  boolean: 'boolean',
};

/** @throws TypeError naming what is not known */
export function columnType(text: string): ColumnType {
  const whole = text.toLowerCase().replaceAll(/\s+/g, '');
  const [type, rest] = read(whole);
  if (rest !== '') {
    throw new TypeError(`the type ${text} goes on with ${rest} after its end`);
  }
  return type;
}

function read(text: string): [ColumnType, string] {
  const [word = ''] = /^[a-z0-9]+/.exec(text) ?? [];
  const rest = text.slice(word.length);
  if (word === 'struct' && rest.startsWith('<')) {
    return readFields(rest.slice(1));
  }
  if (word === 'array' && rest.startsWith('<')) {
    const [, after] = read(rest.slice(1));
    return [{ kind: 'other', type: 'array' }, closed(after)];
  }
  if (word === 'map' && rest.startsWith('<')) {
    const [, comma] = read(rest.slice(1));
    const [, after] = read(comma.replace(/^,/, ''));
    return [{ kind: 'other', type: 'map' }, closed(after)];
  }
  const scalar = Object.hasOwn(SCALARS, word) ? SCALARS[word] : undefined;
  if (scalar === undefined) {
    throw new TypeError(`the type ${word === '' ? text : word} is not simulated`);
  }
  return [{ kind: 'scalar', type: scalar }, rest];
}

function readFields(text: string): [ColumnType, string] {
  const fields = new Map<string, ColumnType>();
  let rest = text;
  for (;;) {
    const [head = '', name] = /^([a-z0-9_]+):/.exec(rest) ?? [];
    if (name === undefined) {
      throw new TypeError(`a struct holds ${rest.slice(0, 20)}, where name:type was expected`);
    }
    const [type, after] = read(rest.slice(head.length));
    fields.set(name, type);
    if (!after.startsWith(',')) {
      return [{ kind: 'struct', fields }, closed(after)];
    }
    rest = after.slice(1);
  }
}

function closed(text: string): string {
  if (!text.startsWith('>')) {
    throw new TypeError(`> was expected before ${text.slice(0, 20)}`);
  }
  return text.slice(1);
}

/** A member of a JSON document as the SerDe gives it: names without regard to case, strings for whatever is one. */
export function asColumn(type: ColumnType, value: unknown): unknown {
  if (value === undefined || value === null) {
    return null;
  }
  if (type.kind === 'struct') {
    if (typeof value !== 'object') {
      return null;
    }
    const members = new Map(Object.entries(value).map(([name, of]) => [name.toLowerCase(), of]));
    return Object.fromEntries(
      [...type.fields].map(([name, of]) => [name, asColumn(of, members.get(name))]),
    );
  }
  if (type.kind === 'other') {
    return null;
  }
  switch (type.type) {
    case 'bigint':
      return Number.isSafeInteger(value) ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? Number(value) : null;
    case 'string':
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}
