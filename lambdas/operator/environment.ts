/**
 * The facts about the databases are `databases.json` in the asset, because a Lambda environment ends at 4 KB.
 * What is known at deployment only (an ARN, a host of the same app) stands there as `$DEFERRED_1`, and its text
 * in the environment.
 */
import * as z from 'zod';
import { columnSchema } from '../../domain/config/column-schema.ts';

export const deferredName = /^\$(DEFERRED_\d{1,4})$/;

export const operatorEnvironmentSchema = z.record(z.string(), z.string().optional());
export type OperatorEnvironment = z.input<typeof operatorEnvironmentSchema>;

const text = z.string().min(1);

/** One database secret, as the deployment fixed it: the only roles, hosts and secrets there are. */
export const databaseFactsSchema = z.strictObject({
  /** Name of the database secret. */
  name: text,
  scheme: z.enum(['multiUser', 'singleUser']),
  host: text,
  port: z.coerce.number().int().min(1).max(65_535),
  maintenanceDatabase: text,
  roles: z.array(text).min(1).max(2),
  identity: text.optional(),
  /** The rotator role that the bootstrap makes. */
  rotator: text,
  /** `rds`, or the file of authorities beside the bundle. */
  ca: text,
  admin: z.strictObject({
    secretArn: text,
    /** userManaged: of this deployment. rdsManaged: the master user's, changed by RDS alone. */
    kind: z.enum(['userManaged', 'rdsManaged', 'existing']),
  }),
  /** Secret of the master user. */
  bootstrapArn: text.optional(),
  /** Encryption secrets whose rows this database secret's role rewrites. */
  rows: z
    .array(
      z.strictObject({
        /** Name of the encryption secret. */
        secret: text,
        dbname: text,
        columns: z.array(columnSchema).min(1),
      }),
    )
    .optional(),
});
/** As the construct writes it: what is known at deployment only is deferred. */
export type DatabaseFactsInput = z.input<typeof databaseFactsSchema>;
export type DatabaseFacts = z.infer<typeof databaseFactsSchema>;
export type RowsFacts = NonNullable<DatabaseFacts['rows']>[number];
