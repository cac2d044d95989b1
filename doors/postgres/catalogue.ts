/** What PostgreSQL's catalogue says about the declared columns. */
import { Buffer } from 'node:buffer';
import { createSecretKey } from 'node:crypto';
import { columnFormats } from '../../domain/ciphertext/column-formats.ts';
import { CipherKey } from '../../domain/ciphertext/keys.ts';
import type { DeclaredColumn } from '../declared-columns.ts';
import { ColumnDeclarationError } from './column-declaration.ts';
import type { Session } from './door.ts';
import { shapeOf } from './fields/shape.ts';
import { bindingOf } from './sealed-values.ts';

interface ColumnFacts extends Record<string, unknown> {
  kind: string;
  type: string | null;
  /** Of varchar(n), and of the elements of varchar(n)[]. */
  limit: number | null;
  generated: boolean;
  readable: boolean;
  hidden: boolean;
  primary_key: string[] | null;
}

/** Columns of the table's primary key in key order; relkind r: table, p: partitioned table. */
const factsOf = `
  select c.relkind::text as kind,
         t.typname::text as type,
         case when t.typname in ('varchar', '_varchar') and a.atttypmod >= 0 then a.atttypmod - 4 end as limit,
         coalesce(a.attgenerated <> '', false) as generated,
         coalesce(has_column_privilege(c.oid, a.attnum, 'select'), false) as readable,
         row_security_active(c.oid) as hidden,
         (select array_agg(k.attname::text order by place.ordinality)
            from pg_index i
            cross join unnest(i.indkey::int2[]) with ordinality as place(attnum, ordinality)
            join pg_attribute k on k.attrelid = i.indrelid and k.attnum = place.attnum
           where i.indrelid = c.oid and i.indisprimary) as primary_key
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_attribute a
      on a.attrelid = c.oid and a.attname = $3 and a.attnum > 0 and not a.attisdropped
    left join pg_type t on t.oid = a.atttypid
   where n.nspname = $1 and c.relname = $2`;

/** What makes this column unfit; undefined: nothing. */
export async function unfit(
  session: Session,
  declared: DeclaredColumn,
): Promise<string | undefined> {
  const [schema, table] = declared.table.split('.');
  const [facts] = await session.query<ColumnFacts>(factsOf, [schema, table, declared.column]);
  const name = `${declared.table}.${declared.column}`;
  if (facts === undefined) {
    return `table ${declared.table} does not exist`;
  }
  if (facts.kind !== 'r' && facts.kind !== 'p') {
    return `${declared.table} is not a table`;
  }
  if (facts.type === null) {
    return `column ${name} does not exist`;
  }
  if (facts.hidden) {
    return `row-level security hides rows of ${declared.table} from the reading role: grant it BYPASSRLS or a policy-free role`;
  }
  if (!facts.readable) {
    return `the reading role may not SELECT ${name}`;
  }
  if (facts.generated) {
    return `column ${name} is generated; its expression would have to be encrypted`;
  }
  try {
    shapeOf(declared, { type: facts.type, limit: facts.limit ?? undefined });
  } catch (error) {
    if (error instanceof ColumnDeclarationError) {
      return error.message.replace(/\.$/, '');
    }
    throw error;
  }
  const { format } = declared;
  if (facts.limit !== null && facts.limit < shortest(declared)) {
    return `column ${name} is varchar(${facts.limit}), the shortest ${typeof format === 'string' ? format : format.name} text has ${shortest(declared)} characters`;
  }
  return unfitKey(declared, facts.primary_key ?? []);
}

function unfitKey(declared: DeclaredColumn, found: readonly string[]): string | undefined {
  if (declared.profile !== 'row' || found.join() === declared.primaryKey?.join()) {
    return undefined;
  }
  return `${declared.table} has primary key (${found.join(', ')}), declared for ${declared.id} is (${declared.primaryKey?.join(', ') ?? ''})`;
}

/** Characters around an empty plaintext; which key it is under makes no difference. */
function shortest(declared: DeclaredColumn): number {
  const nothing = Buffer.alloc(0);
  const anyKey = new CipherKey({ kid: '0'.repeat(16), key: createSecretKey(Buffer.alloc(32)) });
  return columnFormats(declared).writes.seal(nothing, anyKey, bindingOf(declared, ['0']), (bytes) =>
    Buffer.alloc(bytes),
  ).length;
}
