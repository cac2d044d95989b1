/** Where a database is, as the functions of the rooms that read or rewrite its rows are told. */
import { Tokenization } from 'aws-cdk-lib/core';
import type { DatabaseConfig } from '../domain/config/secret-schemas.ts';

/** Never from a secret: whoever could write that one would say where every credential is sent. */
export function databaseEnvironment({ host, port, dbname, ca }: DatabaseConfig) {
  return {
    DATABASE_HOST: host,
    // A port that is known at deployment only is a number with another meaning; `String` would write that number.
    DATABASE_PORT: Tokenization.stringifyNumber(port),
    DATABASE_NAME: dbname,
    CA: ca === 'rds' ? ('rds' as const) : ('file' as const),
  };
}
