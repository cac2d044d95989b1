/**
 * What `quarterturn scan` asks the function that takes fingerprints, and what it is told: keyed fingerprints of
 * windows of values, and names. Never a value. docs/decisions/0015-scan-fingerprints.md says what they give away.
 */
import * as z from 'zod';

const key = z.string().regex(/^[a-z][A-Za-z0-9]{0,19}$/);

/** Ten secrets an invocation: every labelled version of them is read, which takes seconds. */
export const secretsAQuestion = 10;

export const fingerprintsQuestionSchema = z.strictObject({
  operation: z.literal('fingerprints'),
  /** 32 bytes of chance in hex, new for each scan. */
  scanKey: z.string().regex(/^[0-9a-f]{64}$/, '32 bytes in lower-case hex'),
  /** Keys of the configuration. */
  secrets: z.array(key).min(1).max(secretsAQuestion),
  /** Who asks, as the asker says; for the log. */
  askedBy: z.string().max(256).default('not told'),
});
export type FingerprintsQuestion = z.input<typeof fingerprintsQuestionSchema>;

export const scanWindowSchema = z.object({
  /** Which part of the value. `whole`: there is one window only, its halves alone would be too easily guessed. */
  part: z.enum(['first', 'last', 'whole']),
  alphabet: z.enum(['sextet', 'visible']),
  length: z.literal([16, 24, 32]),
  /** Public: the same for every key. */
  filter: z
    .int()
    .min(0)
    .max(2 ** 14 - 1),
  /** 16 bytes in base64url. */
  fingerprint: z.string().regex(/^[\w-]{22}$/),
});
export type ScanWindow = z.infer<typeof scanWindowSchema>;

const heldIn = z.object({
  versionId: z.string().max(64),
  labels: z.array(z.string().max(256)).max(20),
  /** Of a key in a keyset, there: `primary`, `decryptOnly` and so on. */
  state: z.string().max(16).optional(),
});

export const fingerprintsAnswerSchema = z.object({
  version: z.literal(1),
  /** `<name>/<environment>`. */
  deployment: z.string(),
  secrets: z.array(
    z.object({
      key,
      name: z.string(),
      kind: z.enum(['jwt', 'encryption', 'database', 'userManaged']),
      values: z.array(
        z.object({
          /** In words: `kid 9f2c41aa07be63d1`, `password`, `member "token"`. */
          what: z.string().max(128),
          /** What is looked for: key bytes in any spelling, or a text as it is written. */
          form: z.enum(['bytes', 'text']),
          versions: z.array(heldIn).min(1),
          windows: z.array(scanWindowSchema).min(1).max(2),
        }),
      ),
      /** What has no fingerprints, and why: a scan does not find it. */
      leftOut: z.array(
        z.object({
          what: z.string().max(128),
          versionIds: z.array(z.string().max(64)),
          reason: z.string().max(256),
        }),
      ),
    }),
  ),
});
export type FingerprintsAnswer = z.infer<typeof fingerprintsAnswerSchema>;
export type FingerprintedSecret = FingerprintsAnswer['secrets'][number];
export type FingerprintedValue = FingerprintedSecret['values'][number];
