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

/** `evidence`: where it can be looked up, e.g. a ticket. The first word stands. */
export async function attest(
  session: Session,
  of: { secret: string; store: string; kid: string; by: string; evidence: string },
): Promise<void> {
  await session.query(
    `insert into quarterturn.attestation (secret, store, kid, attested_by, evidence)
     values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [of.secret, of.store, of.kid, of.by, of.evidence],
  );
}
