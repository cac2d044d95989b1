/**
 * Maintenance mode, before rows move: where a hook is configured it is asked to stop the consumers, and its 2xx is
 * the word that they are. Without one, those that ECS or Kubernetes run are stopped here; where that is not all of them,
 * a person says so.
 */
import * as z from 'zod';
import { askHook } from '../ask-hook.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { moveConsumers } from '../move-consumers.ts';
import { inputSchema } from '../progress.ts';

export async function stopConsumers(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<object> {
  const whole = z.looseObject({}).parse(given);
  const { secretName } = inputSchema.parse(whole);
  const record = await doors.controlTable.getReencryption(secretName);
  // Another execution has the job, or somebody closed it: the next task says so.
  if (record?.execution !== execution || !['due', 'active'].includes(record.state)) {
    return whole;
  }
  const by = (await askHook(doors, execution, secretName, 'stop'))
    ? 'consumers-hook'
    : (await moveConsumers(doors, execution, secretName, 'stop')) && 'rollout';
  if (by) {
    const at = doors.clock.now().toISOString();
    await doors.controlTable.putConsumers(secretName, { stopped: true, by, at });
  }
  return whole;
}
