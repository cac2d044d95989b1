/** text[] and varchar[]: every element is a value; their order and the NULLs between them stay. */
import { arrayLiteral } from '../array-literal.ts';
import { beginsAny } from './begins.ts';
import type { FieldShape, Stored } from './shape.ts';

export function arrayField(value: string, type: string, limit: number | undefined): FieldShape {
  const sql = type === '_varchar' ? 'varchar[]' : 'text[]';
  return {
    // Only arrays that begin at 1 and have one dimension come back the same from a list.
    read: `(case when ${value} = '{}' or (array_ndims(${value}) = 1 and array_lower(${value}, 1) = 1)
                 then array_to_json(${value})::text when ${value} is not null then '0' end)`,
    size: `pg_column_size(${value})`,
    decode,
    encoding: 'utf8',
    encode: arrayLiteral,
    parameter: 'text[]',
    same: (old) => `${value} = (${old}::${sql}) collate "C"`,
    change: (_base, _old, now) => `${now}::${sql}`,
    settled: (prefix) =>
      `(not exists (select from unnest(${value}) as e
                     where e::text collate "C" <> '' and not ${beginsAny('e::text', [prefix])}))`,
    begins: (marks) =>
      `(exists (select from unnest(${value}) as e where ${beginsAny('e::text', marks)}))`,
    elements: `${value}::text[]`,
    limit,
  };
}

function decode(raw: string | null): Stored {
  if (raw === null) {
    return { kind: 'null' };
  }
  const parsed: unknown = JSON.parse(raw);
  return Array.isArray(parsed) ? { kind: 'texts', texts: parsed } : { kind: 'unusable' };
}
