/** Expressions in SQLite's words, with their types checked as Trino checks them. */
import { notSimulated, type Place, QueryError } from './error.ts';
import { FUNCTIONS, type KnownFunction, type Type, type Typed } from './functions.ts';
import { resolve, type Scope } from './scope.ts';
import type { Expression } from './syntax.ts';

export interface Context {
  scope: Scope;
  /** SQL of the grouped expressions, where aggregates are allowed; absent in WHERE and inside of an aggregate. */
  grouped?: ReadonlySet<string>;
}

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** @throws QueryError as Trino says it; ServiceException NotSimulatedException */
export function typed(of: Expression, context: Context): Typed {
  if (context.grouped !== undefined && of.kind !== 'literal') {
    const plain = ungrouped(of, context);
    if (plain !== undefined) {
      return plain;
    }
  }
  switch (of.kind) {
    case 'literal':
      return literal(of.value);
    case 'name': {
      const column = resolve(context.scope, of.parts, of.at);
      if (context.grouped !== undefined) {
        throw new QueryError(
          'EXPRESSION_NOT_AGGREGATE',
          `'${of.parts.join('.')}' must be an aggregate expression or appear in GROUP BY clause`,
          of.at,
        );
      }
      return column;
    }
    case 'call':
      return call(of, context);
    case 'compare': {
      const [left, right] = same([of.left, of.right], context, of.at, of.operator);
      return { sql: `(${left} ${of.operator} ${right})`, type: 'boolean' };
    }
    case 'logic': {
      const [left, right] = [of.left, of.right].map((part) => ofType(part, 'boolean', context));
      return { sql: `(${left} ${of.operator} ${right})`, type: 'boolean' };
    }
    case 'not':
      return { sql: `(NOT ${ofType(of.of, 'boolean', context)})`, type: 'boolean' };
    case 'arithmetic': {
      const type = of.operator === '||' ? 'varchar' : 'bigint';
      const [left, right] = [of.left, of.right].map((part) => ofType(part, type, context));
      return { sql: `(${left} ${of.operator} ${right})`, type };
    }
    case 'in': {
      const [value, ...list] = same([of.of, ...of.list], context, of.at, 'IN');
      return { sql: `(${value} ${not(of)}IN (${list.join(', ')}))`, type: 'boolean' };
    }
    case 'between': {
      const [value, low, high] = same([of.of, of.low, of.high], context, of.at, 'BETWEEN');
      return { sql: `(${value} ${not(of)}BETWEEN ${low} AND ${high})`, type: 'boolean' };
    }
    case 'like': {
      const [value, pattern] = [of.of, of.pattern].map((part) => ofType(part, 'varchar', context));
      const escaped = of.escape ? ` ESCAPE ${ofType(of.escape, 'varchar', context)}` : '';
      return { sql: `(${value} ${not(of)}LIKE ${pattern}${escaped})`, type: 'boolean' };
    }
    case 'null':
      return { sql: `(${typed(of.of, context).sql} IS ${not(of)}NULL)`, type: 'boolean' };
    case 'case':
      return choice(of, context);
    case 'cast':
      return cast(of, context);
  }
}

/** What stands under GROUP BY may be used as it stands there. */
function ungrouped(of: Expression, { scope, grouped }: Context): Typed | undefined {
  if (of.kind === 'call' && FUNCTIONS.get(of.name)?.isAggregate) {
    return undefined;
  }
  try {
    const plain = typed(of, { scope });
    return grouped?.has(plain.sql) ? plain : undefined;
  } catch (error) {
    if (error instanceof QueryError) {
      return undefined;
    }
    throw error;
  }
}

const not = ({ negated }: { negated: boolean }): string => (negated ? 'NOT ' : '');

function literal(value: string | number | boolean | null): Typed {
  switch (typeof value) {
    case 'string':
      return { sql: quoted(value), type: 'varchar' };
    case 'number':
      return { sql: String(value), type: 'bigint' };
    case 'boolean':
      return { sql: value ? '(1 = 1)' : '(1 = 0)', type: 'boolean' };
    default:
      return { sql: 'NULL', type: 'unknown' };
  }
}

function ofType(of: Expression, type: Type, context: Context): string {
  const read = typed(of, context);
  if (read.type !== type && read.type !== 'unknown') {
    throw mismatch(of.at, `${type} was expected, found ${read.type}`);
  }
  return read.sql;
}

