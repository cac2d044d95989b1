/** Every five minutes: sees rotations that do not end, and writes that no rotation made. The event is not read. */
import { systemClock } from '../../doors/clock.ts';
import { controlTable } from '../../doors/control-table.ts';
import { eventBus } from '../../doors/event-bus.ts';
import { functionsByRequest } from '../../doors/functions-by-request.ts';
import { lambdaLog } from '../../doors/log.ts';
import { manifestByRequest } from '../../doors/manifest-by-request.ts';
import { embeddedMetrics } from '../../doors/metrics.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { watchEnvironmentSchema } from './environment.ts';
import { type WatchSummary, watch } from './watch.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(watchEnvironmentSchema, process.env);
const doors = {
  secretsManager: secretsManager(),
  controlTable: controlTable(environment.CONTROL_TABLE),
  functions: functionsByRequest(),
  eventBus: eventBus(),
  metrics: embeddedMetrics(),
  clock: systemClock,
  log: lambdaLog('watch'),
};
const manifest = manifestByRequest(environment.MANIFEST_PARAMETER);

export async function handler(): Promise<WatchSummary> {
  return watch(doors, await manifest());
}
