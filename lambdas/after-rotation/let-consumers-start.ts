import { askHook } from './ask-hook.ts';
import type { AfterRotationDoors } from './doors.ts';

/**
 * Takes back what a person or a hook said before the maintenance: the next one has to hear it anew. Then the hook,
 * where there is one, starts them.
 * @throws ConsumersHookError
 */
export async function letConsumersStart(
  doors: Pick<AfterRotationDoors, 'controlTable' | 'clock' | 'manifest' | 'consumersHook' | 'log'>,
  execution: string,
  secretName: string,
): Promise<void> {
  await doors.controlTable.putConsumers(secretName, {
    stopped: false,
    by: 'after-rotation',
    at: doors.clock.now().toISOString(),
  });
  await askHook(doors, execution, secretName, 'start');
}
