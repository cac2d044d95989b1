/** What an inventory is told of emergencies: one that is not over, and the last drill. No value is read. */
import type { Manifest } from '../domain/config/manifest.ts';
import {
  type LastDrill,
  lastDrillOf,
  type OpenEmergency,
  openEmergencyOf,
} from '../domain/reports/emergency-status.ts';
import { isAwsError } from './aws-call.ts';
import type { Clock } from './clock.ts';
import type { EmergencyRecordsDoor } from './emergency-records.ts';
import type { StepFunctionsDoor } from './step-functions.ts';

export interface EmergencyFactDoors {
  readonly emergencyRecords: Pick<EmergencyRecordsDoor, 'getEmergencies' | 'getDrilled'>;
  readonly stepFunctions: Pick<StepFunctionsDoor, 'isRunning'>;
  readonly clock: Clock;
}

export interface EmergencyFacts {
  readonly emergency?: OpenEmergency;
  readonly lastDrill: LastDrill;
}

/** Of the newest: the calendar starts drills months apart. */
const lookedAt = 3;

/** @returns undefined where the deployment has no machine for emergencies */
export async function emergencyFacts(
  doors: EmergencyFactDoors,
  { emergency }: Pick<Manifest, 'emergency'>,
): Promise<EmergencyFacts | undefined> {
  if (emergency === undefined) return undefined;
  const [newest, drilled] = await Promise.all([
    allowed(() => doors.emergencyRecords.getEmergencies(lookedAt)),
    allowed(() => doors.emergencyRecords.getDrilled()),
  ]);
  const heads = newest === 'unknown' ? [] : newest;
  // A drill since then does not hide what an emergency left undone; what a drill did is told as the last drill.
  const head = heads.find(({ state }) => state === 'running') ?? heads.find(({ drill }) => !drill);
  const open = head && openEmergencyOf(head, await isLive(doors, head));
  const lastDrill = lastDrillOf(drilled, emergency.drillEveryMonths, doors.clock.now());
  return { ...(open && { emergency: open }), lastDrill };
}

/** A policy that was deployed before there were emergencies does not know their records. */
async function allowed<Answer>(read: () => Promise<Answer>): Promise<Answer | 'unknown'> {
  try {
    return await read();
  } catch (error) {
    if (isAwsError(error, 'AccessDeniedException')) return 'unknown';
    throw error;
  }
}

/** Whoever may not look takes its record's word. */
async function isLive(
  { stepFunctions }: EmergencyFactDoors,
  { state, execution }: { state: string; execution: string },
): Promise<boolean> {
  if (state !== 'running') return false;
  return (await allowed(() => stepFunctions.isRunning(execution))) !== false;
}
