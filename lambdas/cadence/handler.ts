/** Every hour: decides which secrets rotate, and starts what was lost. The schedule's event is not read. */
import { readManifest } from '../../domain/config/manifest-parts.ts';
import { systemClock } from '../../doors/clock.ts';
import { controlTable } from '../../doors/control-table.ts';
import { lambdaLog } from '../../doors/log.ts';
import { parameters } from '../../doors/parameters.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { stepFunctions } from '../../doors/step-functions.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { cadenceEnvironmentSchema } from './environment.ts';
import { type TickSummary, tick } from './tick.ts';

assertTrustedEnvironment(process.env);
const environment = cadenceEnvironmentSchema.parse(process.env);
const doors = {
  secretsManager: secretsManager(),
  controlTable: controlTable(environment.CONTROL_TABLE),
  stepFunctions: stepFunctions(),
  clock: systemClock,
  log: lambdaLog('cadence'),
};
const parameterStore = parameters();

export async function handler(): Promise<TickSummary> {
  // Read each time: a warm function must not decide by the inventory of an earlier deployment.
  const manifest = await readManifest((part) =>
    parameterStore.get(
      part === 1 ? environment.MANIFEST_PARAMETER : `${environment.MANIFEST_PARAMETER}/${part}`,
    ),
  );
  return tick(doors, manifest, environment.STATE_MACHINE_ARN);
}
