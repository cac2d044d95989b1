/** The three secrets this application lives on, each kept in memory and read again before it is too old. */
import {
  type FieldKeys,
  fieldKeys,
  type ReadReport,
  SecretCache,
  type SecretSource,
  type TokenKeys,
  tokenKeys,
} from '@quarterturn/client';
import { type DatabaseCredential, databaseCredential } from '@quarterturn/client/pg';

export interface Secrets {
  readonly tokens: SecretCache<TokenKeys>;
  readonly fields: SecretCache<FieldKeys>;
  readonly database: SecretCache<DatabaseCredential>;
}

export type SecretSources = Readonly<Record<keyof Secrets, SecretSource>>;

/**
 * @param readerCacheSeconds how old a value may be at most, as rotation.config.ts says: two fifths of it are an
 *   ordinary age, the rest is for a time when the secret cannot be read
 * @param onRead told of each read, by the name of the secret
 */
export function secretsOf(
  sources: SecretSources,
  readerCacheSeconds: number,
  onRead: (secret: string, report: ReadReport) => void,
): Secrets {
  const times = { maxAge: readerCacheSeconds * 400, staleFor: readerCacheSeconds * 600 };
  const told = ({ name }: SecretSource) => ({
    onRead: (report: ReadReport) => onRead(name, report),
  });
  const { tokens, fields, database } = sources;
  return {
    tokens: new SecretCache(tokens, { ...times, ...told(tokens), parse: tokenKeys() }),
    fields: new SecretCache(fields, { ...times, ...told(fields), parse: fieldKeys() }),
    database: new SecretCache(database, {
      ...times,
      ...told(database),
      parse: databaseCredential(),
      // While logins are refused, callers wait for the next read: one a second is worth it.
      cooldown: 1_000,
    }),
  };
}
