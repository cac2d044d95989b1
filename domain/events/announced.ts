/** Everything this deployment puts on the bus, by its type: the proofs of `audit-event.ts` and the news of `notices.ts`. */
import * as z from 'zod';
import {
  reencryptionAuditEventSchema,
  rotationAuditEventSchema,
  unmanagedWriteEventSchema,
} from './audit-event.ts';
import { emergencyEventSchema } from './emergency.ts';
import { noticeSchema } from './notices.ts';
import { credentialTriggerEventSchema } from './triggers.ts';

export const announcedSchema = z.discriminatedUnion('type', [
  ...noticeSchema.options,
  rotationAuditEventSchema,
  reencryptionAuditEventSchema,
  unmanagedWriteEventSchema,
  credentialTriggerEventSchema,
  emergencyEventSchema,
]);
export type Announced = z.infer<typeof announcedSchema>;

export const announcedTypes: readonly Announced['type'][] = announcedSchema.options.map(
  ({ shape }) => shape.type.value,
);
