/** Target of the emergency machine's Tasks, and of the rule that hears of an execution that died. */
import { systemClock } from '../../doors/clock.ts';
import { containment } from '../../doors/containment.ts';
import { controlTable } from '../../doors/control-table.ts';
import { emergencyRecords } from '../../doors/emergency-records.ts';
import { eventBus } from '../../doors/event-bus.ts';
import { functionRoles } from '../../doors/function-roles.ts';
import { functionsByRequest } from '../../doors/functions-by-request.ts';
import { incidentStore } from '../../doors/incident-store.ts';
import { lambdaLog } from '../../doors/log.ts';
import { manifestByRequest } from '../../doors/manifest-by-request.ts';
import { revokedSessions } from '../../doors/revoked-sessions.ts';
import { rolloutRecords } from '../../doors/rollout-records.ts';
import { secretsManager } from '../../doors/secrets-manager.ts';
import { simulationByRequest } from '../../doors/simulation-by-request.ts';
import { stepFunctions } from '../../doors/step-functions.ts';
import { assertTrustedEnvironment } from '../rotation/posture.ts';
import { readEnvironment } from '../rotation/read-environment.ts';
import type { EmergencyDoors } from './doors.ts';
import { emergencyEnvironmentSchema } from './environment.ts';
import { runTask } from './run-task.ts';

assertTrustedEnvironment(process.env);
const environment = readEnvironment(emergencyEnvironmentSchema, process.env);
const table = environment.CONTROL_TABLE;
const doors: EmergencyDoors = {
  records: emergencyRecords(table, environment.DEPLOYMENT),
  controlTable: controlTable(table),
  rolloutRecords: rolloutRecords(table),
  secretsManager: secretsManager(),
  containment: containment(),
  sessions: revokedSessions(),
  simulation: simulationByRequest(),
  functionRoles: functionRoles(),
  stepFunctions: stepFunctions(),
  functions: functionsByRequest(),
  eventBus: eventBus(),
  incidents: incidentStore({
    bucket: environment.REPORT_BUCKET,
    host: environment.REPORT_HOST,
    owner: environment.REPORT_OWNER,
  }),
  roles: {
    function: environment.FUNCTION_ROLE_ARN,
    machine: environment.MACHINE_ROLE_ARN,
    afterRotationMachine: environment.AFTER_ROTATION_MACHINE_ROLE_ARN,
    rolloutMachine: environment.ROLLOUT_MACHINE_ROLE_ARN,
    controlKey: environment.CONTROL_KEY_ARN,
  },
  manifest: manifestByRequest(environment.MANIFEST_PARAMETER),
  clock: systemClock,
  log: lambdaLog('emergency'),
};

export const handler = (event: unknown): Promise<object> => runTask(doors, event);
