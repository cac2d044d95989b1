import type { AfterRotationDoors } from './doors.ts';
import { LostAfterRotationError } from './errors.ts';
import type { Progress } from './progress.ts';

/**
 * An emergency or a rollback stops an AfterRotation by its record, not by its execution, so every task
 * that would go on asks first.
 * @throws LostAfterRotationError
 */
export async function assertStillOurs(
  { controlTable }: Pick<AfterRotationDoors, 'controlTable'>,
  execution: string,
  { secretName, versionId, activation }: Pick<Progress, 'secretName' | 'versionId' | 'activation'>,
): Promise<void> {
  const record = await controlTable.getAfterRotation(secretName, versionId);
  if (record?.state !== 'running' || record.execution !== execution) {
    throw new LostAfterRotationError(versionId, record?.state ?? 'absent');
  }
  const activated =
    activation === null ? undefined : await controlTable.getAfterRotation(secretName, activation);
  if (activated?.state === 'stopped') {
    throw new LostAfterRotationError(activated.versionId, activated.state);
  }
}
