/**
 * Before a job: does everything it would meet in the database let it do its work, and see all of it? Findings
 * that block are mistakes no run would mend; those that warn are facts somebody should know beforehand.
 */
import { Buffer } from 'node:buffer';
import { createSecretKey } from 'node:crypto';
import { CipherKey } from '../../domain/ciphertext/keys.ts';
import type { Finding } from '../../domain/events/operator-requests.ts';
import type { DeclaredPlace } from '../../doors/declared-columns.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { columnTypes, type Leaf, leavesOfTable } from '../../doors/postgres/leaves.ts';
import { findUndeclared } from '../../doors/postgres/undeclared.ts';
import { byTable, walkOf } from '../../doors/postgres/walk.ts';
import type { CipherKeys, CipherOf } from './cipher.ts';
import type { ReencryptedColumn } from './column.ts';
import { ColumnDeclarationError, ReencryptionError } from './errors.ts';
import { rewrite } from './examine.ts';
import { type Field, fieldOf } from './field.ts';
import { placeOf } from './sign-off.ts';

interface Ciphers {
  readonly cipherOf: CipherOf;
  readonly keys: CipherKeys;
}

export interface Known {
  /** Roles of engines in this database: the ledger is theirs together. */
  readonly engines?: readonly string[];
  /** What other secrets encrypt in the same database. */
  readonly neighbours?: readonly DeclaredPlace[];
  /** Places of values that may stay as they are (`signedOffOf`). */
  readonly signedOff?: ReadonlySet<string>;
}

interface LeafFacts extends Record<string, unknown> {
  hidden: boolean;
  readable: boolean;
  writable: boolean;
  triggers: string[];
  indexes: string[];
  unique: string[];
}

/** Per column of a leaf. Row triggers only; internal ones belong to constraints. */
const factsOf = `
  select row_security_active(c.oid) as hidden,
         has_schema_privilege(n.oid, 'usage') and has_column_privilege(c.oid, a.attnum, 'select') as readable,
         has_column_privilege(c.oid, a.attnum, 'update') as writable,
         a.attgenerated <> '' as generated,
         array(select tgname::text from pg_trigger t
                where t.tgrelid = c.oid and not t.tgisinternal and t.tgenabled <> 'D'
                  and t.tgtype & 16 <> 0 order by 1) as triggers,
         array(select i.indexrelid::regclass::text from pg_index i
                where i.indrelid = c.oid and not i.indisunique and a.attnum = any(i.indkey::int2[]) order by 1) as indexes,
         array(select i.indexrelid::regclass::text from pg_index i
                where i.indrelid = c.oid and i.indisunique and a.attnum = any(i.indkey::int2[]) order by 1) as unique
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    join pg_attribute a on a.attrelid = c.oid and a.attname = $2
   where c.oid = $1::regclass`;

/** About so many values of each column are opened, from all over the table. */
const sampledRows = 100;
/** Above it, it is not a few damaged values but a wrong key, profile or format. */
const refusedShare = 0.5;
/** Fewer are quarantined and looked at one by one: a table of three damaged rows stops no job. */
const fewestRefused = 10;

