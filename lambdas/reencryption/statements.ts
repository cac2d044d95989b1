/** The statements of one leaf. Identifiers are quoted, values are always parameters. */
import { quoteIdentifier } from '../../doors/postgres/identifiers.ts';
import type { KeyColumn } from '../../doors/postgres/leaves.ts';
import type { Field } from './field.ts';
import type { LeafTable } from './table.ts';

const column = ({ name }: KeyColumn) => `t.${quoteIdentifier(name)}`;

/**
 * A window in key order, bounded by rows and by bytes: rows until the limit is passed, at least one. The
 * window is taken first and looked into afterwards; a filter inside it would read on to the end of the table
 * wherever few rows match.
 *
 * Parameters: rows, bytes, the lower bound's parts, then the upper bound's.
 * Columns: the parts of the order, those of the identity, the fields.
 */
export function windowStatement(
  { name, order, identity, fields }: LeafTable,
  { lower, upper }: { lower: boolean; upper: boolean },
): string {
  const keys = order.map(column).join(', ');
  const parameters = (from: number) =>
    order.map(({ type }, at) => `$${from + at}::${type}`).join(', ');
  const conditions = [
    ...(lower ? [`(${keys}) > (${parameters(3)})`] : []),
    ...(upper ? [`(${keys}) <= (${parameters(3 + (lower ? order.length : 0))})`] : []),
  ];
  const octets = fields.map(({ size }) => `coalesce(${size}, 0)`).join(' + ');
  const picked = [
    ...order.map((key, at) => `${column(key)}::text as o${at}`),
    ...identity.map((key, at) => `${column(key)}::text as i${at}`),
    ...fields.map(({ read }, at) => `${read} as f${at}`),
  ];
  const output = [
    ...order.map((_, at) => `o${at}`),
    ...identity.map((_, at) => `i${at}`),
    ...fields.map((_, at) => `f${at}`),
  ];
  return `select ${output.join(', ')} from (
    select ${picked.join(', ')}, ${octets} as own,
           sum(${octets}) over (order by ${keys} rows unbounded preceding) as seen
      from only ${name} as t${conditions.length > 0 ? ` where ${conditions.join(' and ')}` : ''}
     order by ${keys} limit $1::int) as seen_rows
   where seen - own < $2::bigint`;
}

/**
 * Compare and swap for many rows at once. READ COMMITTED looks at the newest version of a row after waiting
 * for its lock and compares again (manual, "Transaction Isolation"), so what an application wrote in the
 * meantime is never overwritten.
 *
 * Parameters: the number of rows, then arrays: parts of the order, parts of the identity where it is
 * another one, and old and new value for every field (NULL: this field of this row stays).
 * Result: how many were changed; which ones, if not all.
 */
export function updateStatement(leaf: LeafTable): string {
  const { name, order, fields } = leaf;
  const matched = leaf.walk === 'ctid' ? [...order, ...leaf.identity] : order;
  const arrays = [
    ...matched.map(({ type }, at) => ({ name: `k${at}`, type: `${type}[]` })),
    ...fields.flatMap(({ parameter }, at) => [
      { name: `o${at}`, type: parameter },
      { name: `n${at}`, type: parameter },
    ]),
  ];
  const where = [
    ...matched.map((key, at) => `${column(key)} = u.k${at}`),
    ...fields.map(({ same }, at) => `(u.o${at} is null or ${same(`u.o${at}`)})`),
  ];
  const sets: string[] = [];
  for (const target of new Set(fields.map((field) => field.target))) {
    const { expression, rest } = changed(fields, target);
    sets.push(`${target} = ${expression}`);
    where.push(...rest);
  }
  const parameters = arrays.map(({ type }, at) => `$${at + 2}::${type}`).join(', ');
  return `with done as (
    update only ${name} as t set ${sets.join(', ')}
      from unnest(${parameters}) with ordinality as u(${arrays.map((one) => one.name).join(', ')}, place)
     where ${where.join(' and ')}
    returning u.place)
  select count(*), case when count(*) < $1::bigint then array_to_json(array_agg(place)) end from done`;
}

function changed(fields: readonly Field[], target: string): { expression: string; rest: string[] } {
  let expression = `t.${target}`;
  let restBefore = expression;
  let hasRest = false;
  for (const [at, field] of fields.entries()) {
    if (field.target === target) {
      const now = field.change(expression, `u.o${at}`, `u.n${at}`);
      expression = `case when u.n${at} is null then ${expression} else ${now} end`;
      if (field.without !== undefined) {
        hasRest = true;
        restBefore = field.without(restBefore);
      }
    }
  }
  if (!hasRest) {
    return { expression, rest: [] };
  }
  let restAfter = `(${expression})`;
  for (const field of fields) {
    if (field.target === target && field.without !== undefined) {
      restAfter = field.without(restAfter);
    }
  }
  // As text: jsonb's own = takes 0.10 and 0.1 for the same number.
  return { expression, rest: [`(${restAfter})::text is not distinct from (${restBefore})::text`] };
}

/** The same columns as a window, of rows named by their order columns: those a swap has missed. */
export function rowsStatement({ name, order, identity, fields }: LeafTable): string {
  const picked = [
    ...order.map((key) => `${column(key)}::text`),
    ...identity.map((key) => `${column(key)}::text`),
    ...fields.map(({ read }) => read),
  ];
  const arrays = order.map(({ type }, at) => `$${at + 1}::${type}[]`).join(', ');
  const names = order.map((_, at) => `k${at}`).join(', ');
  return `select ${picked.join(', ')} from unnest(${arrays}) as u(${names})
    join only ${name} as t on ${order.map((key, at) => `${column(key)} = u.k${at}`).join(' and ')}`;
}

/** Per field: NULL, settled (empty or sealed under the target key), neither. Parameters: the bounds. */
export function countStatement(
  { name, order, fields }: LeafTable,
  { lower, upper }: { lower: boolean; upper: boolean },
): string {
  const keys = order.map(column).join(', ');
  const parameters = (from: number) =>
    order.map(({ type }, at) => `$${from + at}::${type}`).join(', ');
  const conditions = [
    ...(lower ? [`(${keys}) > (${parameters(1)})`] : []),
    ...(upper ? [`(${keys}) <= (${parameters(1 + (lower ? order.length : 0))})`] : []),
  ];
  const counts = fields.flatMap(({ read, settled, cipher }) => {
    const isSettled = `coalesce(${settled(cipher.targetPrefix)}, false)`;
    const isNull = `(${read}) is null`;
    return [
      `count(*) filter (where ${isNull})`,
      `count(*) filter (where not ${isNull} and ${isSettled})`,
      `count(*) filter (where not ${isNull} and not ${isSettled})`,
    ];
  });
  return `select ${counts.join(', ')} from only ${name} as t${conditions.length > 0 ? ` where ${conditions.join(' and ')}` : ''}`;
}
