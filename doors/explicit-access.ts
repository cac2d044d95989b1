/**
 * Doors for a caller who is told where to go and as whom, instead of taking both from the environment.
 * Explicit endpoint and credentials win over every `AWS_*` variable and profile of the shell
 * (SDK reference guide, "Service-specific endpoints"), so a call meant for a stand-in on 127.0.0.1
 * cannot reach AWS, and a session token of the shell is never sent along.
 */
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { type AuditLogDoor, auditLog } from './audit-log.ts';
import { clientDefaults } from './aws-call.ts';
import { type ControlTableDoor, controlTable } from './control-table.ts';
import { type EmergencyRecordsDoor, emergencyRecords } from './emergency-records.ts';
import { type ExecutionEndsDoor, executionEnds } from './execution-ends.ts';
import { type FunctionsDoor, functionClientDefaults, functions } from './functions.ts';
import { type IncidentReportsDoor, incidentReports } from './incident-reports.ts';
import { type OwnedSecretDoor, ownedSecret } from './owned-secret.ts';
import { type ParametersDoor, parameters } from './parameters.ts';
import { type PermissionsSimulationDoor, permissionsSimulation } from './permissions-simulation.ts';
import { type SecretsManagerDoor, secretsManager } from './secrets-manager.ts';
import { type StepFunctionsDoor, stepFunctions } from './step-functions.ts';
import { type TriggersDoor, triggers } from './triggers.ts';

export interface ExplicitAccess {
  /** E.g. `http://127.0.0.1:4566`. */
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

export function secretsManagerWith(access: ExplicitAccess): SecretsManagerDoor {
  return secretsManager(new SecretsManagerClient({ ...clientDefaults, ...access }));
}

export function parametersWith(access: ExplicitAccess): ParametersDoor {
  return parameters(new SSMClient({ ...clientDefaults, ...access }));
}

export function controlTableWith(access: ExplicitAccess, table: string): ControlTableDoor {
  return controlTable(table, new DynamoDBClient({ ...clientDefaults, ...access }));
}

export function functionsWith(access: ExplicitAccess): FunctionsDoor {
  return functions(new LambdaClient({ ...functionClientDefaults, ...access }));
}

export function stepFunctionsWith(access: ExplicitAccess): StepFunctionsDoor {
  return stepFunctions(new SFNClient({ ...clientDefaults, ...access }));
}

export function auditLogWith(access: ExplicitAccess): AuditLogDoor {
  return auditLog(new CloudWatchLogsClient({ ...clientDefaults, ...access }));
}

export function triggersWith(access: ExplicitAccess, table: string): TriggersDoor {
  const settings = { ...clientDefaults, ...access };
  return triggers(table, {
    dynamo: new DynamoDBClient(settings),
    events: new EventBridgeClient(settings),
  });
}

/** How far emergencies have come, their reports, and what a principal may do. */
export function emergenciesWith(
  access: ExplicitAccess,
  {
    name,
    environment,
    controlTable: table,
  }: Record<'name' | 'environment' | 'controlTable', string>,
): {
  emergencyRecords: EmergencyRecordsDoor;
  incidentReports: IncidentReportsDoor;
  executionEnds: ExecutionEndsDoor;
  permissions: PermissionsSimulationDoor;
} {
  const dynamo = new DynamoDBClient({ ...clientDefaults, ...access });
  return {
    emergencyRecords: emergencyRecords(table, `${name}/${environment}`, dynamo),
    incidentReports: incidentReports(access),
    executionEnds: executionEnds(new SFNClient({ ...clientDefaults, ...access })),
    permissions: permissionsSimulation(new IAMClient({ ...clientDefaults, ...access })),
  };
}

/** For the owner of a user-managed secret, who puts values by hand. */
export function ownedSecretWith(access: ExplicitAccess): OwnedSecretDoor {
  return ownedSecret(new SecretsManagerClient({ ...clientDefaults, ...access }));
}
