/** What the ledger says of a job: progress, what is left and where, and whether zero is proven. */
import type { KeyRing } from '../../domain/ciphertext/keys.ts';
import type { Session } from '../../doors/postgres/door.ts';
import { quoteLiteral } from '../../doors/postgres/identifiers.ts';
import { columnTypes, leavesOfTable } from '../../doors/postgres/leaves.ts';
import { byTable } from '../../doors/postgres/walk.ts';
import type { CipherKeys, CipherOf, FieldCipher } from './cipher.ts';
import type { ReencryptedColumn } from './column.ts';
import { StepOrderError } from './errors.ts';
import { type Field, fieldOf } from './field.ts';
import { type Job, jobById } from './job.ts';
import { attestedStores } from './sign-off.ts';

export interface ColumnLedger {
  readonly columnId: string;
  /** Over the pass: rows looked at, by what was found. */
  readonly nulls: number;
  readonly skipped: number;
  readonly rewritten: number;
  readonly quarantined: number;
  readonly gone: number;
  readonly opened: number;
  readonly remaining: number;
}

export interface Ledger {
  readonly job: Job;
  readonly ranges: { readonly done: number; readonly total: number };
  readonly rowsEstimated: number;
  readonly columns: readonly ColumnLedger[];
}

/** Of one pass, the job's own unless told otherwise. */
export async function ledger(session: Session, jobId: string, pass?: number): Promise<Ledger> {
  const job = await jobById(session, jobId);
  const of = pass ?? job.pass;
  const [ranges] = await session.query<{ done: number; total: number; rows: number }>(
    `select count(*) filter (where pass > $2 or (pass = $2 and state = 'done'))::int as done,
            count(*)::int as total,
            (select coalesce(sum(rows_estimated), 0) from quarterturn.leaf where job = $1)::float8 as rows
       from quarterturn.range where job = $1`,
    [jobId, of],
  );
  const columns = await session.query<ColumnLedger & Record<string, unknown>>(
    `select c.column_id as "columnId", sum(c.nulls)::float8 as nulls, sum(c.skipped)::float8 as skipped,
            sum(c.rewritten)::float8 as rewritten, sum(c.quarantined)::float8 as quarantined,
            sum(c.gone)::float8 as gone, sum(c.opened)::float8 as opened,
            sum(c.remaining)::float8 as remaining
       from quarterturn.range_count as c join quarterturn.range as r on r.id = c.range
      where r.job = $1 and c.pass = $2 group by c.column_id order by c.column_id`,
    [jobId, of],
  );
  return {
    job,
    ranges: { done: ranges?.done ?? 0, total: ranges?.total ?? 0 },
    rowsEstimated: ranges?.rows ?? 0,
    columns,
  };
}

export interface Left {
  readonly columnId: string;
  readonly leaf: string;
  /** Of the key the value names, or that name, if no key has it; undefined: it names none. */
  readonly kid: string | undefined;
  readonly rows: number;
}

/** Exact, now, by a scan of every declared leaf: rows not under the target key, by the key their value names. */
export async function rowsLeft(
  session: Session,
  columns: readonly ReencryptedColumn[],
  ciphers: { cipherOf: CipherOf; keys: CipherKeys },
): Promise<Left[]> {
  const left: Left[] = [];
  await session.transaction(async () => {
    await session.query('set local row_security = off');
    for (const [table, declared] of byTable(columns)) {
      for (const leaf of await leavesOfTable(session, table)) {
        const types = await columnTypes(
          session,
          leaf.name,
          declared.map(({ column }) => column),
        );
        for (const column of declared) {
          const found = types.get(column.column);
          if (found !== undefined) {
            const cipher = ciphers.cipherOf(column, ciphers.keys);
            const field = fieldOf(column, found, cipher);
            const rows = await session.query<{ id: string | null; rows: number }>(
              `select k.id, count(*)::float8 as rows from only ${leaf.name} as t
                 left join lateral (${idsIn(field)}) as k on k.id is not null
                where (${field.read}) is not null
                  and not coalesce(${field.settled(cipher.targetPrefix)}, false) group by 1 order by 1`,
            );
            for (const { id, rows: count } of rows) {
              const kid = id === null ? undefined : kidCalled(id, cipher, ciphers.keys.open);
              left.push({ columnId: column.id, leaf: leaf.name, kid, rows: count });
            }
          }
        }
      }
    }
  });
  return left;
}

