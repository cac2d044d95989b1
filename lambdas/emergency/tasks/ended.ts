/**
 * An execution of the machine failed, timed out or was stopped, as EventBridge tells it ("Step Functions Execution
 * Status Change"). One that came to its own end has seen to everything; of one that died:
 *
 * 1. consumers that it had stopped are told to start, and an execution sees to it that they do
 * 2. the record says that it is incomplete, and why
 * 3. people are told
 *
 * In this order: whoever is run again after a crash finds the record running, and does all of it again.
 */
import * as z from 'zod';
import type { EmergencyRecord } from '../../../domain/events/emergency.ts';
import { releaseSecrets } from '../claims.ts';
import { moveConsumers, toStart } from '../consumers.ts';
import type { EmergencyDoors } from '../doors.ts';
import { drilledOf, openStages } from '../ending.ts';
import { nameOf } from '../name-of.ts';
import { isOver, laterOf } from '../stages.ts';
import { tell } from '../tell.ts';
import { reported } from './end.ts';

export const endedEventSchema = z.object({
  source: z.literal('aws.states'),
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({
    executionArn: z.string().startsWith('arn:'),
    stateMachineArn: z.string().startsWith('arn:'),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    /** Milliseconds. */
    stopDate: z.number().nullish(),
  }),
});
export type EndedEvent = z.infer<typeof endedEventSchema>;

/** It is among the last; who begins more than that at once has another problem. */
const looked = 50;
const firstTaskMilliseconds = 15_000;

const recordOf = async (
  { records }: Pick<EmergencyDoors, 'records'>,
  executionArn: string,
): Promise<EmergencyRecord | undefined> =>
  (await records.getEmergencies(looked)).find(({ execution }) => execution === executionArn);

export async function executionEnded(
  doors: EmergencyDoors,
  { detail }: EndedEvent,
): Promise<{ outcome: 'restored' | 'noted' | 'nothingToDo' }> {
  const { executionArn, stateMachineArn, status, error } = detail;
  let record = await recordOf(doors, executionArn);
  if (record === undefined && status !== 'FAILED') {
    // Stopped in its first seconds: its first task may be writing it at this moment.
    await doors.clock.sleep(firstTaskMilliseconds);
    record = await recordOf(doors, executionArn);
  }
  // It was refused before it began, or it restored or lifted something.
  if (record === undefined) return { outcome: 'nothingToDo' };
  const { id } = record;
  const restores = await leftStopped(doors, record);
  if (restores) await startConsumers(doors, record, executionArn, stateMachineArn);
  const outcome = restores ? 'restored' : 'noted';
  if (record.state !== 'running') return { outcome: restores ? outcome : 'nothingToDo' };

  const stages = await doors.records.getStages(id);
  for (const { stage, state } of stages) {
    if (state !== 'running') continue;
    await doors.records.updateStage(id, stage, (standing) =>
      standing?.state === 'running'
        ? {
            ...standing,
            state: 'failed',
            endedAt: doors.clock.now().toISOString(),
            reason: `the execution ended meanwhile (${status})`,
          }
        : undefined,
    );
  }
  const why = {
    FAILED: 'it failed',
    TIMED_OUT: 'it did not end in time',
    ABORTED: 'somebody stopped it',
  };
  const endedAt = laterOf(
    record.startedAt,
    (detail.stopDate ? new Date(detail.stopDate) : doors.clock.now()).toISOString(),
  );
  const ended: EmergencyRecord = {
    ...record,
    state: 'incomplete',
    ended: `${why[status]}${error ? ` (${error})` : ''}`.slice(0, 1024),
    endedAt,
  };
  const drilled = await drilledOf(doors, record, true);
  const report = await reported(doors, ended, drilled);
  if (drilled !== undefined) await doors.records.putDrilled(drilled);
  const failedStages = openStages(await doors.records.getStages(id));
  await tell(
    doors,
    { ...ended, ...report },
    {
      phase: 'incomplete',
      failedStages,
      endedAt,
      ...(drilled && {
        more: {
          findings: drilled.findings,
          expected: {
            deadWithinSeconds: drilled.deadWithinSeconds,
            overWithinSeconds: drilled.overWithinSeconds,
          },
        },
      }),
    },
  );
  await releaseSecrets(doors, id);
  // Last. Another execution may have gone on with it meanwhile.
  await doors.records.updateEmergency(id, (standing) =>
    standing?.execution === executionArn && standing.state === 'running'
      ? { ...ended, ...report }
      : undefined,
  );
  doors.log.error('emergency-died', { emergency: id, execution: executionArn, status });
  return { outcome };
}

/** It got as far as stopping some, and not as far as starting them. */
async function leftStopped(
  { records }: Pick<EmergencyDoors, 'records'>,
  { id, drill, consumers }: EmergencyRecord,
): Promise<boolean> {
  if (drill || consumers.stop.length === 0) return false;
  const [stop, start] = [await records.getStage(id, 'stop'), await records.getStage(id, 'start')];
  return stop !== undefined && stop.state !== 'skipped' && !isOver(start);
}

/** Told at once; whether they are there takes minutes, and an execution looks. */
async function startConsumers(
  doors: EmergencyDoors,
  record: EmergencyRecord,
  executionArn: string,
  stateMachineArn: string,
): Promise<void> {
  const manifest = await doors.manifest();
  const { start } = await toStart(doors, manifest, record);
  try {
    await moveConsumers(doors, manifest, 'start', start, executionArn);
  } catch (error) {
    doors.log.error('consumers-not-started', { emergency: record.id, error: nameOf(error) });
  }
  // One for each that died.
  const name = `${record.id}-restore-${executionArn.split(':').at(-1)?.slice(-8)}`.slice(0, 80);
  await doors.stepFunctions.startExecution({
    stateMachineArn,
    name,
    input: { restore: record.id },
  });
}
