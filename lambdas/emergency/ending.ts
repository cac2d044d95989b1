/** How an emergency ends, by what is on record of it. */
import type {
  DrilledRecord,
  EmergencyRecord,
  EmergencySecretRecord,
  EmergencyStage,
  StageRecord,
} from '../../domain/events/emergency.ts';
import { emergencyStages } from '../../domain/events/emergency.ts';
import type { EmergencyDoors } from './doors.ts';
import { expectedTimes } from './drill/expect.ts';
import { isOver } from './stages.ts';

/** Those that are not over, as the machine goes through them. @param but is at work itself */
export function openStages(
  stages: readonly StageRecord[],
  but: readonly EmergencyStage[] = [],
): EmergencyStage[] {
  return emergencyStages.filter(
    (stage) => !but.includes(stage) && !isOver(stages.find((record) => record.stage === stage)),
  );
}

/** What would stand in the way of a real one. */
export const findingsOf = (
  stages: readonly StageRecord[],
  secrets: readonly EmergencySecretRecord[],
): number =>
  [...stages, ...secrets]
    .flatMap(({ evidence }) => evidence)
    .filter(({ detail }) => detail?.ok === false).length +
  stages.filter(({ state }) => state === 'failed').length;

/** @returns undefined: it is no drill */
export async function drilledOf(
  doors: Pick<EmergencyDoors, 'records' | 'controlTable' | 'manifest' | 'clock'>,
  record: EmergencyRecord,
  died = false,
): Promise<DrilledRecord | undefined> {
  if (!record.drill) return undefined;
  const findings = findingsOf(
    await doors.records.getStages(record.id),
    await doors.records.getSecrets(record.id),
  );
  const expected = await expectedTimes(doors, await doors.manifest(), record);
  return {
    id: record.id,
    at: doors.clock.now().toISOString(),
    outcome: died ? 'died' : findings === 0 ? 'passed' : 'findings',
    ...expected,
    findings,
  };
}
