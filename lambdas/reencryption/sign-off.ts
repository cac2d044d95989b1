/** What people vouch for: quarantined rows that may stay as they are, and stores that cannot be counted. */
import type { Session } from '../../doors/postgres/door.ts';

export interface QuarantinedRow {
  readonly leaf: string;
  readonly columnId: string;
  readonly rowKey: readonly string[];
  readonly reason: string;
  readonly kid: string | null;
  readonly acceptedBy: string | null;
}

/** In the order of the ledger's key; `after`: the last row of the page before. */
export async function quarantinedRows(
  session: Session,
  jobId: string,
  limit = 100,
  after?: Pick<QuarantinedRow, 'leaf' | 'columnId' | 'rowKey'>,
): Promise<QuarantinedRow[]> {
  return session.query<QuarantinedRow & Record<string, unknown>>(
    `select leaf, column_id as "columnId", row_key as "rowKey", reason, kid, accepted_by as "acceptedBy"
       from quarterturn.quarantine
      where job = $1 and ($3::text is null or (leaf, column_id, row_key) > ($3, $4, $5::text[]))
      order by leaf, column_id, row_key limit $2`,
    [jobId, limit, after?.leaf ?? null, after?.columnId ?? null, after?.rowKey ?? null],
  );
}

/** Where a value lies. */
export const placeOf = (leaf: string, columnId: string, rowKey: readonly string[]): string =>
  JSON.stringify([leaf, columnId, rowKey]);

/**
 * Places of what somebody took upon himself, for the job that was opened last; there are as many as the
 * quarantine's limit, at most. A ledger that is missing or closed to this role knows of none.
 */
export async function signedOffOf(session: Session, secret: string): Promise<ReadonlySet<string>> {
  const [ledger] = await session.query(
    `select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'quarterturn' and c.relname in ('job', 'quarantine')
        and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
     having count(*) = 2`,
  );
  if (ledger === undefined) {
    return new Set();
  }
  const rows = await session.query<{ leaf: string; columnId: string; rowKey: string[] }>(
    `select leaf, column_id as "columnId", row_key as "rowKey" from quarterturn.quarantine
      where accepted_at is not null
        and job = (select id from quarterturn.job where secret = $1 order by epoch desc limit 1)`,
    [secret],
  );
  return new Set(rows.map(({ leaf, columnId, rowKey }) => placeOf(leaf, columnId, rowKey)));
}

/** Signs off every quarantined row of one column and reason. @returns how many this call signed off */
export async function acceptQuarantined(
  session: Session,
  jobId: string,
  { columnId, reason, by }: { columnId: string; reason: string; by: string },
): Promise<number> {
  const rows = await session.query(
    `update quarterturn.quarantine set accepted_by = $4, accepted_at = now()
      where job = $1 and column_id = $2 and reason = $3 and accepted_at is null returning 1`,
    [jobId, columnId, reason, by],
  );
  return rows.length;
}

/** Of an attestation: what it says of the store ended when rows began to move to another key. */
const isOver = (attestation: string) => `exists (
  select from quarterturn.job as j
   where j.secret = ${attestation}.secret and j.target_kid <> ${attestation}.kid
     and j.created_at > ${attestation}.attested_at)`;

/** Stores that somebody vouches for, as to this key. */
export async function attestedStores(
  session: Session,
  { secret, targetKid }: { secret: string; targetKid: string },
): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ store: string }>(
    `select store from quarterturn.attestation as a where secret = $1 and kid = $2 and not ${isOver('a')}`,
    [secret, targetKid],
  );
  return new Set(rows.map(({ store }) => store));
}

/** `evidence`: where it can be looked up, e.g. a ticket. The first word stands until its key is left. */
export async function attest(
  session: Session,
  of: { secret: string; store: string; kid: string; by: string; evidence: string },
): Promise<void> {
  await session.query(
    `insert into quarterturn.attestation as a (secret, store, kid, attested_by, evidence)
     values ($1, $2, $3, $4, $5)
     on conflict (secret, store, kid) do update
        set attested_by = excluded.attested_by, evidence = excluded.evidence, attested_at = now()
      where ${isOver('a')}`,
    [of.secret, of.store, of.kid, of.by, of.evidence],
  );
}
