/** A query in SQLite's words: what it reads of which table, and the columns it gives. */
import type { Table } from '../catalog.ts';
import type { Constraint } from '../projection.ts';
import { constraintsOf } from './constraints.ts';
import { notSimulated, type Place, QueryError } from './error.ts';
import { FUNCTIONS, type Type } from './functions.ts';
import { type Column, resolve, type Scope, scalar } from './scope.ts';
import type { Expression, Order, Query, Select, Source } from './syntax.ts';
import { type Context, typed } from './typing.ts';

/** One reading of a table: its rows stand in the SQLite table of that name. */
export interface Scan {
  into: string;
  table: Table;
  constraints: ReadonlyMap<string, Constraint>;
}

export interface Compiled {
  sql: string;
  columns: readonly { name: string; type: Type }[];
  scans: readonly Scan[];
}

/** @throws QueryError TABLE_NOT_FOUND and what permissions say */
export type FindTable = (name: readonly string[], at: Place) => Table;

interface Made {
  sql: string;
  columns: readonly { name: string; type: Type }[];
}

class Compiler {
  readonly scans: Scan[] = [];
  readonly #find: FindTable;

  constructor(find: FindTable) {
    this.#find = find;
  }

  query(query: Query, outer: ReadonlyMap<string, Query>): Made {
    const named = new Map(outer);
    for (const { name, query: inner } of query.with) {
      // Each use compiles it anew, with the names that stood before it.
      named.set(name, { ...inner, with: [...scopeOf(named), ...inner.with] });
    }
    const isUnion = query.selects.length > 1;
    const selects = query.selects.map((select) =>
      this.#select(select, named, isUnion ? [] : query.orderBy),
    );
    const [head] = selects as [Made & { order: string[] }, ...(Made & { order: string[] })[]];
    for (const { columns } of selects) {
      const types = (of: Made['columns']) => of.map(({ type }) => type).join(', ');
      if (types(columns) !== types(head.columns)) {
        throw new QueryError(
          'TYPE_MISMATCH',
          `columns of UNION have incompatible types: ${types(head.columns)} and ${types(columns)}`,
        );
      }
    }
    const union = selects
      .map(({ sql }, index) => {
        const kind = query.unions[index - 1];
        return `${kind === undefined ? '' : kind === 'ALL' ? ' UNION ALL ' : ' UNION '}${sql}`;
      })
      .join('');
    const order = isUnion
      ? query.orderBy.map((each) => direction(each, String(ordinal(each, head.columns))))
      : head.order;
    const ordered = order.length === 0 ? union : `${union} ORDER BY ${order.join(', ')}`;
    const limit = query.limit === undefined ? '' : ` LIMIT ${query.limit}`;
    return { sql: `${ordered}${limit}`, columns: head.columns };
  }

  #select(
    select: Select,
    named: ReadonlyMap<string, Query>,
    orderBy: readonly Order[],
  ): Made & { order: string[] } {
    const { from, scope } = this.#source(select, named);
    const plain: Context = { scope };
    const items = select.items.map(({ of }) => of);
    const grouping = select.groupBy.map((of) => {
      const [index] = of.kind === 'literal' && typeof of.value === 'number' ? [of.value] : [];
      return typed(index === undefined ? of : at(items, index, of.at), plain).sql;
    });
    const isAggregate =
      grouping.length > 0 || [...items, select.having].some((of) => of && aggregates(of));
    const context: Context = isAggregate ? { scope, grouped: new Set(grouping) } : plain;
    const made = select.items.map(({ of, alias }, index) => ({
      ...typed(of, context),
      name: alias ?? (of.kind === 'name' ? (of.parts.at(-1) ?? '') : `_col${index}`),
    }));
    const list = made.map(({ sql, name }) => `${sql} AS "${name.replaceAll('"', '""')}"`);
    const order = orderBy.map((each) => {
      const own = ordinalOf(each, made);
      if (own !== undefined) {
        return direction(each, String(own));
      }
      const { sql } = typed(each.of, context);
      if (select.distinct && !made.some((item) => item.sql === sql)) {
        throw new QueryError(
          'EXPRESSION_NOT_IN_DISTINCT',
          'For SELECT DISTINCT, ORDER BY expressions must appear in select list',
          each.of.at,
        );
      }
      return direction(each, sql);
    });
    return {
      sql: [
        `SELECT ${select.distinct ? 'DISTINCT ' : ''}${list.join(', ')}`,
        ...from,
        ...(select.where ? [`WHERE ${boolean(select.where, plain)}`] : []),
        ...(grouping.length > 0 ? [`GROUP BY ${grouping.join(', ')}`] : []),
        ...(select.having ? [`HAVING ${boolean(select.having, context)}`] : []),
      ].join(' '),
      columns: made.map(({ name, type }) => ({ name, type })),
      order,
    };
  }

  #source(
    { from, where }: Select,
    named: ReadonlyMap<string, Query>,
  ): { from: string[]; scope: Scope } {
    if (from === undefined) {
      return { from: [], scope: { qualifiers: [], columns: new Map() } };
    }
    const inner = queryOf(from, named);
    if (inner !== undefined) {
      const { sql, columns } = this.query(inner, named);
      const name = from.alias ?? (from.kind === 'table' ? from.name.join('.') : undefined);
      return {
        from: [`FROM (${sql})`],
        scope: {
          qualifiers: name === undefined ? [] : [[name]],
          columns: new Map(
            columns.map(({ name: of, type }) => [
              of,
              { sql: `"${of.replaceAll('"', '""')}"`, type },
            ]),
          ),
        },
      };
    }
    return this.#scan(from as Extract<Source, { kind: 'table' }>, where);
  }

  #scan(from: Extract<Source, { kind: 'table' }>, where: Expression | undefined) {
    const table = this.#find(from.name, from.at);
    const columns = new Map<string, Column>();
    for (const [name, type] of table.columns) {
      columns.set(name, {
        sql: `"${name}"`,
        type: type.kind === 'scalar' ? scalar(type.type) : type,
      });
    }
    for (const { name, type } of table.partitionKeys) {
      columns.set(name, { sql: `"${name}"`, type: scalar(type) });
    }
    const whole = [table.database, table.name];
    const qualifiers = from.alias === undefined ? [whole, [table.name]] : [[from.alias]];
    const scope: Scope = { qualifiers, columns };
    const keys = new Map(table.partitionKeys.map(({ name }) => [`"${name}"`, name]));
    const constraints = constraintsOf(where, (of) =>
      of.kind === 'name' ? keys.get(resolve(scope, of.parts, of.at).sql) : undefined,
    );
    const into = `scan_${this.scans.length}`;
    this.scans.push({ into, table, constraints });
    return { from: [`FROM ${into}`], scope };
  }
}

