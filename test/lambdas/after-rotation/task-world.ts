/** Single tasks, as the machine calls them. */
import type { Manifest, RotatedManifestSecret } from '../../../domain/config/manifest.ts';
import type { AfterRotationRecord, Intent } from '../../../domain/events/control-records.ts';
import type { Progress } from '../../../lambdas/after-rotation/progress.ts';
import { runTask } from '../../../lambdas/after-rotation/run-task.ts';
import { arnOf } from '../../doors/in-memory-secrets.ts';
import { executionArn, jwt, name, v1, world } from './world.ts';

type World = ReturnType<typeof world>;
export const execution = executionArn(v1);
export const input = { secretArn: arnOf(name), secretName: name, versionId: v1 };
export const at = '2026-05-17T17:00:00.000Z';

const { cadenceDays, leadDays, armed, origin, key, readerCacheSeconds } = jwt;
export const rows = (
  mode: 'online' | 'maintenance',
  consumersHook?: string,
): RotatedManifestSecret => ({
  kind: 'encryption',
  ...{ cadenceDays, leadDays, armed, origin, key, name, readerCacheSeconds },
  function: 'quarterturn-pharmacy-prod-secret',
  readers: 'keyset',
  columns: [],
  reencryption: {
    ...{ function: 'rows', login: 'rows', mode, workers: 2, stores: [] },
    ...(consumersHook && { consumersHook }),
  },
});

export const run = (around: World, task: string, progress: object) =>
  runTask(around.doors, { task, execution, progress }) as Promise<Progress>;

/** With what `begin` hands on. */
export async function begun(
  secret: RotatedManifestSecret,
  intent: Intent,
  record: Partial<AfterRotationRecord>,
  more: Partial<Manifest> = {},
) {
  const around = world(secret, more);
  await around.rotated(v1, intent, record);
  return { around, progress: await run(around, 'begin', input) };
}
