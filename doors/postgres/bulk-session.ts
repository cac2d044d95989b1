/**
 * A session for many rows: statements are prepared once and rows come as text, without a parser per value.
 * Where a row costs a few microseconds of cryptography, objects and parsers would cost as much again.
 */
import { classifyError } from './classify-error.ts';
import type { Credential, Endpoint, Session } from './door.ts';
import { session, withClient } from './node-postgres.ts';

export type TextRow = readonly (string | null)[];

export interface BulkSession extends Session {
  /**
   * Every column in PostgreSQL's text form, null for NULL. The statement stays prepared for the session, by
   * its text. Arrays are passed as literals (array-literal.ts).
   */
  rows(text: string, values?: readonly (string | null)[]): Promise<TextRow[]>;
}

export interface BulkPostgresDoor {
  /** As PostgresDoor.withSession. `statementTimeout`: milliseconds, kept by the server. */
  withBulkSession<T>(
    endpoint: Endpoint,
    credential: Credential,
    statementTimeout: number,
    work: (session: BulkSession) => Promise<T>,
  ): Promise<T>;
}

const asText = { getTypeParser: () => (text: string | Buffer) => text };

export const bulkPostgres: BulkPostgresDoor = {
  withBulkSession(endpoint, credential, statementTimeout, work) {
    return withClient(endpoint, credential, statementTimeout, async (client, at) => {
      const names = new Map<string, string>();
      const plain = session(client, at);
      // Keys travel as text: they must read back the same whatever the role's settings say.
      await plain.query(
        `select set_config('datestyle', 'ISO, MDY', false), set_config('intervalstyle', 'postgres', false),
                set_config('extra_float_digits', '1', false), set_config('bytea_output', 'hex', false)`,
      );
      return work({
        ...plain,
        async rows(text, values = []) {
          let name = names.get(text);
          if (name === undefined) {
            name = `q${names.size}`;
            names.set(text, name);
          }
          const query = {
            name,
            text,
            values: [...values],
            rowMode: 'array',
            types: asText,
          } as const;
          try {
            return (await client.query<(string | null)[]>(query)).rows;
          } catch (error) {
            throw classifyError(error, at);
          }
        },
      });
    });
  },
};
