/** Target of the rules of triggers: on their own bus, of GuardDuty's findings, and the hourly one for what waits. */
import { systemClock } from '../../doors/clock.ts';
import { controlTable } from '../../doors/control-table.ts';
import { emergencyRecords } from '../../doors/emergency-records.ts';
import { eventBus } from '../../doors/event-bus.ts';
import { lambdaLog } from '../../doors/log.ts';
import { manifestByRequest } from '../../doors/manifest-by-request.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { stepFunctions } from '../../doors/step-functions.ts';
import { triggerRecords } from '../../doors/trigger-records.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import { triggersEnvironmentSchema } from './environment.ts';
import { type Handled, handle, type TriggersOptions } from './handle.ts';
import { deployedTriggers } from './settings.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(triggersEnvironmentSchema, process.env);
const accounts = environment.ACCOUNTS.split(',');
const options: TriggersOptions = {
  doors: {
    secretsManager: secretsManager(),
    controlTable: controlTable(environment.CONTROL_TABLE),
    records: triggerRecords(environment.CONTROL_TABLE, environment.DEPLOYMENT),
    emergencies: emergencyRecords(environment.CONTROL_TABLE, environment.DEPLOYMENT),
    stepFunctions: stepFunctions(),
    eventBus: eventBus(),
    clock: systemClock,
    log: lambdaLog('triggers'),
  },
  manifest: manifestByRequest(environment.MANIFEST_PARAMETER),
  settings: deployedTriggers(process.env.LAMBDA_TASK_ROOT ?? '.'),
  deployment: environment.DEPLOYMENT,
  accounts,
  account: accounts[0] ?? '',
  emergencyMachine: environment.EMERGENCY_MACHINE_ARN,
};

export const handler = (event: unknown): Promise<Handled> => handle(options, event);
