/** The declared columns as functions find them beside their bundle: a Lambda environment ends at 4 KB, some thirty columns. */
import { neighboursOf } from '../domain/config/neighbours.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import type { EncryptionConfig } from '../domain/config/secret-schemas.ts';

export const ownColumns = ({ columns }: EncryptionConfig): Record<string, string> => ({
  'columns.json': JSON.stringify(columns),
});

/** With the places other secrets encrypt in the same database: ciphertext there is not taken for a forgotten column. */
export function columnsAndNeighbours(
  config: RotationConfig,
  key: string,
  secret: EncryptionConfig,
): Record<string, string> {
  const places = neighboursOf(key, config).flatMap(({ columns }) =>
    columns.map(({ table, column, path }) => ({ table, column, ...(path && { path }) })),
  );
  return { ...ownColumns(secret), 'neighbours.json': JSON.stringify(places) };
}