/** Reads only; samples are sealed, as a worker would, under a key that is thrown away. */
export async function preflight(
  session: Session,
  columns: readonly ReencryptedColumn[],
  { cipherOf, keys }: Ciphers,
  { engines = [], neighbours = [], signedOff = new Set() }: Known = {},
): Promise<Finding[]> {
  const { kid } = keys.target;
  const throwaway = new CipherKey({ kid, key: createSecretKey(keys.random(32)) });
  const ciphers: Ciphers = { cipherOf, keys: { ...keys, target: throwaway } };
  const findings: Finding[] = [];
  await session.transaction(async () => {
    await session.query('set transaction read only');
    await session.query('set local row_security = off');
    for (const [table, declared] of byTable(columns)) {
      const leaves = await leavesOfTable(session, table);
      if (leaves.length === 0) {
        findings.push(
          blocks('TABLE_MISSING', `table ${table} does not exist, or has no partition`),
        );
      }
      for (const leaf of leaves) {
        findings.push(...(await inspectLeaf(session, table, leaf, declared, ciphers, signedOff)));
      }
    }
    const { found, misplaced, unreadableColumns } = await findUndeclared(session, columns, {
      keys: keys.open,
      neighbours,
    });
    findings.push(
      ...found.map((name) =>
        blocks('UNDECLARED', `${name} holds ciphertext and is not declared; declare it`),
      ),
      ...misplaced.map((name) =>
        blocks(
          'UNDECLARED',
          `${name} holds ciphertext of this secret and is declared for another; declare it here`,
        ),
      ),
    );
    if (unreadableColumns > 0) {
      findings.push(
        warns(
          'NOT_SEARCHED',
          `${unreadableColumns} columns of other tables cannot be read, so nothing is known of ciphertext in them`,
        ),
      );
    }
    findings.push(...(await serverFacts(session, engines)));
  });
  return findings;
}

async function inspectLeaf(
  session: Session,
  table: string,
  leaf: Leaf,
  declared: readonly ReencryptedColumn[],
  ciphers: Ciphers,
  signedOff: ReadonlySet<string>,
): Promise<Finding[]> {
  if (leaf.kind !== 'r') {
    return [
      blocks(
        'NOT_A_TABLE',
        `${leaf.name} of ${table} is no table of this database (relkind ${leaf.kind})`,
      ),
    ];
  }
  const findings: Finding[] = [];
  const types = await columnTypes(
    session,
    leaf.name,
    declared.map(({ column }) => column),
  );
  for (const column of declared) {
    const name = `${leaf.name}.${column.column}`;
    const found = types.get(column.column);
    const [facts] = await session.query<LeafFacts & { generated: boolean }>(factsOf, [
      leaf.name,
      column.column,
    ]);
    if (found === undefined || facts === undefined) {
      findings.push(blocks('COLUMN_MISSING', `column ${name} does not exist`));
      continue;
    }
    const problem = unfit(leaf, declared, column, facts);
    if (problem !== undefined) {
      findings.push(blocks('COLUMN_UNFIT', `${name}: ${problem}`));
      continue;
    }
    findings.push(...worthKnowing(name, facts));
    try {
      const field = fieldOf(column, found, ciphers.cipherOf(column, ciphers.keys));
      findings.push(...(await sample(session, leaf, field, signedOff)));
    } catch (error) {
      if (!(error instanceof ReencryptionError || error instanceof ColumnDeclarationError)) {
        throw error;
      }
      findings.push(blocks('COLUMN_UNFIT', error.message));
    }
  }
  return findings;
}

