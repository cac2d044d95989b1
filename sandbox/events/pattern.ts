/**
 * Event patterns of EventBridge rules.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 *
 * A pattern is compiled when the rule is made, so that an operator the sandbox does not know stops the load
 * by name, instead of a rule that quietly never (or always) fires.
 */
import { ServiceException } from '../service.ts';

export type EventPattern = Readonly<Record<string, unknown>>;
type Json = unknown;

/** `present` is false when the event has no such field: only `exists: false` matches then. */
type Matcher = (value: Json, present: boolean) => boolean;

export function compilePattern(pattern: EventPattern): (event: Json) => boolean {
  const match = compileObject(pattern, '');
  return (event) => match(event, true);
}

function compileObject(pattern: EventPattern, path: string): Matcher {
  const fields = Object.entries(pattern).map(([name, inner]): [string, Matcher] => {
    const here = path === '' ? name : `${path}.${name}`;
    if (name === '$or') {
      return [name, compileOr(inner, here)];
    }
    if (name.startsWith('$')) {
      throw unknown(here, `"${name}" is not modelled`);
    }
    if (Array.isArray(inner)) {
      return [name, anyOf(inner, here)];
    }
    if (isObject(inner)) {
      return [name, compileObject(inner, here)];
    }
    throw unknown(here, 'Event pattern fields must be arrays or objects');
  });
  return (value) =>
    fields.every(([name, match]) => {
      if (name === '$or') {
        return match(value, true);
      }
      const present = isObject(value) && Object.hasOwn(value, name);
      return match(present ? value[name] : undefined, present);
    });
}

/** "Or" over several fields: one of the objects matches what stands at its own place. */
function compileOr(alternatives: Json, path: string): Matcher {
  if (!Array.isArray(alternatives) || alternatives.length < 2 || !alternatives.every(isObject)) {
    throw unknown(path, '"$or" takes two or more objects');
  }
  const matchers = alternatives.map((alternative) => compileObject(alternative, path));
  return (value) => matchers.some((match) => match(value, true));
}

function anyOf(alternatives: readonly Json[], path: string): Matcher {
  if (alternatives.length === 0) {
    throw unknown(path, 'Empty arrays are not allowed');
  }
  const matchers = alternatives.map((alternative) => compileValue(alternative, path));
  // A field of the event that is an array matches if one of its elements does.
  return (value, present) =>
    Array.isArray(value) && value.length > 0
      ? matchers.some((match) => value.some((element) => match(element, true)))
      : matchers.some((match) => match(value, present));
}

function compileValue(expected: Json, path: string): Matcher {
  if (!isObject(expected)) {
    return (value, present) => present && value === expected;
  }
  const [entry, ...more] = Object.entries(expected);
  const operator = entry === undefined ? undefined : operators[entry[0]];
  if (entry === undefined || operator === undefined || more.length > 0) {
    throw unknown(path, `the sandbox does not know the operator ${JSON.stringify(expected)}`);
  }
  return operator(entry[1], path);
}

const operators: Readonly<Record<string, (argument: Json, path: string) => Matcher>> = {
  prefix: text('prefix', (value, argument) => value.startsWith(argument)),
  suffix: text('suffix', (value, argument) => value.endsWith(argument)),
  'equals-ignore-case': text(
    'equals-ignore-case',
    (value, argument) => value.toLowerCase() === argument.toLowerCase(),
  ),
  exists: (argument, path) => {
    if (typeof argument !== 'boolean') {
      throw unknown(path, '"exists" takes true or false');
    }
    return (_value, present) => present === argument;
  },
  'anything-but': (argument, path) => {
    const excluded = (Array.isArray(argument) ? argument : [argument]).map((value) =>
      compileValue(value, path),
    );
    return (value, present) => present && !excluded.some((match) => match(value, true));
  },
  numeric: (argument, path) => {
    const conditions = numericConditions(argument, path);
    return (value) => typeof value === 'number' && conditions.every((holds) => holds(value));
  },
};

function text(name: string, holds: (value: string, argument: string) => boolean) {
  return (argument: Json, path: string): Matcher => {
    if (typeof argument !== 'string') {
      throw unknown(path, `"${name}" of ${JSON.stringify(argument)} is not modelled`);
    }
    return (value) => typeof value === 'string' && holds(value, argument);
  };
}

const comparisons: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

/** `[">", 0, "<=", 5]`: pairs of a comparison and a bound, all of which must hold. */
function numericConditions(argument: Json, path: string): ((value: number) => boolean)[] {
  if (!Array.isArray(argument) || argument.length === 0 || argument.length % 2 !== 0) {
    throw unknown(path, '"numeric" takes pairs of a comparison and a number');
  }
  const conditions: ((value: number) => boolean)[] = [];
  for (let i = 0; i < argument.length; i += 2) {
    const compare = comparisons[String(argument[i])];
    const bound: unknown = argument[i + 1];
    if (compare === undefined || typeof bound !== 'number') {
      throw unknown(path, `"numeric" does not know ${JSON.stringify(argument.slice(i, i + 2))}`);
    }
    conditions.push((value) => compare(value, bound));
  }
  return conditions;
}

function unknown(path: string, reason: string): ServiceException {
  return new ServiceException(
    'InvalidEventPatternException',
    `Event pattern is not valid. Reason: ${reason} at ${path}`,
  );
}

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
