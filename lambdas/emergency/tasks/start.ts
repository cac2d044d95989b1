/**
 * Consumers that were stopped run again, with what they ran with; the others that learn by a start are restarted, each
 * once for all of its secrets.
 *
 * start    tells the stopped ones to start, and answers whom the machine restarts
 * started  looks until everybody is there; then the stage is over, and what follows each rotation goes on
 */
import type { Evidence } from '../../../domain/events/control-records.ts';
import type { ConsumersStopped, RolloutInput } from '../../../domain/events/rollout.ts';
import { moveConsumers, toStart, waitsFacts } from '../consumers.ts';
import type { EmergencyDoors } from '../doors.ts';
import { consumersAsked, consumersLooked } from '../drill/consumers.ts';
import { StageIncompleteError } from '../errors.ts';
import { type Looped, loopSchema, type Progress, progressSchema } from '../progress.ts';
import { restartsOf } from '../restarts.ts';
import { emergencyOf } from '../secrets.ts';
import { closeStage, evidenceOf, isOver, openStage } from '../stages.ts';

const minute = 60_000;
/** A service of ECS that does not come up is waited for no longer. */
const startMinutes = 40;
const mostRefused = 3;

export async function start(
  doors: EmergencyDoors,
  execution: string,
  given: unknown,
): Promise<Progress & { restarts: readonly RolloutInput[] }> {
  const { id, drill } = progressSchema.parse(given);
  const record = await emergencyOf(doors, id);
  const stage = await openStage(doors, id, 'start');
  if (isOver(stage) || drill) return { id, drill, restarts: [] };
  const manifest = await doors.manifest();
  const restarts = await restartsOf(doors, manifest, record, execution);
  const { start: names } = await toStart(doors, manifest, record);
  await moveConsumers(doors, manifest, 'start', names, execution);
  return { id, drill, restarts };
}

export async function started(
  doors: EmergencyDoors,
  execution: string,
  given: unknown,
): Promise<Looped> {
  const { id, drill, since, refused } = loopSchema.parse(given);
  const over: Looped = { id, drill, done: true };
  const record = await emergencyOf(doors, id);
  if (isOver(await openStage(doors, id, 'start'))) return over;
  const manifest = await doors.manifest();
  const { stop, restart } = record.consumers;
  if (stop.length === 0 && restart.length === 0) {
    const reason = 'no consumer of these secrets is stopped or restarted here';
    await closeStage(doors, id, 'start', { state: 'skipped', reason });
    return over;
  }
  if (drill) {
    const evidence = [
      ...(await consumersLooked(doors, manifest, restart)),
      ...(await consumersAsked(doors, manifest, [...stop, ...restart])),
    ];
    await closeStage(doors, id, 'start', { state: 'done', evidence });
    return over;
  }

  const now = doors.clock.now();
  const begun = since ?? now.toISOString();
  const { start: names, ...notYet } = await toStart(doors, manifest, record);
  const answer = await moveConsumers(doors, manifest, 'start', names, execution);
  const isThere = answer.done && notYet.held.size === 0;
  const restarts = await restartsOf(doors, manifest, record, execution);
  const evidence: Evidence[] = [
    ...answer.consumers.map(factOf),
    ...waitsFacts(record, notYet),
    ...(await restartedFacts(doors, restarts)),
  ];
  await doors.records.updateStage(id, 'start', (standing) => standing && { ...standing, evidence });
  const failing = answer.consumers.filter(({ state }) => state === 'failed');
  const isLate = now.getTime() - new Date(begun).getTime() >= startMinutes * minute;
  const isRefused = failing.length > 0 && refused + 1 >= mostRefused;
  if ((!isThere || failing.length > 0) && !isLate && !isRefused) {
    const again = failing.length > 0 ? refused + 1 : 0;
    return { id, drill, done: false, since: begun, refused: again };
  }
  const bad = evidence.filter(({ fact }) => notThere.has(fact));
  if (bad.length > 0) {
    throw new StageIncompleteError(
      `${bad.map(({ detail }) => `${detail?.consumer}: ${detail?.detail}`).join('; ')}; expected it to run with the new values. Mend it, then go on under the same id.`.slice(
        0,
        1024,
      ),
    );
  }
  await closeStage(doors, id, 'start', { state: 'done', evidence });
  return over;
}

const notThere: ReadonlySet<string> = new Set([
  'consumerStarting',
  'consumerNotStarted',
  'consumerNotRestarted',
]);

const facts: Record<ConsumersStopped['consumers'][number]['state'], string> = {
  reached: 'consumerStarted',
  underWay: 'consumerStarting',
  cannot: 'consumerNotStoppable',
  failed: 'consumerNotStarted',
};

export function factOf({ consumer, state, detail }: ConsumersStopped['consumers'][number]) {
  return evidenceOf(facts[state], { consumer, detail });
}

async function restartedFacts(
  { rolloutRecords }: Pick<EmergencyDoors, 'rolloutRecords'>,
  restarts: readonly RolloutInput[],
): Promise<Evidence[]> {
  return Promise.all(
    restarts.map(async ({ consumer, secretName, versionId, round }) => {
      const found = (await rolloutRecords.getRollouts(secretName, versionId)).find(
        (record) => record.consumer === consumer && record.round === round,
      );
      return found?.state === 'healthy'
        ? evidenceOf('consumerRestarted', {
            consumer,
            restartedAt: found.restartedAt,
            proof: found.proof,
          })
        : evidenceOf('consumerNotRestarted', {
            consumer,
            detail: found?.reason ?? `its rollout is ${found?.state ?? 'not begun'}`,
          });
    }),
  );
}
