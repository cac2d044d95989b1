import * as z from 'zod';

export const certificatesEnvironmentSchema = z.object({
  /** SSM parameter that holds the stack's manifest (its first part), which names the certificates. */
  MANIFEST_PARAMETER: z.string().startsWith('/'),
  CONTROL_TABLE: z.string().min(1),
});
export type CertificatesEnvironment = z.input<typeof certificatesEnvironmentSchema>;
