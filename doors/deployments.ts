/**
 * Doors to a deployment for whoever sits at a terminal: credentials, region and endpoints are the shell's
 * (AWS SDK default chain, `AWS_ENDPOINT_URL`), and which deployments there are is read from Parameter Store.
 */
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn';
import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Manifest } from '../domain/config/manifest.ts';
import { manifestParameterName, manifestRoot, type Scope } from '../domain/config/names.ts';
import { type AuditLogDoor, auditLog } from './audit-log.ts';
import { clientDefaults, isAwsError } from './aws-call.ts';
import { type CallerIdentity, callerIdentity } from './caller-identity.ts';
import { type ControlTableDoor, controlTable } from './control-table.ts';
import { type EmergencyRecordsDoor, emergencyRecords } from './emergency-records.ts';
import { type ExecutionEndsDoor, executionEnds } from './execution-ends.ts';
import { type FunctionsDoor, functionClientDefaults, functions } from './functions.ts';
import { type IncidentReportsDoor, incidentReports, s3Client } from './incident-reports.ts';
import { manifestAt } from './manifest.ts';
import { parameters } from './parameters.ts';
import type { PermissionsSimulationDoor } from './permissions-simulation.ts';
import { type RolloutRecordsDoor, rolloutRecords } from './rollout-records.ts';
import { type SecretsManagerDoor, secretsManager } from './secrets-manager.ts';
import { type StepFunctionsDoor, stepFunctions } from './step-functions.ts';
import { type SubscriptionsDoor, subscriptions } from './subscriptions.ts';
import { type TriggersDoor, triggers } from './triggers.ts';

/** Account and region as the shell reaches them. */
export interface DeploymentsDoor {
  /** @throws NoRegionError, NoCredentialsError, EndpointUnreachableError, AwsCallError */
  caller(): Promise<CallerIdentity>;
  /** Service → where its calls would go, e.g. `https://dynamodb.eu-west-1.amazonaws.com`. Calls nothing. */
  endpoints(): Promise<Readonly<Record<string, string>>>;
  /** Every deployment of account and region. @throws AwsCallError */
  list(): Promise<Scope[]>;
  /** Undefined when there is no such deployment. @throws ManifestError, AwsCallError */
  manifest(scope: Scope): Promise<Manifest | undefined>;
  doorsTo(manifest: Pick<Manifest, 'name' | 'environment' | 'controlTable'>): DoorsToDeployment;
}

export interface DoorsToDeployment {
  secretsManager: SecretsManagerDoor;
  controlTable: ControlTableDoor;
  rolloutRecords: RolloutRecordsDoor;
  functions: FunctionsDoor;
  stepFunctions: StepFunctionsDoor;
  auditLog: AuditLogDoor;
  triggers: TriggersDoor;
  subscriptions: SubscriptionsDoor;
  emergencyRecords: EmergencyRecordsDoor;
  incidentReports: IncidentReportsDoor;
  executionEnds: ExecutionEndsDoor;
  permissions: PermissionsSimulationDoor;
}

