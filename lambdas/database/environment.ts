import * as z from 'zod';
import {
  companionSchema,
  rotationEnvironmentSchema,
  wholeNumber,
} from '../rotation/environment.ts';

/** The certificates are `ca.pem` in the asset when `CA` is "file". */
export const databaseEnvironmentSchema = rotationEnvironmentSchema.extend({
  SCHEME: z.enum(['multiUser', 'singleUser']),
  HOST: z.string().min(1).max(255),
  PORT: wholeNumber,
  /** Through which pooler consumers connect; absent: to the server. */
  CONNECTION: z.enum(['pgbouncer', 'rdsProxy']).optional(),
  /** The poolers they connect to, "host:port", comma-separated. */
  ENDPOINTS: z
    .string()
    .regex(/^[^,]+:\d{1,5}(,[^,]+:\d{1,5})*$/)
    .transform((endpoints) =>
      endpoints.split(',').map((endpoint) => {
        const end = endpoint.lastIndexOf(':');
        return { host: endpoint.slice(0, end), port: Number(endpoint.slice(end + 1)) };
      }),
    )
    .optional(),
  DBNAME: z.string().min(1).max(63),
  /** Advisory locks are per database, roles per cluster: every rotation of a cluster locks in this one. */
  MAINTENANCE_DATABASE: z.string().min(1).max(63),
  /** The login roles this function may set, comma-separated: two for multiUser, one for singleUser. */
  ROLES: z.string().transform((roles) => roles.split(',')),
  /** multiUser: the application's role whose rights the login roles use. */
  IDENTITY: z.string().max(63).optional(),
  ADMIN_SECRET_ARN: companionSchema,
  /** Keep `DATABASE_URL` in the value in step with the credential. */
  DATABASE_URL: z.enum(['true', 'false']),
  /** Tables ("schema.table", comma-separated) whose row-level security the login roles must see as the identity does. */
  VERIFY_TABLES: z
    .string()
    .transform((tables) => tables.split(','))
    .optional(),
  /** It rewrites the rows of an encryption secret: where tables have row-level security it has BYPASSRLS. */
  REWRITES_ROWS: z.literal('true').optional(),
  CA: z.enum(['rds', 'file']),
});
export type DatabaseEnvironment = z.input<typeof databaseEnvironmentSchema>;
