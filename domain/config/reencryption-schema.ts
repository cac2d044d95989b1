/** How the rows follow a new encryption key; absent: they stay under the keys they were written with. */
import * as z from 'zod';
import { durationSchema } from './duration.ts';

/** No default: nobody but its owners knows how long a copy outlives the row. `forever`: no key is ever pruned. */
const retention = z.union([durationSchema(36_500), z.literal('forever')]);

export const reencryptionSchema = z.strictObject({
  /** The database secret whose role rewrites the rows: of the same database, and no application's. */
  login: z.string(),
  /** `maintenance`: consumers are stopped, rows rewritten under the published key, which is then activated. */
  mode: z.enum(['online', 'maintenance']).default('online'),
  /** Mode `maintenance`: asked to stop consumers before the rows move, and to start them afterwards. */
  consumersHook: z.string().max(512).optional(),
  /** At once; one to two times the vCPUs of the database. */
  workers: z.int().min(1).max(64).default(2),
  /** How long the longest-lived copy of the database keeps a row: snapshots, PITR, dumps, delayed standbys. */
  backupRetention: retention,
  /** Where else ciphertext of this key lies and nobody can count it from here: somebody vouches for each. */
  stores: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'lower case, digits, hyphens; 40 at most'),
        backupRetention: retention,
      }),
    )
    .max(50)
    .default([]),
});
export type ReencryptionConfig = z.infer<typeof reencryptionSchema>;
