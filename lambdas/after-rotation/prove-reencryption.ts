/** The audit event `credential-reencryption`: what a job found and did, and whether zero is proven. */
import {
  auditEventSource,
  type ReencryptionAuditEvent,
  reencryptionAuditEventSchema,
} from '../../domain/events/audit-event.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import type { AfterRotationDoors } from './doors.ts';

type Told = Pick<
  ReencryptionAuditEvent,
  'versionId' | 'targetKid' | 'mode' | 'job' | 'outcome' | 'columns' | 'findings'
>;

export async function proveReencryption(
  { clock, eventBus, log }: Pick<AfterRotationDoors, 'clock' | 'eventBus' | 'log'>,
  execution: string,
  { secretArn, secretName }: { secretArn: string; secretName: string },
  told: Told,
): Promise<void> {
  const event: ReencryptionAuditEvent = reencryptionAuditEventSchema.parse({
    type: 'credential-reencryption',
    version: 1,
    // One execution ends once, whatever is run again.
    id: derivedToken('credential-reencryption', secretName, execution, told.outcome),
    at: clock.now().toISOString(),
    secret: { name: secretName, arn: secretArn },
    execution,
    ...told,
  } satisfies ReencryptionAuditEvent);
  await eventBus.put({
    source: auditEventSource,
    detailType: event.type,
    detail: event,
    resources: [secretArn],
  });
  // Whole: its schema refuses every field that it does not name, and none of them is a value.
  const auditEvent = JSON.stringify(event);
  log.info('credential-reencryption', {
    secret: secretName,
    versionId: told.versionId,
    outcome: told.outcome,
    auditEvent,
  });
}
