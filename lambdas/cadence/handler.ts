/** Every hour: decides which secrets rotate, and starts what was lost. The schedule's event is not read. */
import { systemClock } from '../../doors/clock.ts';
import { controlTable } from '../../doors/control-table.ts';
import { eventBus } from '../../doors/event-bus.ts';
import { lambdaLog } from '../../doors/log.ts';
import { manifestByRequest } from '../../doors/manifest-by-request.ts';
import { embeddedMetrics } from '../../doors/metrics.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { stepFunctions } from '../../doors/step-functions.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { cadenceEnvironmentSchema } from './environment.ts';
import { type TickSummary, tick } from './tick.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(cadenceEnvironmentSchema, process.env);
const doors = {
  secretsManager: secretsManager(),
  controlTable: controlTable(environment.CONTROL_TABLE),
  stepFunctions: stepFunctions(),
  eventBus: eventBus(),
  metrics: embeddedMetrics(),
  clock: systemClock,
  log: lambdaLog('cadence'),
};
const manifest = manifestByRequest(environment.MANIFEST_PARAMETER);

export async function handler(): Promise<TickSummary> {
  return tick(doors, await manifest(), {
    afterRotation: environment.STATE_MACHINE_ARN,
    reencryption: environment.REENCRYPTION_MACHINE_ARN,
  });
}
