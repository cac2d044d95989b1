/** Reads expressions, with the precedence of Trino's grammar: OR, AND, NOT, comparison, + -, ||. */
import { notSimulated } from './error.ts';
import { FUNCTIONS } from './functions.ts';
import type { Comparison, Expression, When } from './syntax.ts';
import type { Words } from './words.ts';

/** They begin or end clauses, so that none of them is a column unless it is quoted. */
const RESERVED = new Set(
  'and as between by case cast cross distinct else end escape except exists from full group having in inner intersect is join left like limit natural not null offset on or order outer right select then union unnest values when where with'.split(
    ' ',
  ),
);

export function isName(words: Words): boolean {
  const { kind, text } = words.next;
  return kind === 'quoted' || (kind === 'word' && !RESERVED.has(text));
}

export function expression(words: Words): Expression {
  let left = conjunction(words);
  for (let at = words.next.at; words.take('or'); at = words.next.at) {
    left = { kind: 'logic', operator: 'OR', left, right: conjunction(words), at };
  }
  return left;
}

function conjunction(words: Words): Expression {
  let left = negation(words);
  for (let at = words.next.at; words.take('and'); at = words.next.at) {
    left = { kind: 'logic', operator: 'AND', left, right: negation(words), at };
  }
  return left;
}

function negation(words: Words): Expression {
  const { at } = words.next;
  return words.take('not') ? { kind: 'not', of: negation(words), at } : predicate(words);
}

function predicate(words: Words): Expression {
  const of = sum(words);
  const { at, text, kind } = words.next;
  if (kind === 'symbol' && ['=', '<>', '!=', '<', '<=', '>', '>='].includes(text)) {
    words.skip();
    const operator = (text === '!=' ? '<>' : text) as Comparison;
    return { kind: 'compare', operator, left: of, right: sum(words), at };
  }
  if (words.take('is')) {
    const negated = words.take('not');
    words.expect('null');
    return { kind: 'null', of, negated, at };
  }
  const negated = words.take('not');
  if (words.take('in')) {
    words.expect('(');
    if (words.is('select') || words.is('with')) {
      throw notSimulated('a subquery in IN', words.next.at);
    }
    return { kind: 'in', of, list: list(words), negated, at };
  }
  if (words.take('between')) {
    const low = sum(words);
    words.expect('and');
    return { kind: 'between', of, low, high: sum(words), negated, at };
  }
  if (words.take('like')) {
    const pattern = sum(words);
    const escaped = words.take('escape') ? { escape: sum(words) } : {};
    return { kind: 'like', of, pattern, ...escaped, negated, at };
  }
  if (negated) {
    throw notSimulated(`NOT ${words.next.text}`, words.next.at);
  }
  return of;
}

function sum(words: Words): Expression {
  let left = concatenation(words);
  for (;;) {
    const { at } = words.next;
    const operator = words.take('+') ? '+' : words.take('-') ? '-' : undefined;
    if (operator === undefined) {
      return left;
    }
    left = { kind: 'arithmetic', operator, left, right: concatenation(words), at };
  }
}

function concatenation(words: Words): Expression {
  let left = primary(words);
  for (let at = words.next.at; words.take('||'); at = words.next.at) {
    left = { kind: 'arithmetic', operator: '||', left, right: primary(words), at };
  }
  return left;
}

/** After its opening parenthesis. */
function list(words: Words): Expression[] {
  const items = [expression(words)];
  while (words.take(',')) {
    items.push(expression(words));
  }
  words.expect(')');
  return items;
}

const CONSTANTS: Readonly<Record<string, boolean | null>> = {
  true: true,
  false: false,
  null: null,
};

function primary(words: Words): Expression {
  const { at, kind, text } = words.next;
  if (words.take('?')) {
    return words.parameter(at);
  }
  if (words.take('(')) {
    if (words.is('select') || words.is('with')) {
      throw notSimulated('a subquery as a value', at);
    }
    const of = expression(words);
    words.expect(')');
    return of;
  }
  if (kind === 'string' || kind === 'number') {
    words.skip();
    return { kind: 'literal', value: kind === 'number' ? Number(text) : text, at };
  }
  if (kind === 'word' && Object.hasOwn(CONSTANTS, text)) {
    words.skip();
    return { kind: 'literal', value: CONSTANTS[text] ?? null, at };
  }
  if (words.take('case')) {
    return choice(words, at);
  }
  if (words.take('cast')) {
    words.expect('(');
    const of = expression(words);
    words.expect('as');
    const type = words.next;
    if (type.text !== 'varchar' && type.text !== 'bigint') {
      throw notSimulated(`CAST to ${type.text}`, type.at);
    }
    words.skip();
    words.expect(')');
    return { kind: 'cast', of, type: type.text, at };
  }
  if (isName(words)) {
    return nameOrCall(words);
  }
  throw notSimulated(`"${text}"`, at);
}

function choice(words: Words, at: Expression['at']): Expression {
  const operand = words.is('when') ? {} : { operand: expression(words) };
  const whens: When[] = [];
  while (words.take('when')) {
    const condition = expression(words);
    words.expect('then');
    whens.push({ condition, result: expression(words) });
  }
  const otherwise = words.take('else') ? { otherwise: expression(words) } : {};
  words.expect('end');
  return { kind: 'case', ...operand, whens, ...otherwise, at };
}

function nameOrCall(words: Words): Expression {
  const { at, text } = words.skip();
  if (!words.take('(')) {
    const parts = [text];
    while (words.take('.')) {
      if (words.next.kind !== 'word' && words.next.kind !== 'quoted') {
        throw notSimulated(`"${words.next.text}" after a dot`, words.next.at);
      }
      parts.push(words.skip().text);
    }
    return { kind: 'name', parts, at };
  }
  if (!FUNCTIONS.has(text)) {
    throw notSimulated(`the function ${text}`, at);
  }
  const call = { kind: 'call', name: text, at } as const;
  if (words.take('*')) {
    words.expect(')');
    return followed(words, { ...call, parameters: [], star: true, distinct: false });
  }
  const distinct = words.take('distinct');
  const parameters = words.take(')') ? [] : list(words);
  return followed(words, { ...call, parameters, star: false, distinct });
}

function followed(words: Words, call: Expression): Expression {
  if (['over', 'filter', 'within', 'ignore', 'respect'].some((word) => words.is(word))) {
    throw notSimulated(words.next.text.toUpperCase(), words.next.at);
  }
  return call;
}
