/** A trail of CloudTrail that keeps management events in a bucket: who read which secret is asked there first. */
import * as z from 'zod';

export const trailSchema = z.strictObject({
  /** It stands in this account, or in another one whose policy lets the audit read it. */
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket'),
  /** What stands before `AWSLogs/`; absent: nothing. */
  prefix: z
    .string()
    .regex(/^[A-Za-z0-9!_.*'()/-]{1,200}$/, 'a prefix without a slash at either end')
    .refine((text) => !text.startsWith('/') && !text.endsWith('/'), 'no slash at either end')
    .optional(),
  /** Of an organisation's trail: `AWSLogs/<organisation>/<account>/`. */
  organization: z
    .string()
    .regex(/^o-[a-z0-9]{10,32}$/, 'the id of an organisation, such as o-exampleorgid')
    .optional(),
  /** The key its files are encrypted with; absent: S3's own. */
  kmsKeyArn: z
    .string()
    .regex(/^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/, 'the ARN of a KMS key')
    .optional(),
});
export type TrailConfig = z.infer<typeof trailSchema>;
