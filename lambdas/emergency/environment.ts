import * as z from 'zod';

export const emergencyEnvironmentSchema = z.object({
  /** SSM parameter that holds the stack's manifest (its first part). */
  MANIFEST_PARAMETER: z.string().startsWith('/'),
  CONTROL_TABLE: z.string().min(1),
  /** `<name>/<environment>`. */
  DEPLOYMENT: z.string().min(3),
  /** Where reports of incidents are kept: `<bucket>.s3.<region>.<domain>`, and its account. */
  REPORT_BUCKET: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
  REPORT_HOST: z.string().regex(/^[a-z0-9.-]+$/),
  REPORT_OWNER: z.string().regex(/^\d{12}$/),
  /** Roles whose rights a drill has simulated: this function's, and the machines'. Of functions it asks Lambda. */
  FUNCTION_ROLE_ARN: z.string().startsWith('arn:'),
  MACHINE_ROLE_ARN: z.string().startsWith('arn:'),
  AFTER_ROTATION_MACHINE_ROLE_ARN: z.string().startsWith('arn:'),
  ROLLOUT_MACHINE_ROLE_ARN: z.string().startsWith('arn:').optional(),
  /** Of the key that the control table is under. */
  CONTROL_KEY_ARN: z.string().startsWith('arn:'),
});
export type EmergencyEnvironment = z.input<typeof emergencyEnvironmentSchema>;