/** SQL: what the values of one row call their keys. Of an array those that are done are left out. */
function idsIn({ cipher, elements, encoding }: Field): string {
  const { targetPrefix, namings } = cipher;
  const ids = namings.map(
    ({ idPattern }) => `substring(e collate "C" from ${quoteLiteral(idPattern)})`,
  );
  const open =
    encoding === 'utf8'
      ? ` where not starts_with(e collate "C", ${quoteLiteral(targetPrefix)})`
      : '';
  return `select distinct coalesce(${ids.join(', ')}) as id from unnest(${elements}) as u(e)${open}`;
}

/** Some formats call a key by its fingerprint; a name none of the keys has is told as it is. */
function kidCalled(id: string, { namings }: FieldCipher, keys: KeyRing): string {
  return keys.all.find((key) => namings.some((naming) => naming.idOf(key) === id))?.kid ?? id;
}

export interface Verdict {
  readonly green: boolean;
  /** What stands in the way, in words. */
  readonly findings: readonly string[];
}

/**
 * After verify and count: is zero proven? Quarantined rows block until they are signed off. `stores`: declared
 * places that cannot be counted from here; each needs somebody's word for the target key. `doubts`: what else
 * is known to stand in the way. `declared`: ids of the columns as they are declared now; one that was added
 * while the job was counting is in no count of it.
 * A green verdict closes the job as verified; the same question later gets the same answer.
 * @throws StepOrderError
 */
export async function verdict(
  session: Session,
  jobId: string,
  stores: readonly string[] = [],
  doubts: readonly string[] = [],
  declared: readonly string[] = [],
): Promise<Verdict> {
  const job = await jobById(session, jobId);
  const counted = await ledger(session, jobId);
  const uncounted = declared
    .filter((id) => !counted.columns.some(({ columnId }) => columnId === id))
    .map((id) => `${id} was not counted by this job; count again (quarterturn reencrypt verify)`);
  const open = await unattested(session, job, stores);
  if (job.state === 'verified') {
    const findings = [...uncounted, ...open];
    return { green: findings.length === 0, findings };
  }
  if (job.passKind !== 'count' || counted.ranges.done < counted.ranges.total) {
    throw new StepOrderError(
      `Job ${jobId} is in pass ${job.pass} (${job.passKind}), ${counted.ranges.done} of ${counted.ranges.total} ranges done; verify, then count, then ask.`,
    );
  }
  const verified = await ledger(session, jobId, job.pass - 1);
  // Seen since the last sweep: what was damaged before and opens now is not held against anybody.
  const quarantine = await session.query<Quarantine & Record<string, unknown>>(
    `select column_id as column, count(*)::int as rows, count(accepted_at)::int as accepted,
            count(*) filter (where seen_pass = $2 + 1 and reason <> all($3))::int as sealed
       from quarterturn.quarantine where job = $1 and seen_pass >= $2 group by 1`,
    [jobId, job.pass - 2, withoutASeal],
  );
  const findings = [...doubts, ...uncounted];
  for (const { columnId, remaining } of counted.columns) {
    const known = quarantine.find(({ column }) => column === columnId);
    const rows = known?.rows ?? 0;
    if (known !== undefined && known.accepted < rows) {
      findings.push(`${rows - known.accepted} quarantined rows of ${columnId} are not signed off`);
    }
    const first = verified.columns.find((column) => column.columnId === columnId);
    const unopened = (first?.remaining ?? 0) + (first?.quarantined ?? 0);
    if (first === undefined || unopened > rows) {
      findings.push(
        `${unopened} rows of ${columnId} did not open with the target key when verified, ${rows} of them known`,
      );
    }
    // A damaged value that begins as one under the target key is in no count of the rest: it explains none of it.
    const explained = rows - (known?.sealed ?? 0);
    if (remaining > explained) {
      findings.push(
        `${remaining} rows of ${columnId} were not under the target key when counted again, ${explained} of them known`,
      );
    }
  }
  findings.push(...open);
  if (findings.length === 0) {
    await session.query(
      `update quarterturn.job set state = 'verified', verified_at = now() where id = $1 and state = 'active'`,
      [jobId],
    );
  }
  return { green: findings.length === 0, findings };
}

interface Quarantine {
  readonly column: string;
  readonly rows: number;
  readonly accepted: number;
  /** Seen by the verification under the target key's name: every count takes them for settled. */
  readonly sealed: number;
}

/** What the verification says of values that are under no key at all. */
const withoutASeal = ['NOT_CIPHERTEXT', 'NOT_TEXT'];

async function unattested(
  session: Session,
  job: Job,
  stores: readonly string[],
): Promise<string[]> {
  const attested = await attestedStores(session, job);
  return stores
    .filter((store) => !attested.has(store))
    .map((store) => `nobody has attested that store ${store} holds the target key only`);
}
