/**
 * Getting consumers to a new value: the function that restarts them, looks at them, stops and starts them, and the
 * machine that AfterRotation starts for each. Made only where a consumer names how it is restarted or asked; its rights
 * are derived from those names, one by one.
 */
import { Construct } from 'constructs';
import {
  type ConsumerConfig,
  isRolledOut,
  learnsBy,
  type RestartConfig,
} from '../domain/config/consumer-schema.ts';
import { durationSeconds } from '../domain/config/duration.ts';
import { nameOf } from '../domain/config/manifest.ts';
import {
  deploymentDimension,
  healthFunctionName,
  postureFunctionName,
  rolloutFunctionName,
  rolloutMachineName,
} from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { hasInbox, type SecretConfig } from '../domain/config/secret-schemas.ts';
import type { ConsumersFile, RolloutEnvironment } from '../lambdas/rollout/environment.ts';
import { rolloutSeconds } from './after-rotation-times.ts';
import { DeferredText } from './deferred-text.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { rolloutDefinition } from './rollout-definition.ts';
import { postureStatements, restartStatements } from './rollout-statements.ts';
import { RoomFunction } from './room-function.ts';
import { allow } from './statements.ts';
import { type InvokedFunction, type MachineArns, machineArns, Workflow } from './workflow.ts';

export interface RolloutConstructProps {
  readonly deployment: Deployment;
  /** Every secret, by key. */
  readonly secrets: Readonly<Record<string, SecretReference>>;
  /** Names of the secrets that rotate: whose rollouts are remembered. */
  readonly rotatedNames: readonly string[];
  /** The functions that ask consumers whether they are well. */
  readonly healthFunctions: readonly InvokedFunction[];
}

export class Rollout extends Construct {
  readonly function: RoomFunction;
  /** The same code for on-call, who may hand what it may invoke any payload: it looks, and may do nothing else. */
  readonly posture: RoomFunction;
  readonly machine: MachineArns;
  readonly workflow: Workflow;

  constructor(scope: Construct, id: string, props: RolloutConstructProps) {
    super(scope, id);
    const { deployment, secrets, rotatedNames, healthFunctions } = props;
    const { config, controlTable } = deployment;
    const deferred = new DeferredText();
    const consumers = deferred.textOf(consumersFile(config));
    const own = deploymentDimension(config);
    const environment: RolloutEnvironment = {
      CONTROL_TABLE: controlTable.tableName,
      DEPLOYMENT: own,
      ENVIRONMENT: config.environment,
    };
    this.function = new RoomFunction(this, 'Function', {
      functionName: rolloutFunctionName(config),
      description: 'Restarts consumers after a rotation, looks whether they are steady, stops them',
      room: 'rollout',
      deployment,
      files: { 'consumers.json': consumers },
      environment: { ...environment, ...deferred.environment },
    });
    const looks: RolloutEnvironment = { ...environment, SERVES: 'posture' };
    this.posture = new RoomFunction(this, 'Posture', {
      functionName: postureFunctionName(config),
      description: 'Looks at what is deployed of consumers, for quarterturn doctor',
      room: 'rollout',
      deployment,
      files: { 'consumers.json': consumers },
      environment: { ...looks, ...deferred.environment },
    });
    this.posture.allow(...postureStatements(this, restartsOf(config)));
    this.function.allow(
      ...restartStatements(this, restartsOf(config), secrets),
      ...controlTable.statements(
        { secretNames: rotatedNames, read: ['rollout'], write: ['rollout'] },
        {
          secretNames: [own],
          read: ['lock', 'counts'],
          write: ['lock', 'counts'],
          remove: ['counts'],
        },
      ),
    );
    this.machine = machineArns(this, rolloutMachineName(config));
    this.workflow = new Workflow(this, 'Machine', {
      name: rolloutMachineName(config),
      logKey: deployment.keys.messages,
      definition: rolloutDefinition({
        taskFunctionArn: this.function.functionArn,
        longestSeconds: rolloutSeconds(config).consumerSeconds,
      }),
      statements: [
        allow(
          'InvokeTasks',
          ['lambda:InvokeFunction'],
          [this.function, ...healthFunctions].map(({ functionArn }) => functionArn),
        ),
      ],
    });
  }
}

const restartsOf = ({ consumers }: RotationConfig): RestartConfig[] =>
  consumers.flatMap(({ restart }) => restart ?? []);

function consumersFile(config: RotationConfig): ConsumersFile {
  return config.consumers.filter(isRolledOut).map((consumer) => {
    const { name, restart, steadyWithin, health, reads } = consumer;
    return {
      name,
      learns: learnsBy(consumer),
      ...(restart && { restart: withSecretNames(config, restart) }),
      steadySeconds: durationSeconds(steadyWithin),
      ...(health && { health: healthOf(config, health) }),
      reads: reads.map((key) => ({
        key,
        name: nameOf(config, key),
        fields: fieldsOf(config.secrets[key]),
      })),
    };
  });
}

const healthOf = (config: RotationConfig, health: NonNullable<ConsumerConfig['health']>) => ({
  function: healthFunctionName(config, health.network),
  consecutive: health.consecutive,
  everySeconds: durationSeconds(health.every),
  withinSeconds: durationSeconds(health.within),
});

const withSecretNames = (config: RotationConfig, restart: RestartConfig): RestartConfig =>
  restart.by === 'webhook'
    ? { ...restart, signingSecret: nameOf(config, restart.signingSecret) }
    : restart;

/** By what names an application knows its part of the value (AWS's keys, and what frameworks make of them). */
function fieldsOf(secret: SecretConfig | undefined): string[] {
  switch (secret?.kind) {
    case 'jwt':
    case 'encryption':
      return [secret.field];
    case 'database':
      return [
        'DATABASE_URL',
        'DB_PASSWORD',
        'DATABASE_PASSWORD',
        'PGPASSWORD',
        'POSTGRES_PASSWORD',
      ];
    case 'userManaged':
      return hasInbox(secret) && secret.inbox.field !== undefined ? [secret.inbox.field] : [];
    case undefined:
      return [];
  }
}
