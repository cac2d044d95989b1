import * as z from 'zod';

const name = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/);

export const accessAuditEnvironmentSchema = z
  .object({
    /** SSM parameter that holds the stack's manifest (its first part): secrets, regions, consumers, copies. */
    MANIFEST_PARAMETER: z.string().startsWith('/'),
    ACCOUNT: z.string().regex(/^\d{12}$/),
    PARTITION: z.string().regex(/^aws[a-z-]*$/),
    /** Declared to read every secret. */
    BREAK_GLASS_ROLE: z.string().startsWith('arn:').optional(),
    /** Of Athena; absent: the deployment knows no trail. */
    WORKGROUP: name.optional(),
    /** Of Glue; the table is `trail`. */
    DATABASE: name.optional(),
  })
  .refine(({ WORKGROUP, DATABASE }) => (WORKGROUP === undefined) === (DATABASE === undefined), {
    path: ['DATABASE'],
  });
export type AccessAuditEnvironment = z.input<typeof accessAuditEnvironmentSchema>;

/** Beside the bundle, in `keys.json`: ARNs of the keys that values are encrypted with. */
export const auditedKeysSchema = z.array(z.string().startsWith('arn:'));
export type AuditedKeysInput = z.input<typeof auditedKeysSchema>;
