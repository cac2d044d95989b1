/** The audit event of a trigger, on the account's bus and in the log. */
import type * as z from 'zod';
import { auditEventSource } from '../../domain/events/audit-event.ts';
import {
  type CredentialTriggerEvent,
  credentialTriggerEventSchema,
} from '../../domain/events/triggers.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import type { TriggerDoors } from './doors.ts';
import type { TriggerRefusedError } from './errors.ts';
import { arrivalOf } from './parse-trigger.ts';

const factSchema = credentialTriggerEventSchema.omit({ id: true, at: true });
type Fact = Omit<z.infer<typeof factSchema>, 'type' | 'version'>;

/**
 * The id is of everything it says but its time: readers drop one they have seen, and a second attempt that met something
 * else has news.
 *
 * @param parts tell apart what says the same twice
 */
export async function tell(
  { eventBus, clock, log }: Pick<TriggerDoors, 'eventBus' | 'clock' | 'log'>,
  fact: Fact,
  ...parts: readonly string[]
): Promise<void> {
  // In the order of the schema: a map read back from DynamoDB has another.
  const said = factSchema.parse({ type: 'credential-trigger', version: 1, ...fact });
  const event: CredentialTriggerEvent = {
    ...said,
    id: derivedToken('credential-trigger', ...parts, JSON.stringify(said)),
    at: clock.now().toISOString(),
  };
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
    hour,
  );
}
