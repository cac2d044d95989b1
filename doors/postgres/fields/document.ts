/** A value inside a json or jsonb column. Everything beside it stays as it is, byte for byte in json. */
import { quoteLiteral } from '../identifiers.ts';
import { beginsAny } from './begins.ts';
import type { FieldShape, Stored } from './shape.ts';

export function documentField(type: 'json' | 'jsonb', value: string, path: string): FieldShape {
  const inside = `${value} #>> ${path}`;
  return {
    // JSON null holds nothing, as a member that is absent.
    read: `nullif((${value} #> ${path})::text, 'null')`,
    size: `pg_column_size(${value})`,
    decode,
    encoding: 'utf8',
    encode: ([text]) => text ?? '',
    parameter: 'text[]',
    same: (old) =>
      type === 'jsonb'
        ? `${inside} = ${old} collate "C"`
        : // The text is replaced where it stands: once, and nowhere else.
          `(${inside} = ${old} collate "C" and strpos(${value}::text, ${literal(`${value}::text`, old)}) > 0
            and length(replace(${value}::text, ${literal(`${value}::text`, old)}, ''))
                = length(${value}::text) - length(${literal(`${value}::text`, old)}))`,
    change: (base, old, now) =>
      type === 'jsonb'
        ? `jsonb_set(${base}, ${path}, to_jsonb(${now}), false)`
        : `replace((${base})::text, ${literal(`(${base})::text`, old)}, to_json(${now}::text)::text)::json`,
    settled: (prefix) =>
      `(case when json${type === 'jsonb' ? 'b' : ''}_typeof(${value} #> ${path}) = 'string'
             then ${inside} = '' or starts_with(${inside}, ${quoteLiteral(prefix)})
             else false end)`,
    begins: (marks) => `(${beginsAny(inside, marks)})`,
    elements: `array[${inside}]`,
    ...(type === 'jsonb' ? { without: (base: string) => `(${base}) #- ${path}` } : {}),
  };
}

/** SQL: the value as json writes it, with its quotes; some programs (PHP's json_encode) write / as \/. */
function literal(document: string, value: string): string {
  const written = `to_json(${value}::text)::text`;
  const escaped = `replace(${written}, '/', '\\/')`;
  return `case when strpos(${document}, ${written}) > 0 then ${written} else ${escaped} end`;
}

/** `raw`: the JSON of the value alone. */
function decode(raw: string | null): Stored {
  if (raw === null) {
    return { kind: 'null' };
  }
  const parsed: unknown = raw.startsWith('"') ? JSON.parse(raw) : undefined;
  return typeof parsed === 'string' ? { kind: 'texts', texts: [parsed] } : { kind: 'unusable' };
}
