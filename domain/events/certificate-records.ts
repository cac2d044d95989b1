/** What the control table remembers of certificates. Partition `…#<name>/<environment>`: they are a deployment's own. */
import * as z from 'zod';

const instant = z.iso.datetime();

/**
 * `certificate#<name>/<environment>` / its name in the configuration. What the last look found; of one that could not
 * be read, what an earlier look did.
 */
export const certificateRecordSchema = z.object({
  name: z.string().max(64),
  /** An ARN, the name of a secret, or host and port. */
  source: z.string().max(2048),
  checkedAt: instant,
  /** The last look that could read it; absent: none ever did. */
  readAt: instant.optional(),
  /** The soonest end of it and the certificates it is sent with. */
  notAfter: instant.optional(),
  /** Of the one that ends first: its SHA-256 fingerprint, or serial and end where ACM tells no more. */
  identity: z.string().max(256).optional(),
  serial: z.string().max(128).optional(),
  /** What is wrong at the last look: not readable, not valid yet, for another name. */
  problem: z.string().max(512).optional(),
  /** Worth knowing: which one of a chain ends first, how ACM's renewal stands. */
  remark: z.string().max(512).optional(),
});
export type CertificateRecord = z.infer<typeof certificateRecordSchema>;

/** `certificate.told#<name>/<environment>` / `<name>/end`. */
export const certificateEndToldSchema = z.object({
  identity: z.string().max(256),
  stage: z.enum(['in30', 'in14', 'in7', 'in1', 'ended']),
  day: z.iso.date(),
});
export type CertificateEndTold = z.infer<typeof certificateEndToldSchema>;

/** `certificate.told#<name>/<environment>` / `<name>/problem`. */
export const certificateProblemToldSchema = z.object({
  day: z.iso.date(),
  problem: z.string().max(512),
});
export type CertificateProblemTold = z.infer<typeof certificateProblemToldSchema>;
