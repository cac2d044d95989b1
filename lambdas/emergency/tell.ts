/** The event `credential-emergency`: at the beginning, and at the end. */
import { auditEventSource } from '../../domain/events/audit-event.ts';
import {
  type EmergencyEvent,
  type EmergencyRecord,
  type EmergencySecretRecord,
  type EmergencyStage,
  emergencyEventSchema,
} from '../../domain/events/emergency.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import { isProvenDead } from '../../domain/policy/proven-dead.ts';
import type { EmergencyDoors } from './doors.ts';
import { keysOf } from './secrets.ts';

type Doors = Pick<EmergencyDoors, 'records' | 'manifest' | 'eventBus' | 'clock' | 'log'>;

export interface Ending {
  readonly phase: 'closed' | 'incomplete';
  readonly failedStages: readonly EmergencyStage[];
  /** The same, however often it is told: a reader drops the second of two with one id. */
  readonly endedAt: string;
  readonly more?: Partial<EmergencyEvent>;
}

/** @param ending absent: it has begun */
export async function tell(doors: Doors, record: EmergencyRecord, ending?: Ending): Promise<void> {
  const { name, environment, region, secrets: deployed } = await doors.manifest();
  const deployment = `${name}/${environment}`;
  const found = await doors.records.getSecrets(record.id);
  const phase = ending?.phase ?? 'begun';
  const at = doors.clock.now().toISOString();
  const deadAt = ending && deadSince(found);
  const event: EmergencyEvent = emergencyEventSchema.parse({
    type: 'credential-emergency',
    version: 1,
    // An execution that goes on ends it anew; the same one says the same twice.
    id: derivedToken(
      'credential-emergency',
      deployment,
      record.id,
      phase,
      ending ? record.execution : '',
    ),
    at,
    deployment,
    emergency: record.id,
    phase,
    drill: record.drill,
    unattended: record.unattended,
    requestedBy: record.requestedBy,
    reason: record.reason,
    secrets: keysOf(record).map((key) => {
      const secret = found.find((candidate) => candidate.key === key);
      return {
        key,
        name: secret?.name ?? deployed.find((one) => one.key === key)?.name ?? key,
        exposed: record.exposed.includes(key),
        ...(ending && secret && { state: secret.state }),
        ...(ending && secret?.versionId !== undefined && { versionId: secret.versionId }),
      };
    }),
    startedAt: record.startedAt,
    ...(ending && { endedAt: ending.endedAt }),
    ...(deadAt !== undefined && { deadAt }),
    ...(ending && ending.failedStages.length > 0 && { failedStages: [...ending.failedStages] }),
    // Told late, it has one by then.
    ...(ending && record.report && { report: `s3://${record.report.bucket}/${record.report.key}` }),
    ...ending?.more,
  } satisfies EmergencyEvent);
  await doors.eventBus.put({
    source: auditEventSource,
    detailType: event.type,
    detail: event,
    resources: [],
  });
  // Whole: its schema refuses every field that it does not name, and none of them is a value.
  const auditEvent = JSON.stringify(event);
  doors.log.info('credential-emergency', {
    emergency: record.id,
    phase,
    region,
    auditEvent,
  });
}

/** When the last exposed one was dead, or could only read; undefined: one is not, or nobody could prove it. */
export function deadSince(secrets: readonly EmergencySecretRecord[]): string | undefined {
  const exposed = secrets.filter((secret) => secret.exposed);
  const times = exposed.map(({ state, provenAt, evidence }) =>
    state === 'proven' && isProvenDead(evidence) ? provenAt : undefined,
  );
  return exposed.length === 0 || times.includes(undefined) ? undefined : times.toSorted().at(-1);
}
