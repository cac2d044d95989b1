import * as z from 'zod';
import { companionSchema, wholeNumber } from '../rotation/environment.ts';
import { escrowEnvironment } from '../rotation/escrow-environment.ts';

/** The declared columns are `columns.json` in the asset, the certificates `ca.pem` when `CA` is "file". */
export const drillEnvironmentSchema = z.object({
  /** Of the encryption secret, which this function can neither read nor describe. */
  SECRET_NAME: z.string().min(1).max(512),
  FIELD: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/),
  BITS: wholeNumber,
  ENCODING: z.enum(['base64', 'base64url', 'hex', 'text']),
  DATABASE_SECRET_ARN: companionSchema,
  DATABASE_HOST: z.string().min(1),
  DATABASE_PORT: wholeNumber,
  DATABASE_NAME: z.string().min(1),
  CA: z.enum(['rds', 'file']),
  ...escrowEnvironment,
});
export type DrillEnvironment = z.input<typeof drillEnvironmentSchema>;
