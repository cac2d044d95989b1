/** Looks whether the restart is over. Its bound counts from the restart, whoever waits for it. */
import type { RolloutDoors } from '../doors.ts';
import { ConsumerNotSteadyError } from '../errors.ts';
import { ownRecord } from '../move.ts';
import { platformOf } from '../platform.ts';
import { later, type Progress, progressSchema, restartOf, settingsOf } from '../progress.ts';

export async function steady(
  doors: RolloutDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  const { consumer } = progress;
  const { restart: target, steadySeconds } = settingsOf(doors.consumers, consumer);
  const { restart: id, restartedAt } = await ownRecord(doors, execution, progress);
  if (target === undefined || id === undefined || restartedAt === undefined) {
    return { ...progress, steady: true };
  }
  const at = new Date(restartedAt);
  const looked = await platformOf(doors.platforms, target).look(
    target,
    id,
    restartOf(progress, at),
  );
  doors.log.info('looked', { consumer, state: looked.state, detail: looked.detail });
  if (looked.state === 'steady') return { ...progress, steady: true };
  if (looked.state === 'failed') {
    throw new ConsumerNotSteadyError(consumer, looked.detail, 'every instance to start');
  }
  const { steadyBy = later(at, steadySeconds).toISOString() } = progress;
  if (doors.clock.now() >= new Date(steadyBy)) {
    throw new ConsumerNotSteadyError(
      consumer,
      looked.detail,
      `every instance to be started within ${steadySeconds} s of the restart`,
    );
  }
  return { ...progress, steady: false };
}
