import * as z from 'zod';

export const watchEnvironmentSchema = z.object({
  /** SSM parameter that holds the stack's manifest (its first part). */
  MANIFEST_PARAMETER: z.string().startsWith('/'),
  CONTROL_TABLE: z.string().min(1),
});
export type WatchEnvironment = z.input<typeof watchEnvironmentSchema>;
