/**
 * The lines of the audit log as events: each is one event of EventBridge, the audit event in its `detail`.
 * Delivery is at least once, so an id counts once.
 */
import {
  type ReencryptionAuditEvent,
  type RotationAuditEvent,
  reencryptionAuditEventSchema,
  rotationAuditEventSchema,
  type UnmanagedWriteEvent,
  unmanagedWriteEventSchema,
} from '../../events/audit-event.ts';
import { type FailedNotice, failedNoticeSchema } from '../../events/notices.ts';
import { readAs } from '../../events/read-as.ts';

export type AuditEvent =
  | RotationAuditEvent
  | ReencryptionAuditEvent
  | UnmanagedWriteEvent
  | FailedNotice;

/** What the report makes use of; the log may hold others. */
const schemas = {
  'credential-secret-rotation': rotationAuditEventSchema,
  'credential-reencryption': reencryptionAuditEventSchema,
  'unmanaged-secret-write': unmanagedWriteEventSchema,
  'credential-rotation-failed': failedNoticeSchema,
} as const;

export interface AuditEvents {
  /** The oldest first. */
  readonly events: readonly AuditEvent[];
  /** Lines that are no event, or one of another version. */
  readonly notUnderstood: number;
}

export function auditEvents(lines: readonly string[]): AuditEvents {
  const events = new Map<string, AuditEvent>();
  let notUnderstood = 0;
  for (const line of lines) {
    const detail = detailOf(line);
    if (detail === undefined) {
      notUnderstood += 1;
      continue;
    }
    const { type } = detail;
    if (typeof type !== 'string' || !Object.hasOwn(schemas, type)) continue;
    const parsed = readAs(schemas[type as keyof typeof schemas], detail);
    if (parsed.success) events.set(`${type} ${parsed.data.id}`, parsed.data);
    else notUnderstood += 1;
  }
  return {
    events: [...events.values()].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)),
    notUnderstood,
  };
}

function detailOf(line: string): Record<string, unknown> | undefined {
  try {
    const { detail } = JSON.parse(line) as { detail?: unknown };
    return typeof detail === 'object' && detail !== null
      ? (detail as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
