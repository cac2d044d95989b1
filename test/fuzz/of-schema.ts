/**
 * Documents that a schema accepts, made from the schema itself: what is fuzzed begins with what is right, and a
 * schema that is new is fuzzed without anybody writing an example for it.
 */
import fc from 'fast-check';
import type * as z from 'zod';

/** The part of zod's definitions (zod 4, `schema._zod.def`) that says what is accepted. */
interface Definition {
  type: string;
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  items?: readonly z.ZodType[];
  entries?: Record<string, string | number>;
  values?: readonly (string | number | boolean | null)[];
  options?: readonly z.ZodType[];
  innerType?: z.ZodType;
  keyType?: z.ZodType;
  valueType?: z.ZodType;
  in?: z.ZodType;
  out?: z.ZodType;
  left?: z.ZodType;
  right?: z.ZodType;
  getter?: () => z.ZodType;
  format?: string;
  pattern?: RegExp;
  checks?: readonly { _zod: { def: Check } }[];
}
interface Check {
  check: string;
  format?: string;
  pattern?: RegExp;
  prefix?: string;
  minimum?: number;
  maximum?: number;
  length?: number;
  value?: number;
}

export const definitionOf = (schema: z.ZodType): Definition =>
  (schema as unknown as { _zod: { def: Definition } })._zod.def;

const cache = new WeakMap<z.ZodType, fc.Arbitrary<unknown>>();

/** @param depth lists and records grow shorter the deeper they stand */
export function ofSchema(schema: z.ZodType, depth = 0): fc.Arbitrary<unknown> {
  const known = cache.get(schema);
  if (known !== undefined) return known;
  const made = build(schema, depth);
  cache.set(schema, made);
  return made;
}

function build(schema: z.ZodType, depth: number): fc.Arbitrary<unknown> {
  const definition = definitionOf(schema);
  const inner = (part: z.ZodType | undefined) =>
    part === undefined ? fc.constant(null) : ofSchema(part, depth + 1);
  switch (definition.type) {
    case 'object':
      return ofObject(definition, depth);
    case 'array':
      return ofList(definition, depth);
    case 'tuple':
      return fc.tuple(...(definition.items ?? []).map(inner));
    case 'record':
      return fc.dictionary(inner(definition.keyType).map(String), inner(definition.valueType), {
        maxKeys: 2,
      });
    case 'union':
      return fc.oneof(...(definition.options ?? []).map(inner));
    case 'intersection':
      return fc
        .tuple(inner(definition.left), inner(definition.right))
        .map(([left, right]) => ({ ...(left as object), ...(right as object) }));
    case 'optional':
    case 'default':
    case 'prefault':
      return fc.option(inner(definition.innerType), { nil: undefined, freq: 3 });
    case 'nullable':
      return fc.option(inner(definition.innerType), { nil: null });
    case 'readonly':
    case 'catch':
    case 'nonoptional':
      return inner(definition.innerType);
    case 'pipe':
      return inner(definition.in);
    case 'lazy':
      return depth > 6
        ? fc.constant(undefined)
        : fc.constant(null).chain(() => inner(definition.getter?.()));
    case 'enum':
      return fc.constantFrom(...Object.values(definition.entries ?? {}));
    case 'literal':
      return fc.constantFrom(...(definition.values ?? []));
    case 'string':
      return ofString(definition);
    case 'number':
      return ofNumber(definition);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'undefined':
    case 'never':
    case 'void':
      return fc.constant(undefined);
    default:
      return fc.constantFrom<unknown>('x', 7, null, {});
  }
}

/** An optional field is left out as often as it stands: absent and `undefined` are not the same. */
function ofObject({ shape = {} }: Definition, depth: number): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(shape).map(([name, field]) => [name, ofSchema(field, depth + 1)]),
  );
  return fc
    .record(fields)
    .map((made) =>
      Object.fromEntries(Object.entries(made).filter(([, value]) => value !== undefined)),
    );
}

function ofList({ element, checks = [] }: Definition, depth: number): fc.Arbitrary<unknown> {
  const least = numberIn(checks, 'min_length', 'minimum') ?? 0;
  const exact = numberIn(checks, 'length_equals', 'length');
  const most = Math.max(least, depth > 3 ? 1 : 2);
  const one = element === undefined ? fc.constant(null) : ofSchema(element, depth + 1);
  return fc.array(one, { minLength: exact ?? least, maxLength: exact ?? most });
}

const formats: Record<string, fc.Arbitrary<string>> = {
  datetime: fc.constantFrom(
    '2026-05-17T17:00:02Z',
    '2026-05-17T17:00:02.123Z',
    '2024-02-29T23:59:59Z',
    '2026-01-01T00:00:00Z',
  ),
  date: fc.constantFrom('2026-05-17', '2024-02-29'),
  email: fc.constantFrom('on-call@example.com'),
  url: fc.constantFrom('https://pharmacy.example.com/health', 'https://hooks.example.com/a?b=c'),
  uuid: fc.constantFrom('11111111-1111-4111-8111-111111111111'),
};

/** What names of AWS and of this project look like: a field that only has a length is mostly one of these. */
const words = fc.constantFrom(
  'jwt',
  'pharmacy/prod/jwt',
  'arn:aws:secretsmanager:eu-west-1:000000000000:secret:pharmacy/prod/jwt-AbCdEf',
  'arn:aws:iam::000000000000:role/pharmacy-api',
  'arn:aws:states:eu-west-1:000000000000:execution:m:1',
  'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',
  '1a77c0de55e1b002',
  '2026-05-17T17:00:02Z',
  'https://pharmacy.example.com',
  'x',
);

function ofString({ format, pattern, checks = [] }: Definition): fc.Arbitrary<string> {
  const found = checks.map(({ _zod }) => _zod.def);
  const named =
    format ?? found.find((check) => check.format !== undefined && check.format !== 'regex')?.format;
  if (named !== undefined && formats[named] !== undefined) return formats[named];
  const patterns = [pattern, ...found.map((check) => check.pattern)].filter(
    (one) => one !== undefined,
  );
  const prefix = found.find((check) => check.prefix !== undefined)?.prefix;
  const longest = numberIn(checks, 'max_length', 'maximum') ?? 256;
  if (prefix !== undefined) return words.map((word) => `${prefix}${word}`.slice(0, longest));
  const [first] = patterns;
  if (first === undefined) return words.map((word) => word.slice(0, longest));
  return fromPattern(first).map((text) => text.slice(0, longest));
}

/** fast-check draws from a pattern; what it cannot (look-around) is tried with words. */
function fromPattern(pattern: RegExp): fc.Arbitrary<string> {
  try {
    return fc.stringMatching(pattern, { size: '-1' });
  } catch {
    return words;
  }
}

function ofNumber({ format, checks = [] }: Definition): fc.Arbitrary<number> {
  const found = checks.map(({ _zod }) => _zod.def);
  const isWhole = format !== undefined || found.some((check) => check.format === 'safeint');
  const least = found.find(({ check }) => check === 'greater_than')?.value ?? 0;
  const most = found.find(({ check }) => check === 'less_than')?.value ?? least + 1_000;
  const [from, to] = [Math.ceil(least), Math.floor(Math.max(most, least))];
  return isWhole
    ? fc.integer({ min: from, max: Math.max(from, to) })
    : fc.constantFrom(least, most, (least + most) / 2);
}

function numberIn(
  checks: NonNullable<Definition['checks']>,
  name: string,
  field: 'minimum' | 'maximum' | 'length',
): number | undefined {
  return checks.map(({ _zod }) => _zod.def).find(({ check }) => check === name)?.[field];
}
