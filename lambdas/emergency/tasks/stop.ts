/**
 * Consumers stop before their secrets change. The rollout function remembers what each ran with before it takes
 * anything from it, so whoever starts them, however much later, starts them with that.
 *
 * A consumer drains for minutes, and what leaked is in somebody's hands meanwhile: once every one has been told, its
 * end is waited for only so long. Readers of rows that cannot be read under a new key are waited for longer: until
 * then their key does not change (tasks/prepare.ts).
 */
import type { ConsumersStopped } from '../../../domain/events/rollout.ts';
import { needsMaintenance } from '../../../domain/policy/emergency-by-hand.ts';
import { moveConsumers } from '../consumers.ts';
import type { EmergencyDoors } from '../doors.ts';
import { consumersLooked } from '../drill/consumers.ts';
import { StageIncompleteError } from '../errors.ts';
import { type Looped, loopSchema } from '../progress.ts';
import { emergencyOf, keysOf, secretOf } from '../secrets.ts';
import { closeStage, evidenceOf, isOver, openStage } from '../stages.ts';

const minute = 60_000;
export const drainMinutes = 5;
export const maintenanceMinutes = 20;
/** Looks in a row in which a platform refuses. */
const mostRefused = 3;

export async function stop(
  doors: EmergencyDoors,
  execution: string,
  given: unknown,
): Promise<Looped> {
  const { id, drill, since, refused } = loopSchema.parse(given);
  const over: Looped = { id, drill, done: true };
  const record = await emergencyOf(doors, id);
  if (isOver(await openStage(doors, id, 'stop'))) return over;
  const manifest = await doors.manifest();
  const { consumers, keepRunning } = record;
  // An execution went on with it: stopped now, nobody would start them again.
  if (isOver(await doors.records.getStage(id, 'start'))) {
    const reason = 'consumers were started with the new values already';
    await closeStage(doors, id, 'stop', { state: 'skipped', reason });
    return over;
  }
  if (consumers.stop.length === 0) {
    const reason = keepRunning
      ? 'consumers are kept running'
      : 'nothing here can stop a consumer of these secrets, or the configuration keeps them running';
    await closeStage(doors, id, 'stop', { state: 'skipped', reason });
    return over;
  }
  if (drill) {
    const evidence = await consumersLooked(doors, manifest, consumers.stop);
    await closeStage(doors, id, 'stop', { state: 'done', evidence });
    return over;
  }

  const now = doors.clock.now();
  const begun = since ?? now.toISOString();
  const answer = await moveConsumers(doors, manifest, 'stop', consumers.stop, execution);
  const evidence = answer.consumers.map(factOf);
  await doors.records.updateStage(id, 'stop', (standing) => standing && { ...standing, evidence });
  const failing = answer.consumers.filter(({ state }) => state === 'failed');
  const isPatient = keysOf(record).some((key) => needsMaintenance(secretOf(manifest, key)));
  const minutes = isPatient ? maintenanceMinutes : drainMinutes;
  const isLate = now.getTime() - new Date(begun).getTime() >= minutes * minute;
  const isRefused = failing.length > 0 && refused + 1 >= mostRefused;
  if ((!answer.done || failing.length > 0) && !isLate && !isRefused) {
    const again = failing.length > 0 ? refused + 1 : 0;
    return { id, drill, done: false, since: begun, refused: again };
  }
  if (failing.length > 0) {
    throw new StageIncompleteError(
      `${failing.map(({ consumer, detail }) => `${consumer}: ${detail}`).join('; ')}; expected its platform to stop it. Its secrets change all the same, and it is restarted afterwards.`.slice(
        0,
        1024,
      ),
    );
  }
  await closeStage(doors, id, 'stop', { state: 'done', evidence });
  return over;
}

const facts: Record<ConsumersStopped['consumers'][number]['state'], string> = {
  reached: 'consumerStopped',
  underWay: 'consumerStopping',
  cannot: 'consumerNotStoppable',
  failed: 'consumerNotStopped',
};

function factOf({ consumer, state, detail }: ConsumersStopped['consumers'][number]) {
  return evidenceOf(facts[state], { consumer, detail });
}
