import { askHook } from './ask-hook.ts';
import type { AfterRotationDoors } from './doors.ts';
import { moveConsumers } from './move-consumers.ts';

/**
 * Takes back what a person or a hook said before the maintenance: the next one has to hear it anew. Then the hook
 * starts them, or what stopped them here.
 * @throws ConsumersHookError, ConsumersMovingError, ConsumersNotMovedError
 */
export async function letConsumersStart(
  doors: Pick<
    AfterRotationDoors,
    'controlTable' | 'clock' | 'manifest' | 'consumersHook' | 'functions' | 'log'
  >,
  execution: string,
  secretName: string,
): Promise<void> {
  await doors.controlTable.putConsumers(secretName, {
    stopped: false,
    by: 'after-rotation',
    at: doors.clock.now().toISOString(),
  });
  if (!(await askHook(doors, execution, secretName, 'start'))) {
    await moveConsumers(doors, execution, secretName, 'start');
  }
}
