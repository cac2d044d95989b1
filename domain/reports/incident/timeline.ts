/** The stages of an emergency in their order, each with its length and what was found. */
import type { StageRecord } from '../../events/emergency.ts';
import { emergencyStages } from '../../events/emergency.ts';
import type { IncidentStage } from '../../events/incident-report.ts';
import { toldOfIncident } from './evidence.ts';
import { secondsBetween, stageWords } from './words.ts';

export function timelineOf(records: readonly StageRecord[]): IncidentStage[] {
  const byStage = new Map(records.map((record) => [record.stage, record]));
  return emergencyStages.map((stage) => {
    const record = byStage.get(stage);
    const words = stageWords[stage];
    if (record === undefined) return { stage, words, state: 'waiting', evidence: [] };
    const { state, startedAt, endedAt, evidence, reason } = record;
    return {
      stage,
      words,
      state,
      startedAt,
      ...(endedAt !== undefined && { endedAt, seconds: secondsBetween(startedAt, endedAt) }),
      evidence: toldOfIncident(evidence),
      ...(reason !== undefined && { reason }),
    };
  });
}
