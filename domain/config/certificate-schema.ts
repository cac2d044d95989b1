/** Certificates whose expiry belongs into the inventory, and where each is read from. */
import * as z from 'zod';
import { existingSecretSchema } from './secret-schemas.ts';

/** `host:port`; a host that is an address in brackets is refused by the rules, as every address. */
export const endpointPattern = /^([^\s:/@]+):([1-9]\d{0,4})$/;

export const certificateSchema = z.strictObject({
  /** What reminders, status and report call it. */
  name: z.string().regex(/^[a-z][a-z0-9-]{0,31}$/, 'lower case, digits, hyphens; 32 at most'),
  /** ARN of a certificate of AWS Certificate Manager, in any region of the account. */
  acm: z
    .string()
    .regex(
      /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[A-Za-z0-9-]+$/,
      'the ARN of a certificate (arn:aws:acm:<region>:<account>:certificate/<id>)',
    )
    .optional(),
  /** PEM in a secret: the key of a userManaged one of this configuration, or one that stands elsewhere. */
  secret: z.union([z.string(), existingSecretSchema]).optional(),
  /** The field of a JSON value that holds the PEM; absent: the value is the PEM. */
  field: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, 'the name of a field')
    .optional(),
  /** What a server shows in the TLS handshake, as `host:port`. */
  endpoint: z.string().max(260).optional(),
  /** The name it is asked for and must be for; absent: the host. */
  servername: z.string().max(253).optional(),
  /** What goes before the handshake on a port that begins without TLS. */
  startTls: z.enum(['postgres']).optional(),
});
export type CertificateConfig = z.infer<typeof certificateSchema>;

export const certificatesSchema = z.array(certificateSchema).max(100);
