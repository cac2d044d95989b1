/** Target of the rule on "Secret Label Updated". */
import { systemClock } from '../../doors/clock.ts';
import { controlTable } from '../../doors/control-table.ts';
import { eventBus } from '../../doors/event-bus.ts';
import { lambdaLog } from '../../doors/log.ts';
import { manifestByRequest } from '../../doors/manifest-by-request.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { stepFunctions } from '../../doors/step-functions.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { starterEnvironmentSchema } from './environment.ts';
import { type Started, startFor } from './start.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(starterEnvironmentSchema, process.env);
const doors = {
  secretsManager: secretsManager(),
  controlTable: controlTable(environment.CONTROL_TABLE),
  stepFunctions: stepFunctions(),
  eventBus: eventBus(),
  clock: systemClock,
  log: lambdaLog('starter'),
};
const manifest = manifestByRequest(environment.MANIFEST_PARAMETER);

export const handler = (event: unknown): Promise<{ outcome: Started }> =>
  startFor(doors, manifest, environment.STATE_MACHINE_ARN, event);
