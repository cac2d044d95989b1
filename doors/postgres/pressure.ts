/** What the server says about its load. A role without pg_read_all_stats sees less; what it cannot see is absent. */

import type { Session } from './door.ts';
import { PostgresError } from './errors.ts';

export interface ServerLoad {
  readonly replicationLagSeconds: number | undefined;
  /** Bytes of WAL written since the server was made. */
  readonly walBytes: number | undefined;
  readonly slotBytesLeft: number | undefined;
  readonly vacuuming: boolean;
}

const load = `
  select (select extract(epoch from max(replay_lag)) from pg_stat_replication)::float8 as lag,
         pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as wal,
         (select min(safe_wal_size) from pg_replication_slots)::float8 as slot,
         exists (select from pg_stat_progress_vacuum where relid = $1::regclass) as vacuuming`;

/** `table`: quoted, with its schema. */
export async function serverLoad(session: Session, table: string): Promise<ServerLoad> {
  try {
    const [row] = await session.query<{
      lag: number | null;
      wal: number;
      slot: number | null;
      vacuuming: boolean;
    }>(load, [table]);
    return {
      replicationLagSeconds: row?.lag ?? undefined,
      walBytes: row?.wal,
      slotBytesLeft: row?.slot ?? undefined,
      vacuuming: row?.vacuuming === true,
    };
  } catch (error) {
    // Some managed servers keep these functions to themselves.
    if (error instanceof PostgresError && /^(42501|42883|0A000|55000)$/.test(error.sqlstate)) {
      return {
        replicationLagSeconds: undefined,
        walBytes: undefined,
        slotBytesLeft: undefined,
        vacuuming: false,
      };
    }
    throw error;
  }
}
