import * as z from 'zod';
import { healthProbeSchema } from '../../domain/config/consumer-schema.ts';

/** Beside these, the text of what `consumers.json` defers (`DEFERRED_1` …). */
export const healthEnvironmentSchema = z.object({
  /** In `dev` consumers may stand on the same machine. */
  ENVIRONMENT: z.string().min(1),
  /** Where it stands: name, VPC and security group; absent: outside of every VPC. */
  NETWORK: z.string().optional(),
});
export type HealthEnvironment = z.input<typeof healthEnvironmentSchema>;

const text = z.string().min(1);

/** `consumers.json` in the asset: the consumers of this network, as the deployment fixed them. */
export const askedConsumerSchema = z.strictObject({
  name: text,
  /** Where it serves the client library's health handler. */
  credentials: text.optional(),
  /** Secret whose value is sent; `field`: one member of it. */
  bearer: z.strictObject({ secretArn: text, field: text.optional() }).optional(),
  probes: z.array(healthProbeSchema).max(20),
  privateAddresses: z.enum(['refused', 'allowed']),
  /** File of authorities beside the bundle; absent: those Node.js ships. */
  ca: text.optional(),
});
export type AskedConsumerInput = z.input<typeof askedConsumerSchema>;
export type AskedConsumer = z.infer<typeof askedConsumerSchema>;