/** @throws QueryError, ServiceException NotSimulatedException */
export function compile(query: Query, find: FindTable): Compiled {
  const compiler = new Compiler(find);
  const { sql, columns } = compiler.query(query, new Map());
  return { sql, columns, scans: compiler.scans };
}

const scopeOf = (named: ReadonlyMap<string, Query>): { name: string; query: Query }[] =>
  [...named].map(([name, query]) => ({ name, query }));

function queryOf(from: Source, named: ReadonlyMap<string, Query>): Query | undefined {
  if (from.kind === 'query') {
    return from.query;
  }
  return from.name.length === 1 ? named.get(from.name[0] ?? '') : undefined;
}

function boolean(of: Expression, context: Context): string {
  const { sql, type } = typed(of, context);
  if (type !== 'boolean' && type !== 'unknown') {
    throw new QueryError(
      'TYPE_MISMATCH',
      `WHERE clause must evaluate to a boolean: actual type ${type}`,
      of.at,
    );
  }
  return sql;
}

/** Whether an aggregate stands anywhere in it. */
function aggregates(of: Expression): boolean {
  if (of.kind === 'call' && FUNCTIONS.get(of.name)?.isAggregate) {
    return true;
  }
  return Object.values(of).some((part) =>
    [part].flat().some((each) => typeof each === 'object' && each !== null && isPart(each)),
  );
}

function isPart(part: object): boolean {
  if ('kind' in part) {
    return aggregates(part as Expression);
  }
  return 'condition' in part && Object.values(part).some((of) => aggregates(of as Expression));
}

function at<T>(items: readonly T[], index: number, place: Place): T {
  const item = items[index - 1];
  if (item === undefined) {
    throw new QueryError(
      'INVALID_COLUMN_REFERENCE',
      `position ${index} is not in select list`,
      place,
    );
  }
  return item;
}

/** A number or the name of an output column; those are looked up before columns of the source. */
function ordinalOf({ of }: Order, columns: readonly { name: string }[]): number | undefined {
  if (of.kind === 'literal' && typeof of.value === 'number') {
    at(columns, of.value, of.at);
    return of.value;
  }
  if (of.kind !== 'name' || of.parts.length > 1) {
    return undefined;
  }
  const index = columns.findIndex(({ name }) => name === of.parts[0]);
  return index < 0 ? undefined : index + 1;
}

function ordinal(order: Order, columns: readonly { name: string }[]): number {
  const found = ordinalOf(order, columns);
  if (found === undefined) {
    throw notSimulated('an expression in the ORDER BY of a UNION', order.of.at);
  }
  return found;
}

/** Trino has nulls last in both directions (sql/select.html, "ORDER BY clause"). */
const direction = ({ descending, nullsFirst }: Order, of: string): string =>
  `${of} ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
