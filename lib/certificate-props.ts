/** Props of the certificates whose expiry is watched. */
import type { ExistingSecret } from './secret-props.ts';

/** A TLS certificate, and where it is read from: `acm`, `secret` or `endpoint`, one of them. */
export interface CertificateProps {
  /** What reminders, status and report call it: lower case, digits and hyphens. */
  readonly name: string;

  /**
   * ARN of a certificate of AWS Certificate Manager, in any region of the account.
   *
   * @default - read from elsewhere
   */
  readonly acm?: string;

  /**
   * What holds it as PEM: the key of a `userManaged` secret, or an existing secret.
   *
   * @default - read from elsewhere
   */
  readonly secret?: string | ExistingSecret;

  /**
   * Field of the JSON value that holds the PEM.
   *
   * @default - the value is the PEM
   */
  readonly field?: string;

  /**
   * A server on the internet that shows it, as `host:port`.
   *
   * @default - read from elsewhere
   */
  readonly endpoint?: string;

  /**
   * The name the server is asked for, and the certificate must be for.
   *
   * @default - the host
   */
  readonly servername?: string;

  /**
   * What goes before the handshake on a port that begins without TLS.
   *
   * @default - TLS from the first byte
   */
  readonly startTls?: 'postgres';
}
