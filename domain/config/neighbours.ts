/** Keys that encrypt columns of one database: each has to know the columns of the others for what they are. */
import type * as z from 'zod';
import type { columnSchema } from './column-schema.ts';
import type { RotationConfig } from './rotation-config.ts';
import type { DatabaseConfig } from './secret-schemas.ts';

export type Column = z.infer<typeof columnSchema>;

type Place = Pick<DatabaseConfig, 'host' | 'port' | 'dbname'>;

/** By what the configuration says: one server under two names is two. */
export const isSameDatabase = (one: Place, other: Place): boolean =>
  one.host.toLowerCase() === other.host.toLowerCase() &&
  one.port === other.port &&
  one.dbname === other.dbname;

export interface Neighbour {
  /** Key of the other encryption secret. */
  readonly key: string;
  readonly columns: readonly Column[];
}

/** The other encryption secrets whose columns are in the same database, with their columns. */
export function neighboursOf(key: string, { secrets }: Pick<RotationConfig, 'secrets'>) {
  const databaseOf = (of: string): DatabaseConfig | undefined => {
    const secret = secrets[of];
    const database = secret?.kind === 'encryption' ? secrets[secret.database ?? ''] : undefined;
    return database?.kind === 'database' ? database : undefined;
  };
  const own = databaseOf(key);
  return Object.entries(secrets).flatMap(([other, secret]): Neighbour[] => {
    const database = databaseOf(other);
    return other !== key &&
      secret.kind === 'encryption' &&
      own !== undefined &&
      database !== undefined &&
      isSameDatabase(own, database)
      ? [{ key: other, columns: secret.columns }]
      : [];
  });
}
