/** A declared column: where ciphertext is, in which formats, and how a re-encryption walks over it. */
import * as z from 'zod';
import { acceptedFormatSchema, writtenFormatSchema } from './format-schema.ts';

/** An identifier of PostgreSQL that needs no quotes; 63 bytes (NAMEDATALEN - 1). */
export const identifier = z
  .string()
  .regex(/^[a-z_][a-z0-9_$]{0,62}$/, 'a PostgreSQL identifier in lower case, 63 bytes at most');
export const table = z
  .string()
  .regex(/^[a-z_][a-z0-9_$]{0,62}\.[a-z_][a-z0-9_$]{0,62}$/, 'a table as "schema.table"');

export const columnSchema = z.strictObject({
  /** Logical name, authenticated with every value: it survives a rename of table or column. */
  id: z.string().regex(/^[a-z0-9_]+(\.[a-z0-9_]+)+$/, 'a logical name such as "patients.ssn"'),
  table,
  column: identifier,
  /** What is written; it must name its key, or nothing could tell old rows from new ones. */
  format: writtenFormatSchema,
  /** Older formats that are still present. A value of none of them is no ciphertext. */
  accepts: z.array(acceptedFormatSchema).min(1).max(10).optional(),
  /** What a ciphertext is bound to: nothing, its column, or its column and row; older formats bind to nothing. */
  profile: z.enum(['none', 'column', 'row']),
  /** Profile row: the columns of the primary key, in order. */
  primaryKey: z.array(identifier).min(1).optional(),
  /** Of a json or jsonb column: the members of objects that lead to the value. */
  path: z
    .array(
      z
        .string()
        .regex(/^(?!-?\d+$).{1,200}$/s, 'the name of a member, never the index of an array'),
    )
    .min(1)
    .max(20)
    .optional(),
  /**
   * What a value that is no ciphertext of any known format is taken for. `quarantine` (the default): damage,
   * until somebody says otherwise; `seal`: plaintext from before the column was encrypted.
   */
  plaintext: z.enum(['quarantine', 'seal']).optional(),
  /** `auto` (the default): by ctid where the primary key says nothing about where a row lies, or there is none. */
  walk: z.enum(['auto', 'key', 'ctid']).optional(),
});
