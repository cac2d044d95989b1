/** Target of the Tasks of AfterRotation and of the re-encryption, except those that need a database. */
import { systemClock } from '../../doors/clock.ts';
import { consumersHook } from '../../doors/consumers-hook.ts';
import { controlTable } from '../../doors/control-table.ts';
import { emergencyRecords } from '../../doors/emergency-records.ts';
import { eventBus } from '../../doors/event-bus.ts';
import { functionsByRequest } from '../../doors/functions-by-request.ts';
import { lambdaLog } from '../../doors/log.ts';
import { manifestByRequest } from '../../doors/manifest-by-request.ts';
import { embeddedMetrics } from '../../doors/metrics.ts';
import { rolloutRecords } from '../../doors/rollout-records.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { stepFunctions } from '../../doors/step-functions.ts';
import { webhook } from '../../doors/webhook.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import type { AfterRotationDoors } from './doors.ts';
import { afterRotationEnvironmentSchema } from './environment.ts';
import { runTask } from './run-task.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(afterRotationEnvironmentSchema, process.env);
const secrets = secretsManager();
const { REDEPLOY_URL: url, REDEPLOY_SIGNING_SECRET: signingSecret } = environment;
const doors: AfterRotationDoors = {
  secretsManager: secrets,
  controlTable: controlTable(environment.CONTROL_TABLE),
  rolloutRecords: rolloutRecords(environment.CONTROL_TABLE),
  emergencyRecords: (deployment) => emergencyRecords(environment.CONTROL_TABLE, deployment),
  machines: {
    afterRotation: environment.STATE_MACHINE_ARN,
    reencryption: environment.REENCRYPTION_MACHINE_ARN,
  },
  stepFunctions: stepFunctions(),
  eventBus: eventBus(),
  consumersHook: consumersHook(),
  functions: functionsByRequest(),
  ...(url !== undefined &&
    signingSecret !== undefined && {
      redeploy: {
        url,
        webhook: webhook({ privateAddresses: environment.PRIVATE_ADDRESSES }),
        key: () => secrets.getCurrentValue(signingSecret),
      },
    }),
  manifest: manifestByRequest(environment.MANIFEST_PARAMETER),
  metrics: embeddedMetrics(),
  clock: systemClock,
  log: lambdaLog('after-rotation'),
};

export const handler = (event: unknown): Promise<object> => runTask(doors, event);
