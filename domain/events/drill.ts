/**
 * The drill: what is asked of the function that restores rows from escrow alone, and what it answers.
 * Names, kids and counts; never a key, a plaintext or a ciphertext.
 */
import * as z from 'zod';
import { tokenSchema } from './control-records.ts';

export const drillRequestSchema = z.strictObject({
  /** Version of the secret whose copy is used; absent: the newest copy there is. */
  versionId: tokenSchema.optional(),
  /** How many values of each declared column are opened at most. */
  rowsPerColumn: z.int().min(1).max(1_000).default(100),
});
export type DrillRequest = z.input<typeof drillRequestSchema>;

const kid = z.string().min(1).max(64);
const count = z.int().min(0);

const drilledColumn = z.strictObject({
  /** As declared: id, table with schema, column. */
  id: z.string(),
  table: z.string(),
  column: z.string(),
  /** Sealed values drawn, over the whole table. */
  sampled: count,
  opened: count,
  /** Values that did not open, by code of the error. */
  refused: z.array(z.strictObject({ code: z.string(), count })),
  /** Which keys the drawn values are sealed with. */
  kids: z.array(z.strictObject({ kid, count })),
  /** The column could not be read at all, and why. */
  problem: z.string().optional(),
});
export type DrilledColumn = z.infer<typeof drilledColumn>;

export const drillAnswerSchema = z.strictObject({
  version: z.literal(1),
  /** Name of the secret. */
  secretName: z.string(),
  copy: z.strictObject({
    versionId: tokenSchema,
    /** When the value was made, and when the copy was stored. */
    createdAt: z.iso.datetime(),
    storedAt: z.iso.datetime(),
    bytes: count,
    /** How many copies of the secret are in escrow. */
    copies: count,
  }),
  /** What the copied keyset holds. */
  keys: z.array(z.strictObject({ kid, state: z.string() })),
  columns: z.array(drilledColumn),
  /** Kids that rows are sealed with and the copy has no key for. */
  kidsMissing: z.array(kid),
  /** `nothingSealed`: no declared column holds a sealed value, so nothing is proven. */
  outcome: z.enum(['restored', 'nothingSealed', 'failed']),
});
export type DrillAnswer = z.infer<typeof drillAnswerSchema>;
