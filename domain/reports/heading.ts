/** How every document of the command line begins: when, of which deployment, and who asked where. */
import * as z from 'zod';

export const callerSchema = z.object({
  arn: z.string(),
  account: z.string(),
  region: z.string(),
  /** Where calls went, when that is not AWS itself. */
  endpoint: z.string().optional(),
});

/** Shared by the schemas, each of which names itself in `report`. */
export const heading = {
  version: z.literal(1),
  at: z.iso.datetime(),
  deployment: z.object({ name: z.string(), environment: z.string() }),
  caller: callerSchema,
};