function unfit(
  leaf: Leaf,
  declared: readonly ReencryptedColumn[],
  column: ReencryptedColumn,
  facts: LeafFacts & { generated: boolean },
): string | undefined {
  if (facts.hidden) {
    return 'row-level security hides rows from this role; give it BYPASSRLS, for a policy would make zero a lie';
  }
  if (!facts.readable || !facts.writable) {
    return `this role may not ${facts.readable ? 'UPDATE' : 'SELECT'} it; grant it`;
  }
  if (facts.generated) {
    return 'it is generated; declare the column it is made from';
  }
  const key = leaf.key.map(({ name }) => name);
  if (column.profile === 'row' && key.join() !== column.primaryKey?.join()) {
    return `profile row is declared over (${column.primaryKey?.join(', ') ?? ''}), its primary key is (${key.join(', ')})`;
  }
  try {
    walkOf(leaf, declared);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function worthKnowing(name: string, { triggers, indexes, unique }: LeafFacts): Finding[] {
  const findings: Finding[] = [];
  if (triggers.length > 0) {
    findings.push(
      warns(
        'TRIGGERS',
        `${name}: triggers ${triggers.join(', ')} fire for every row; what they copy keeps the old ciphertext`,
      ),
    );
  }
  if (indexes.length > 0) {
    findings.push(
      warns(
        'INDEXED',
        `${name}: indexes ${indexes.join(', ')} contain it, so that no update is HOT and each grows`,
      ),
    );
  }
  if (unique.length > 0) {
    findings.push(
      blocks(
        'UNIQUE',
        `${name}: unique indexes ${unique.join(', ')} contain ciphertext, in which equal plaintexts differ; keep a blind index under a key of its own instead`,
      ),
    );
  }
  return findings;
}

/** Opens values as a worker would and throws away what it seals. */
async function sample(
  session: Session,
  leaf: Leaf,
  field: Field,
  signedOff: ReadonlySet<string>,
): Promise<Finding[]> {
  const identity = leaf.key.map(({ name }) => `t."${name.replaceAll('"', '""')}"::text`);
  const percent = leaf.rows > 0 ? Math.min(100, (100 * 10 * sampledRows) / leaf.rows) : 100;
  const rows = await session.query<{ value: string; row: string[] }>(
    `select ${field.read} as value, array[${identity.join(', ')}]::text[] as row
       from only ${leaf.name} as t tablesample system (${percent})
      where (${field.read}) is not null limit ${sampledRows}`,
  );
  const reasons = new Map<string, number>();
  for (const { value, row } of rows) {
    const outcome = rewrite(field, textOf(value), { order: row, identity: row, raw: [] });
    const isKnown = signedOff.has(placeOf(leaf.name, field.column.id, row));
    if (outcome.kind === 'quarantined' && !isKnown) {
      reasons.set(outcome.reason, (reasons.get(outcome.reason) ?? 0) + 1);
    }
  }
  return [...reasons].map(([reason, count]) => {
    const message = `${count} of ${rows.length} sampled values of ${leaf.name} (${field.column.id}) would be quarantined: ${reason}`;
    const isMany =
      reason === 'TOO_LONG' || (count >= fewestRefused && count > rows.length * refusedShare);
    return isMany ? blocks('VALUES_REFUSED', message) : warns('VALUES_REFUSED', message);
  });
}

/** An ordinary session parses bytea; fields read it in its text form. */
function textOf(value: unknown): string {
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : String(value);
}

async function serverFacts(session: Session, engines: readonly string[]): Promise<Finding[]> {
  const slots = await session.query<{ name: string; kind: string }>(
    `select slot_name::text as name, slot_type::text as kind from pg_replication_slots order by 1`,
  );
  const findings = slots.map(({ name, kind }) =>
    warns(
      'SLOT',
      `${kind} replication slot ${name} keeps all WAL of the job until it is read; what a subscriber stores keeps the old ciphertext`,
    ),
  );
  const [schema] = await session.query<{ others: string[]; usable: boolean }>(
    `select has_schema_privilege(n.oid, 'usage') as usable, array(select grantee::regrole::text from aclexplode(n.nspacl)
       where grantee <> n.nspowner
         and grantee not in (select oid from pg_roles where rolname = current_user or rolname = any($1))
       order by 1) as others
       from pg_namespace n where nspname = 'quarterturn'`,
    [engines],
  );
  if (schema === undefined) {
    findings.push(
      blocks(
        'SCHEMA_MISSING',
        'schema quarterturn does not exist; make it: quarterturn reencrypt prepare',
      ),
    );
    return findings;
  }
  if (!schema.usable) {
    findings.push(
      blocks(
        'SCHEMA_DENIED',
        'this role may not use schema quarterturn; grant it: quarterturn reencrypt prepare',
      ),
    );
  }
  if (schema.others.length > 0) {
    findings.push(
      blocks(
        'SCHEMA_SHARED',
        `${schema.others.join(', ')} may use schema quarterturn; only its owner and ${engines.join(', ') || "the engine's role"} should`,
      ),
    );
  }
  return findings;
}

const blocks = (code: string, message: string): Finding => ({ code, level: 'blocks', message });
const warns = (code: string, message: string): Finding => ({ code, level: 'warns', message });
