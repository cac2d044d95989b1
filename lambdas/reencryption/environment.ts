import * as z from 'zod';
import { wholeNumber } from '../rotation/environment.ts';

const text = z.string().min(1);

/** The declared columns are `columns.json` in the asset, the certificates `ca.pem` when `CA` is "file". */
export const reencryptionEnvironmentSchema = z.object({
  /** The encryption secret whose rows this function rewrites, and no other one's. */
  SECRET_ARN: z.string().startsWith('arn:'),
  SECRET_NAME: text,
  FIELD: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/),
  BITS: wholeNumber,
  ENCODING: z.enum(['base64', 'base64url', 'hex', 'text']),
  ENVIRONMENT: text,
  CONTROL_TABLE: text,
  MODE: z.enum(['online', 'maintenance']),
  /** At once, over the whole job. */
  WORKERS: wholeNumber,
  /** For so long a reader may go on with the keyset it has read. */
  READER_CACHE_SECONDS: wholeNumber,
  /** Names of the stores somebody vouches for, with commas between; absent: none. */
  STORES: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}(,[a-z][a-z0-9-]{0,39}){0,49}$/)
    .optional(),
  /** The secret of the login this function rewrites rows with. */
  ROWS_SECRET_ARN: z.string().startsWith('arn:'),
  /** Host, port and database come from the deployment, never from the secret. */
  DATABASE_HOST: text,
  DATABASE_PORT: wholeNumber,
  DATABASE_NAME: text,
  /** Roles that rewrite rows in this database, with commas between. */
  ENGINES: z.string().regex(/^[a-z_][a-z0-9_$]{0,62}(,[a-z_][a-z0-9_$]{0,62})*$/),
  CA: z.enum(['rds', 'file']),
});
export type ReencryptionEnvironment = z.input<typeof reencryptionEnvironmentSchema>;
