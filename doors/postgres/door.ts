/** The door to PostgreSQL: always TLS verify-full, always closed again, errors classified by SQLSTATE. */

export interface Endpoint {
  host: string;
  port: number;
  dbname: string;
  /** Trusted certificate authorities, PEM. */
  ca: string;
  /** A pooler: its sessions outlive their client, so nothing is set in them, not even a timeout. */
  pooled?: true;
}

export interface Credential {
  username: string;
  password: string;
}

export interface Session {
  /** Values are bound, never interpolated; identifiers come from the catalogue through `format('%I')` or `quoteIdentifier`. */
  query<Row extends Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  /** Runs `work` in one transaction; rolls back when it throws. */
  transaction<T>(work: () => Promise<T>): Promise<T>;
}

export interface PostgresDoor {
  /**
   * Logs in, runs `work`, closes the connection.
   * @throws LoginRefusedError only for SQLSTATE 28P01: the one answer that means "try another credential"
   * @throws PostgresUnreachableError, TlsError, PostgresError for everything else, with SQLSTATE and host,
   *   never a statement, a bound value or a password
   */
  withSession<T>(
    endpoint: Endpoint,
    credential: Credential,
    work: (session: Session) => Promise<T>,
  ): Promise<T>;
}
