/** The audit event of a trigger, on the account's bus and in the log. */
import { auditEventSource } from '../../domain/events/audit-event.ts';
import {
  type CredentialTriggerEvent,
  credentialTriggerEventSchema,
} from '../../domain/events/triggers.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import type { TriggerDoors } from './doors.ts';
import type { TriggerRefusedError } from './errors.ts';
import { arrivalOf } from './parse-trigger.ts';

type Fact = Omit<CredentialTriggerEvent, 'type' | 'version' | 'id' | 'at'>;

/** @param parts tell facts apart: the same ones give the same id, whoever sends it */
export async function tell(
  { eventBus, clock, log }: Pick<TriggerDoors, 'eventBus' | 'clock' | 'log'>,
  fact: Fact,
  ...parts: readonly string[]
): Promise<void> {
  const event = credentialTriggerEventSchema.parse({
    type: 'credential-trigger',
    version: 1,
    id: derivedToken('credential-trigger', fact.deployment, fact.outcome, ...parts),
    at: clock.now().toISOString(),
    ...fact,
  } satisfies CredentialTriggerEvent);
  await eventBus.put({
    source: auditEventSource,
    detailType: event.type,
    detail: event,
    resources: [],
  });
  log.info('trigger', {
    trigger: event.trigger,
    outcome: event.outcome,
    requestId: event.requestId,
    secrets: event.secrets.map(({ key, state }) => `${key}: ${state}`),
  });
}

/**
 * A flood is one finding: the first of a reason in an hour is told, each one is in the log. Its own record keeps nobody
 * from telling it again who died in between.
 */
export async function tellRefusal(
  doors: Pick<TriggerDoors, 'eventBus' | 'clock' | 'log' | 'records'>,
  deployment: string,
  event: unknown,
  { code, message }: TriggerRefusedError,
  more: Partial<Pick<CredentialTriggerEvent, 'secrets' | 'by' | 'person' | 'reason'>> = {},
): Promise<void> {
  const { eventId = 'none', by, trigger, requestId } = arrivalOf(event);
  const at = doors.clock.now().toISOString();
  const hour = at.slice(0, 13);
  doors.log.error('trigger-refused', { code, reason: message, trigger, requestId, eventId });
  const isOwn = (standing: { eventId: string }) => standing.eventId === eventId;
  if ((await doors.records.putRefusal(code, hour, { at, eventId }, isOwn)) === 'exists') return;
  await tell(
    doors,
    {
      deployment,
      trigger,
      by,
      ...(requestId !== undefined && { requestId }),
      outcome: 'refused',
      refusal: { code, message: message.slice(0, 1024) },
      secrets: [],
      ...more,
    },
    code,
    hour,
  );
}
