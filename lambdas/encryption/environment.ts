import * as z from 'zod';
import {
  companionSchema,
  rotationEnvironmentSchema,
  wholeNumber,
} from '../rotation/environment.ts';
import { escrowEnvironment } from '../rotation/escrow-environment.ts';

/** The declared columns are `columns.json` in the asset, the certificates `ca.pem` when `CA` is "file". */
export const encryptionEnvironmentSchema = rotationEnvironmentSchema.extend({
  FIELD: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/),
  BITS: wholeNumber,
  ENCODING: z.enum(['base64', 'base64url', 'hex', 'text']),
  ...escrowEnvironment,
  /** Days for which a copy cannot be removed: what a pruned key is still held by, and until when. */
  ESCROW_RETENTION_DAYS: wholeNumber.optional(),
  /** The database secret whose credential reads the declared columns; absent when no column is declared. */
  DATABASE_SECRET_ARN: companionSchema.optional(),
  /** Host, port and database come from the deployment, never from the secret. */
  DATABASE_HOST: z.string().optional(),
  DATABASE_PORT: wholeNumber.optional(),
  DATABASE_NAME: z.string().optional(),
  CA: z.enum(['rds', 'file']).optional(),
  /** The database secret of the re-encryption's login, which closes its job; absent: rows are never rewritten. */
  ROWS_SECRET_ARN: companionSchema.optional(),
  /** Beside it: days the longest-lived copy of a row is kept, over the database and every declared store. */
  KEY_RETENTION_DAYS: z.union([wholeNumber, z.literal('forever')]).optional(),
  /** Beside it: names of the declared stores, with commas between; absent: none. */
  STORES: z.string().min(1).optional(),
});
export type EncryptionEnvironment = z.input<typeof encryptionEnvironmentSchema>;
