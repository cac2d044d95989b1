/** The inbox of a user-managed secret: who may put its next value, what that looks like, and how it is tested. */
import * as z from 'zod';
import { durationSchema } from './duration.ts';

/** Whole ARNs, paths included: a resource policy compares them with `aws:PrincipalArn`. */
const ownerArn = z
  .string()
  .regex(
    /^arn:aws[a-z-]*:iam::\d{12}:(role|user)\/[\w+=,.@/-]+$/,
    'the ARN of an IAM role or user',
  );

/** RFC 9110, 5.6.2; those that say where a request goes or how long it is are the probe's own. */
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$/, 'the name of an HTTP header')
  .refine(
    (name) => !/^(host|content-length|transfer-encoding|connection|upgrade|expect)$/i.test(name),
    "another header: this one is the probe's own",
  );

export const valuePlaceholder = '{{value}}';

/** One HTTP request whose status says whether a value works. Its answer is not read. */
export const probeSchema = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
  /** https, without user, fragment or the value itself. Redirects are not followed. */
  url: z.string().min(1).max(1_024),
  /** By name; exactly one of them holds `{{value}}`, once. */
  headers: z.record(headerName, z.string().regex(/^[\x20-\x7e]{1,512}$/, 'printable ASCII')),
  /** Sent as JSON; POST only. */
  body: z.record(z.string(), z.json()).optional(),
  /** The statuses that say "this value works". */
  expect: z.array(z.int().min(200).max(299)).min(1).max(10).default([200]),
  timeoutSeconds: z.int().min(1).max(10).default(5),
  /** Trusted authorities, a PEM file beside the configuration or PEM text; absent: those Node.js ships. */
  ca: z
    .union([
      z.strictObject({ file: z.string().min(1) }),
      z.strictObject({ pem: z.string().min(1) }),
    ])
    .optional(),
});
export type ProbeConfig = z.infer<typeof probeSchema>;

export const inboxSchema = z.strictObject({
  /** Roles or users that may put a value, and read none. */
  owners: z.array(ownerArn).min(1).max(10),
  /** The value is a JSON object, and this member of it is what is tested; absent: the value is one line of text. */
  field: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'the name of an environment variable')
    .optional(),
  probe: probeSchema,
  /** How long a reader may go on using the value it has read. */
  readerCache: durationSchema(1).default('5m'),
});
