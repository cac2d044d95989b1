import type { AfterRotationDoors } from './doors.ts';

/** Takes back what a person or a hook said before the maintenance: the next one has to hear it anew. */
export async function letConsumersStart(
  { controlTable, clock }: Pick<AfterRotationDoors, 'controlTable' | 'clock'>,
  secretName: string,
): Promise<void> {
  await controlTable.putConsumers(secretName, {
    stopped: false,
    by: 'after-rotation',
    at: clock.now().toISOString(),
  });
}
