/**
 * Maintenance mode, before rows move: where a hook is configured it is asked to stop the consumers, and its 2xx is
 * the word that they are. Without one a person says so.
 */
import * as z from 'zod';
import { askHook } from '../ask-hook.ts';
import type { AfterRotationDoors } from '../doors.ts';
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
  if (await askHook(doors, execution, secretName, 'stop')) {
    const at = doors.clock.now().toISOString();
    await doors.controlTable.putConsumers(secretName, { stopped: true, by: 'consumers-hook', at });
  }
  return whole;
}
