/** What the operations are given. */
import type { OwnedSecretDoor } from '../../doors/owned-secret.ts';
import type { Endpoint, PostgresDoor } from '../../doors/postgres/door.ts';
import type { Sleep } from '../../doors/postgres/role-operations.ts';
import type { RandomSource } from '../../doors/random.ts';
import type { SecretsManagerDoor } from '../../doors/secrets-manager.ts';
import type { DatabaseFacts } from './environment.ts';

export interface OperatorTools {
  databases: readonly DatabaseFacts[];
  postgres: PostgresDoor;
  secretsManager: Pick<SecretsManagerDoor, 'getCurrentValue'>;
  ownedSecret: OwnedSecretDoor;
  /** KMS and the local CSPRNG, combined. */
  random: RandomSource;
  /** Trusted authorities of a database, PEM. */
  authorities(database: DatabaseFacts): string;
  sleep: Sleep;
}

/** Where roles are changed, and every bootstrap of the cluster takes its lock. */
export function maintenanceEndpoint(tools: OperatorTools, database: DatabaseFacts): Endpoint {
  const { host, port, maintenanceDatabase: dbname } = database;
  return { host, port, dbname, ca: tools.authorities(database) };
}
