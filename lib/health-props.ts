/** Props of how a consumer is asked whether it is well. */

/** One request of the smoke checklist. */
export interface HealthProbeProps {
  /** A short name for people. */
  readonly name: string;

  /**
   * The HTTP method; POST only where the request does no harm.
   *
   * @default GET
   */
  readonly method?: 'GET' | 'HEAD' | 'POST';

  /** Its URL: https, or http to a private address. The host may be known at deployment only. */
  readonly url: string;

  /**
   * Sent as JSON, with POST. Never a secret.
   *
   * @default - none
   */
  readonly body?: Readonly<Record<string, unknown>>;

  /**
   * Statuses that say that it works.
   *
   * @default [200]
   */
  readonly expect?: readonly number[];

  /**
   * Members of the answer's JSON, by JSON Pointer, and what they must be.
   *
   * @default - the body is not read
   */
  readonly json?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Authorities of one's own. */
export interface HealthAuthoritiesProps {
  /**
   * A PEM file, relative to `configDirectory`.
   *
   * @default - `pem`
   */
  readonly file?: string;

  /**
   * PEM text.
   *
   * @default - `file`
   */
  readonly pem?: string;
}

/** How a consumer is asked whether it is well. */
export interface HealthProps {
  /**
   * URL of the client library's health handler. The host may be known at deployment only.
   *
   * @default - what it holds is not asked
   */
  readonly credentials?: string;

  /**
   * Key of the user-managed secret that is sent as bearer.
   *
   * @default - none: only the status is shown, and nothing is proven
   */
  readonly bearer?: string;

  /**
   * The smoke checklist, 20 requests at most.
   *
   * @default []
   */
  readonly probes?: readonly HealthProbeProps[];

  /**
   * So many looks in a row must succeed.
   *
   * @default 3
   */
  readonly consecutive?: number;

  /**
   * From one look to the next.
   *
   * @default 10s
   */
  readonly every?: string;

  /**
   * By when it must be well, from when it is steady.
   *
   * @default 5m
   */
  readonly within?: string;

  /**
   * Key of the network whose private hosts are asked.
   *
   * @default - from outside of every VPC
   */
  readonly network?: string;

  /**
   * May a name lead to a private address.
   *
   * @default refused
   */
  readonly privateAddresses?: 'refused' | 'allowed';

  /**
   * Authorities that are trusted.
   *
   * @default - those Node.js ships
   */
  readonly ca?: HealthAuthoritiesProps;
}
