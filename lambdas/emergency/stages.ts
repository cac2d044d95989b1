/** Records of stages: when one began, when it ended, what it found. */
import type { Evidence } from '../../domain/events/control-records.ts';
import type { EmergencyStage, StageRecord } from '../../domain/events/emergency.ts';
import type { EmergencyDoors } from './doors.ts';

type Doors = Pick<EmergencyDoors, 'records' | 'clock' | 'log'>;

/** Over: an execution that goes on under the same id leaves it as it is. */
export const isOver = (record: StageRecord | undefined): boolean =>
  record?.state === 'done' || record?.state === 'skipped';

/** Marks it begun. One that failed begins anew; one that was under way when a task was cut off goes on. */
export async function openStage(
  { records, clock, log }: Doors,
  id: string,
  stage: EmergencyStage,
): Promise<StageRecord> {
  const startedAt = clock.now().toISOString();
  const begun: StageRecord = { id, stage, state: 'running', startedAt, evidence: [] };
  const record = await records.updateStage(id, stage, (standing) =>
    isOver(standing) || standing?.state === 'running' ? undefined : begun,
  );
  if (record === begun) log.info('stage', { emergency: id, stage, state: 'running' });
  return record ?? begun;
}

export async function closeStage(
  { records, clock, log }: Doors,
  id: string,
  stage: EmergencyStage,
  ended: Pick<StageRecord, 'state'> & { evidence?: readonly Evidence[]; reason?: string },
): Promise<void> {
  const at = clock.now().toISOString();
  const { state, reason } = ended;
  await records.updateStage(id, stage, (standing) => ({
    id,
    stage,
    state,
    startedAt: standing?.startedAt ?? at,
    endedAt: laterOf(standing?.startedAt, at),
    evidence: [...(ended.evidence ?? standing?.evidence ?? [])],
    ...(reason !== undefined && { reason: reason.slice(0, 1024) }),
  }));
  log[state === 'failed' ? 'error' : 'info']('stage', { emergency: id, stage, state, reason });
}

/** Two functions, two clocks: nothing ends before it began. */
export const laterOf = (began: string | undefined, at: string): string =>
  began !== undefined && began > at ? began : at;

export const evidenceOf = (
  fact: string,
  detail: Readonly<Record<string, string | number | boolean | undefined>> = {},
): Evidence => ({
  fact,
  detail: Object.fromEntries(
    Object.entries(detail).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'string' ? value.slice(0, 512) : value]],
    ),
  ),
});
