/**
 * Condition operators and what a request's context says to them (IAM user guide, "IAM JSON policy
 * elements: Condition operators" and "Multivalued context keys"). Only what is listed here exists; the
 * loader refuses a policy that uses anything else.
 */
import { asList, matchesArn, matchesWildcard } from './wildcard.ts';

export type Context = ReadonlyMap<string, readonly string[]>;

interface Operator {
  /** Does one value of the context match one value of the policy? */
  matches(actual: string, expected: string): boolean;
  /** Negated operators hold when nothing matches, and when the key is absent. */
  negated: boolean;
}

const is = (matches: Operator['matches']): Operator => ({ matches, negated: false });
const isNot = (matches: Operator['matches']): Operator => ({ matches, negated: true });
const same = (actual: string, expected: string) => actual === expected;
const sameIgnoringCase = (actual: string, expected: string) =>
  actual.toLowerCase() === expected.toLowerCase();
const like = (actual: string, expected: string) => matchesWildcard(expected, actual);
const arnLike = (actual: string, expected: string) => matchesArn(expected, actual);
const compare =
  (read: (value: string) => number, holds: (a: number, b: number) => boolean) =>
  (actual: string, expected: string) =>
    holds(read(actual), read(expected));
const instant = (value: string) =>
  /^\d+(\.\d+)?$/.test(value) ? Number(value) * 1000 : Date.parse(value);
const ordered = (name: string, read: (value: string) => number): [string, Operator][] => [
  [`${name}Equals`, is(compare(read, (a, b) => a === b))],
  [`${name}NotEquals`, isNot(compare(read, (a, b) => a === b))],
  [`${name}LessThan`, is(compare(read, (a, b) => a < b))],
  [`${name}LessThanEquals`, is(compare(read, (a, b) => a <= b))],
  [`${name}GreaterThan`, is(compare(read, (a, b) => a > b))],
  [`${name}GreaterThanEquals`, is(compare(read, (a, b) => a >= b))],
];

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ['StringEquals', is(same)],
  ['StringNotEquals', isNot(same)],
  ['StringEqualsIgnoreCase', is(sameIgnoringCase)],
  ['StringNotEqualsIgnoreCase', isNot(sameIgnoringCase)],
  ['StringLike', is(like)],
  ['StringNotLike', isNot(like)],
  ['ArnEquals', is(arnLike)],
  ['ArnLike', is(arnLike)],
  ['ArnNotEquals', isNot(arnLike)],
  ['ArnNotLike', isNot(arnLike)],
  ['Bool', is(sameIgnoringCase)],
  ...ordered('Numeric', Number),
  ...ordered('Date', instant),
]);

export type Conditions = Readonly<
  Record<string, Readonly<Record<string, string | boolean | number | readonly string[]>>>
>;

interface ParsedOperator {
  set: 'ForAllValues' | 'ForAnyValue' | undefined;
  name: string;
  ifExists: boolean;
}

function parseOperator(text: string): ParsedOperator | undefined {
  const found = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/.exec(text);
  const name = found?.[2] ?? '';
  if (found === null || !(OPERATORS.has(name) || (name === 'Null' && found[3] === undefined))) {
    return undefined;
  }
  return { set: found[1] as ParsedOperator['set'], name, ifExists: found[3] !== undefined };
}

export function isKnownOperator(text: string): boolean {
  return parseOperator(text) !== undefined;
}

/** Every operator and every key must hold; the values of one key are alternatives. */
export function conditionsHold(conditions: Conditions | undefined, context: Context): boolean {
  return Object.entries(conditions ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, expected]) =>
      holds(operator, context.get(key.toLowerCase()), asList<unknown>(expected).map(String)),
    ),
  );
}

function holds(
  text: string,
  actual: readonly string[] | undefined,
  expected: readonly string[],
): boolean {
  const parsed = parseOperator(text);
  if (parsed === undefined) {
    throw new TypeError(`condition operator ${text} was not refused when the policy was loaded`);
  }
  if (parsed.name === 'Null') {
    return expected.some((value) => (value.toLowerCase() === 'true') === (actual === undefined));
  }
  const operator = OPERATORS.get(parsed.name) as Operator;
  const one = (value: string) =>
    expected.some((wanted) => operator.matches(value, wanted)) !== operator.negated;
  if (parsed.set === 'ForAllValues') {
    return (actual ?? []).every(one);
  }
  if (actual === undefined || actual.length === 0) {
    return parsed.ifExists || (operator.negated && parsed.set === undefined);
  }
  if (parsed.set === 'ForAnyValue') {
    return actual.some(one);
  }
  return operator.negated ? actual.every(one) : actual.some(one);
}