/** All of one type: Trino compares a text with a number nowhere. */
function same(all: readonly Expression[], context: Context, at: Place, operator: string): string[] {
  const read = all.map((of) => typed(of, context));
  const types = [...new Set(read.map(({ type }) => type).filter((type) => type !== 'unknown'))];
  if (types.length > 1) {
    throw mismatch(at, `Cannot apply operator: ${types.join(` ${operator} `)}`);
  }
  return read.map(({ sql }) => sql);
}

const mismatch = (at: Place, what: string) => new QueryError('TYPE_MISMATCH', what, at);

function call(of: Extract<Expression, { kind: 'call' }>, context: Context): Typed {
  const known = FUNCTIONS.get(of.name);
  if (known === undefined) {
    throw notSimulated(`the function ${of.name}`, of.at);
  }
  if (known.isAggregate && context.grouped === undefined) {
    throw new QueryError(
      'EXPRESSION_NOT_SCALAR',
      `${of.name} is an aggregate: it stands in SELECT, HAVING and ORDER BY, and not in another one`,
      of.at,
    );
  }
  if (of.star) {
    if (of.name !== 'count') {
      throw notSimulated(`${of.name}(*)`, of.at);
    }
    return { sql: 'count(*)', type: 'bigint' };
  }
  if (of.distinct && of.name !== 'count') {
    throw notSimulated(`DISTINCT in ${of.name}`, of.at);
  }
  const inner: Context = known.isAggregate ? { scope: context.scope } : context;
  const parameters = of.parameters.map((parameter) => typed(parameter, inner));
  const types = parameters.map(({ type }) => type);
  if (!fits(known, types)) {
    throw new QueryError(
      'FUNCTION_NOT_FOUND',
      `Unexpected parameters (${types.join(', ')}) for function ${of.name}. Expected: ${of.name}(${known.takes.join(', ')})`,
      of.at,
    );
  }
  const texts = parameters.map(({ sql }) => sql);
  return {
    sql: of.distinct ? `count(DISTINCT ${texts[0]})` : known.sql(texts),
    type: typeof known.gives === 'string' ? known.gives : known.gives(types),
  };
}

function fits({ takes, optional = 0, repeated }: KnownFunction, types: readonly Type[]): boolean {
  const most = repeated ? Number.POSITIVE_INFINITY : takes.length;
  const [sameAs] = types.filter(
    (type, index) => type !== 'unknown' && ['any', 'same'].includes(takes[index] ?? 'same'),
  );
  return (
    types.length >= takes.length - optional &&
    types.length <= most &&
    types.every((type, index) => {
      const wanted = takes[Math.min(index, takes.length - 1)];
      return (
        type === 'unknown' || wanted === 'any' || type === (wanted === 'same' ? sameAs : wanted)
      );
    })
  );
}

function choice(of: Extract<Expression, { kind: 'case' }>, context: Context): Typed {
  const results = [
    ...of.whens.map(({ result }) => result),
    ...(of.otherwise ? [of.otherwise] : []),
  ];
  const texts = same(results, context, of.at, 'CASE');
  const [type = 'unknown'] = results
    .map((result) => typed(result, context).type)
    .filter((each) => each !== 'unknown');
  const whens = of.whens.map(({ condition }, index) => {
    if (of.operand === undefined) {
      return `WHEN ${ofType(condition, 'boolean', context)} THEN ${texts[index]}`;
    }
    const [operand, value] = same([of.operand, condition], context, condition.at, '=');
    return `WHEN ${operand} = ${value} THEN ${texts[index]}`;
  });
  const otherwise = of.otherwise ? ` ELSE ${texts.at(-1)}` : '';
  return { sql: `(CASE ${whens.join(' ')}${otherwise} END)`, type };
}

function cast(of: Extract<Expression, { kind: 'cast' }>, context: Context): Typed {
  const { sql, type } = typed(of.of, context);
  if (type === of.type || type === 'unknown') {
    return { sql, type: of.type };
  }
  if (type === 'boolean') {
    const [yes, no] = of.type === 'varchar' ? ["'true'", "'false'"] : ['1', '0'];
    return { sql: `(CASE WHEN ${sql} THEN ${yes} WHEN NOT ${sql} THEN ${no} END)`, type: of.type };
  }
  return {
    sql: of.type === 'varchar' ? `CAST(${sql} AS TEXT)` : `cast_bigint(${sql})`,
    type: of.type,
  };
}
