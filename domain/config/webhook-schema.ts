/** A webhook that is told something, and knows by a signature who tells it (standardwebhooks.com). */
import * as z from 'zod';

export const webhookSchema = z.strictObject({
  /** https; redirects are not followed. */
  url: z.string().min(1).max(1_024),
  /** Key of a userManaged secret: base64 of 24 to 64 bytes, with or without `whsec_` before it. */
  signingSecret: z.string(),
});
export type WebhookConfig = z.infer<typeof webhookSchema>;
