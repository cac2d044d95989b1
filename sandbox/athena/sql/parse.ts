/** Reads a query: WITH, SELECT … FROM one source, WHERE, GROUP BY, HAVING, UNION, ORDER BY, LIMIT. */
import { notSimulated } from './error.ts';
import { expression, isName } from './expressions.ts';
import type { Expression, Order, Query, Select, Source } from './syntax.ts';
import { Words } from './words.ts';

/**
 * @param parameters texts of literals, as ExecutionParameters gives them: strings in their quotes
 * @throws ServiceException NotSimulatedException by name for what is not known here; QueryError
 */
export function parseQuery(sql: string, parameters: readonly string[] = []): Query {
  const words = new Words(sql, parameters.map(literalOf));
  const read = query(words);
  words.end();
  return read;
}

/** "Parameter values are literals": a name or an expression in one is refused. */
function literalOf(text: string): Expression {
  const words = new Words(text, []);
  const literal = expression(words);
  words.end();
  if (literal.kind !== 'literal') {
    throw notSimulated(`the execution parameter ${text}: a string stands in single quotes`);
  }
  return literal;
}

function query(words: Words): Query {
  const named: { name: string; query: Query }[] = [];
  if (words.take('with')) {
    do {
      const name = nameOf(words);
      words.expect('as');
      words.expect('(');
      named.push({ name, query: query(words) });
      words.expect(')');
    } while (words.take(','));
  }
  const selects = [select(words)];
  const unions: ('ALL' | 'DISTINCT')[] = [];
  while (words.take('union')) {
    unions.push(words.take('all') ? 'ALL' : 'DISTINCT');
    words.take('distinct');
    selects.push(select(words));
  }
  const orderBy = words.take('order') ? orders(words) : [];
  const limit = words.take('limit') ? { limit: count(words) } : {};
  return { with: named, selects, unions, orderBy, ...limit };
}

function select(words: Words): Select {
  words.expect('select');
  const distinct = words.take('distinct');
  const items = separated(words, () => {
    if (words.is('*')) {
      throw notSimulated('SELECT *: name the columns', words.next.at);
    }
    const of = expression(words);
    const isAliased = words.take('as') || isName(words);
    return isAliased ? { of, alias: nameOf(words) } : { of };
  });
  const from = words.take('from') ? { from: source(words) } : {};
  const where = words.take('where') ? { where: expression(words) } : {};
  let groupBy: Expression[] = [];
  if (words.take('group')) {
    words.expect('by');
    groupBy = separated(words, () => expression(words));
  }
  const having = words.take('having') ? { having: expression(words) } : {};
  return { distinct, items, ...from, ...where, groupBy, ...having };
}

function source(words: Words): Source {
  const { at } = words.next;
  if (words.take('(')) {
    const inner = query(words);
    words.expect(')');
    return { kind: 'query', query: inner, at, ...aliasOf(words) };
  }
  const name = [nameOf(words)];
  while (words.take('.')) {
    name.push(nameOf(words));
  }
  const read: Source = { kind: 'table', name, at, ...aliasOf(words) };
  if (words.is(',')) {
    throw notSimulated('more than one table', words.next.at);
  }
  return read;
}

function aliasOf(words: Words): { alias?: string } {
  return words.take('as') || isName(words) ? { alias: nameOf(words) } : {};
}

function orders(words: Words): Order[] {
  words.expect('by');
  return separated(words, () => {
    const of = expression(words);
    const descending = words.take('desc');
    if (!descending) words.take('asc');
    let nullsFirst = false;
    if (words.take('nulls')) {
      nullsFirst = words.take('first');
      if (!nullsFirst) words.expect('last');
    }
    return { of, descending, nullsFirst };
  });
}

function separated<T>(words: Words, read: () => T): T[] {
  const items = [read()];
  while (words.take(',')) {
    items.push(read());
  }
  return items;
}

function nameOf(words: Words): string {
  if (!isName(words)) {
    throw notSimulated(`"${words.next.text}" as a name`, words.next.at);
  }
  return words.skip().text;
}

function count(words: Words): number {
  const { kind, text, at } = words.skip();
  if (kind !== 'number') {
    throw notSimulated(`LIMIT ${text}`, at);
  }
  return Number(text);
}
