/** What the function needs of the outside world, and what its deployment says; exactly these methods. */
import type { RandomBytes } from '../../domain/ciphertext/format.ts';
import type { KeysetSettings } from '../../domain/secrets/secret-value.ts';
import type { Clock } from '../../doors/clock.ts';
import type { ControlTableDoor } from '../../doors/control-table.ts';
import type { DeclaredColumn, DeclaredPlace } from '../../doors/declared-columns.ts';
import type { Log } from '../../doors/log.ts';
import type { MetricsDoor } from '../../doors/metrics.ts';
import type { BulkPostgresDoor } from '../../doors/postgres/bulk-session.ts';
import type { Endpoint } from '../../doors/postgres/door.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { CipherOf } from './cipher.ts';
import type { PlanLimits } from './plan.ts';
import type { WorkerLimits } from './worker.ts';

export interface ReencryptionDoors {
  readonly secretsManager: Pick<SecretsManagerDoor, 'describe' | 'getValue' | 'getCurrentValue'>;
  readonly controlTable: Pick<
    ControlTableDoor,
    | 'getReencryption'
    | 'updateReencryption'
    | 'getConsumers'
    | 'getCompromised'
    | 'getZeroProofs'
    | 'putZeroProof'
  >;
  readonly postgres: BulkPostgresDoor;
  readonly metrics: MetricsDoor;
  readonly clock: Clock;
  /** Nonces, and the name of a worker's call. */
  readonly random: RandomBytes;
  readonly log: Log;
}

export interface Deployed {
  readonly secretName: string;
  readonly secretArn: string;
  readonly rowsSecretArn: string;
  readonly keyset: KeysetSettings;
  /** Only in `dev` may a key be one from an example file. */
  readonly developmentFallbacks: 'allowed' | 'refused';
  readonly mode: 'online' | 'maintenance';
  readonly workers: number;
  readonly readerCacheSeconds: number;
  readonly stores: readonly string[];
  readonly endpoint: Endpoint;
  /** Roles that rewrite rows in this database, its own among them: their ledger is one. */
  readonly engines: readonly string[];
  readonly columns: readonly DeclaredColumn[];
  /** What other secrets encrypt in the same database. */
  readonly neighbours: readonly DeclaredPlace[];
  readonly cipherOf: CipherOf;
  readonly limits: WorkerLimits;
  readonly planLimits: PlanLimits;
}

/** Of one call. */
export interface Tools extends ReencryptionDoors {
  readonly deployed: Deployed;
  /** When this call has to be over. */
  readonly deadline: Date;
}