/** @param profile of the shared configuration files, instead of the shell's credentials */
export function deployments(region?: string, profile?: string): DeploymentsDoor {
  const settings = {
    ...clientDefaults,
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
  };
  const sts = new STSClient(settings);
  const ssm = new SSMClient(settings);
  const secrets = new SecretsManagerClient(settings);
  const dynamo = new DynamoDBClient(settings);
  const lambda = new LambdaClient({ ...settings, ...functionClientDefaults });
  const states = new SFNClient(settings);
  const logs = new CloudWatchLogsClient(settings);
  const events = new EventBridgeClient(settings);
  const topics = new SNSClient(settings);
  const store = parameters(ssm);

  return {
    caller: () => callerIdentity(region, sts).get(),

    async endpoints() {
      const table = { TableName: 'any' };
      const probes: Record<string, Promise<string>> = {
        sts: endpointOf(sts, new GetCallerIdentityCommand({})),
        ssm: endpointOf(ssm, new GetParameterCommand({ Name: '/any' })),
        secretsmanager: endpointOf(secrets, new ListSecretsCommand({})),
        dynamodb: endpointOf(dynamo, new DescribeTableCommand(table)),
        lambda: endpointOf(lambda, new GetFunctionCommand({ FunctionName: 'any' })),
        states: endpointOf(states, new ListStateMachinesCommand({})),
        logs: endpointOf(logs, new FilterLogEventsCommand({ logGroupName: 'any' })),
        events: endpointOf(events, new PutEventsCommand({ Entries: [] })),
        sns: endpointOf(topics, new ListSubscriptionsByTopicCommand({ TopicArn: 'any' })),
        s3: s3Endpoint(settings),
        iam: iamEndpoint(settings),
      };
      const found = Object.entries(probes).map(async ([name, url]) => [name, await url] as const);
      return Object.fromEntries(await Promise.all(found));
    },

    async list() {
      const names = await store.namesBelow(manifestRoot);
      return names.flatMap((name) => scopeOf(name) ?? []);
    },

    async manifest(scope) {
      try {
        return await manifestAt(manifestParameterName(scope), store)();
      } catch (error) {
        if (isAwsError(error, 'ParameterNotFound')) return undefined;
        throw error;
      }
    },

    doorsTo: ({ name, environment, controlTable: table }) => ({
      secretsManager: secretsManager(secrets),
      controlTable: controlTable(table, dynamo),
      rolloutRecords: rolloutRecords(table, dynamo),
      functions: functions(lambda),
      stepFunctions: stepFunctions(states),
      auditLog: auditLog(logs),
      triggers: triggers(table, { dynamo, events }),
      subscriptions: subscriptions(topics),
      emergencyRecords: emergencyRecords(table, `${name}/${environment}`, dynamo),
      executionEnds: executionEnds(states),
      permissions: permissionsWhenAsked(settings),
      incidentReports: incidentReports({ ...(region !== undefined && { region }) }),
    }),
  };
}

async function s3Endpoint(settings: object): Promise<string> {
  const { ListBucketsCommand } = await import('@aws-sdk/client-s3');
  return endpointOf(await s3Client(settings), new ListBucketsCommand({}));
}

/** IAM is asked by one command: its client is loaded when it is needed. */
const permissionsWhenAsked = (settings: object): PermissionsSimulationDoor => ({
  async simulate(question) {
    const { permissionsSimulation } = await import('./permissions-simulation.ts');
    const { IAMClient } = await import('@aws-sdk/client-iam');
    return permissionsSimulation(new IAMClient(settings)).simulate(question);
  },
});

async function iamEndpoint(settings: object): Promise<string> {
  const { GetUserCommand, IAMClient } = await import('@aws-sdk/client-iam');
  return endpointOf(new IAMClient(settings), new GetUserCommand({}));
}

/** The deployment whose part 1 this parameter is. */
function scopeOf(parameterName: string): Scope | undefined {
  const [, name, environment] =
    /^\/quarterturn\/([^/]+)\/([^/]+)\/manifest$/.exec(parameterName) ?? [];
  return name === undefined || environment === undefined ? undefined : { name, environment };
}

interface AnyRequest {
  protocol?: string;
  hostname?: string;
  port?: number;
}
/** What client and command of the SDK share, whatever the service. */
interface AnyClient {
  send(command: never): Promise<unknown>;
}
interface AnyCommand {
  middlewareStack: {
    // biome-ignore lint/suspicious/noExplicitAny: the SDK types it anew for each command
    add(middleware: any, options: any): void;
  };
}

/**
 * Where a command would go. AWS_ENDPOINT_URL, its form for one service, the profile, FIPS and dual-stack all
 * have a say, so the SDK itself is asked: it builds the request, and before anything is signed or sent the
 * answer is given here.
 */
async function endpointOf(client: AnyClient, command: AnyCommand): Promise<string> {
  let url = '';
  const stop = () => async (args: { request: AnyRequest }) => {
    const { protocol = 'https:', hostname = '', port } = args.request;
    url = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
    return { output: { $metadata: {} }, response: {} };
  };
  command.middlewareStack.add(stop, { step: 'build', name: 'endpointOf', priority: 'high' });
  await client.send(command as never);
  return url;
}
