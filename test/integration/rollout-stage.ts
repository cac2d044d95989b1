/**
 * A deployment whose rotations restart consumers and ask them: `api` reads its secrets again by itself; `web` and
 * `billing` are services of ECS that learn by a start, and share the token keys and the database credential.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DescribeExecutionCommand,
  RedriveExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import {
  functionName,
  healthFunctionName,
  readerPolicyName,
  secretName,
} from '../../domain/config/names.ts';
import type { RotationConfig } from '../../domain/config/rotation-config.ts';
import {
  type RotationAuditEvent,
  rotationAuditEventSchema,
} from '../../domain/events/audit-event.ts';
import type { Expected, RolloutRecord } from '../../domain/events/rollout.ts';
import { ownedSecretWith } from '../../doors/explicit-access.ts';
import { localRandom } from '../../doors/random.ts';
import { type RolloutRecordsDoor, rolloutRecords } from '../../doors/rollout-records.ts';
import { RolledOutService } from './rolled-out-service.ts';
import { administrator, machineArn } from './sinks.ts';
import { type SecretKey, World } from './world.ts';

const cluster = 'pharmacy-dev';
const names = ['api', 'web', 'billing'] as const;
export type ServiceName = (typeof names)[number];
type Services = Readonly<Record<ServiceName, RolledOutService>>;

/** Each look of the machine is a call of two functions. */
export const quick = { tasks: 'start', runningAfterSeconds: 5, steadyAfterSeconds: 8 } as const;

const hour = 3_600_000;

export class RolloutStage {
  readonly world: World;
  readonly services: Services;
  readonly records: RolloutRecordsDoor;
  readonly machines: SFNClient;
  readonly #lambda: LambdaClient;

  private constructor(world: World, services: Services) {
    this.world = world;
    this.services = services;
    const everything = administrator(world);
    const { controlTable } = world.stage.operator.manifest;
    this.records = rolloutRecords(controlTable, new DynamoDBClient(everything));
    this.machines = new SFNClient({ ...everything, maxAttempts: 1 });
    this.#lambda = new LambdaClient({ ...everything, maxAttempts: 1 });
  }

  /** Deployed, with first values, and every consumer started with them. */
  static async start(keys: readonly SecretKey[]): Promise<RolloutStage> {
    const [api, web, billing] = await Promise.all([
      RolledOutService.open('api', 'refresh'),
      RolledOutService.open('web', 'restart'),
      RolledOutService.open('billing', 'restart'),
    ]);
    const services: Services = { api, web, billing };
    let world: World | undefined;
    try {
      world = await World.start(undefined, 'resting', (local) => configure(local, services));
      await prepare(world, services);
      for (const key of keys) await world.stage.operator.rotate(key);
      for (const name of names) await services[name].start();
      const { ecs } = world.stage.sandbox;
      ecs.onTasks(async ({ service, desiredCount }) => {
        if (desiredCount > 0) await services[service as ServiceName].start();
      });
      for (const name of ['web', 'billing']) {
        ecs.putService({
          cluster,
          name,
          desiredCount: 2,
          deploymentConfiguration: {
            deploymentCircuitBreaker: { enable: true, rollback: true },
          },
          taskDefinition: { family: name, containerDefinitions: [{ name }] },
          behaviour: quick,
        });
      }
      return new RolloutStage(world, services);
    } catch (error) {
      await world?.stop();
      await closeAll(services);
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.machines.destroy();
    this.#lambda.destroy();
    await this.world.stop();
    await closeAll(this.services);
  }

  /** Of one version, by round and then as they began. */
  rollouts(key: SecretKey, versionId: string): Promise<readonly RolloutRecord[]> {
    return this.records.getRollouts(this.world.name(key), versionId);
  }

  /** The record of one of them. */
  async rollout(
    key: SecretKey,
    versionId: string,
    [round, consumer]: [round: RolloutRecord['round'], consumer: ServiceName],
  ): Promise<RolloutRecord | undefined> {
    const found = await this.rollouts(key, versionId);
    return found.find((record) => record.round === round && record.consumer === consumer);
  }

  /** Audit events of the version's AfterRotation. */
  audits(key: SecretKey, versionId: string): RotationAuditEvent[] {
    const found = this.world.stage.sandbox
      .events()
      .filter((event) => event['detail-type'] === 'credential-secret-rotation')
      .map(({ detail }) => rotationAuditEventSchema.parse(detail))
      .filter((event) => event.secret.name === this.world.name(key));
    return found.filter((event) => event.versionId === versionId);
  }

  /** How often ECS was told to start a service anew. */
  deployments(service: ServiceName): number {
    return this.world.stage.sandbox
      .requests()
      .filter(({ operation, input }) => operation === 'UpdateService' && isOf(input, service))
      .length;
  }

  /** RotateSecret of a secret, by whoever. */
  rotationsOf(key: SecretKey): number {
    const arn = this.world.stage.sandbox.outputs[`SecretArn${key}`];
    return this.world.stage.sandbox.requests().filter(({ operation, input, status }) => {
      const { SecretId, RotateImmediately } = input as Record<string, unknown>;
      const isIt = SecretId === arn || SecretId === this.world.name(key);
      return operation === 'RotateSecret' && isIt && status === 200 && RotateImmediately !== false;
    }).length;
  }

  /** What people are told from now on: topic and subject; alarms are not among it. */
  listening(): () => string[][] {
    const { sandbox, operator } = this.world.stage;
    const before = sandbox.messages().length;
    const { name, environment } = operator.manifest;
    return () =>
      sandbox
        .messages()
        .slice(before)
        .filter(({ message }) => !message.startsWith('{"AlarmName"'))
        .map(({ topicArn, subject = '' }) => [
          topicArn.split(`:quarterturn-${name}-${environment}-`)[1] ?? topicArn,
          subject,
        ]);
  }

  /** How often the schedule has looked. */
  ticks(): number {
    const cadence = functionName(this.world.stage.operator.manifest, 'cadence');
    return this.world.stage.sandbox.requests().filter(({ service, operation, input }) => {
      const { FunctionName } = input as { FunctionName?: string };
      return service === 'lambda' && operation === 'Invoke' && FunctionName?.endsWith(cadence);
    }).length;
  }

  /** Lets hours go by, and after each (or every few of them) the schedules tick once. */
  async hours(count: number, every = 1): Promise<void> {
    const { clock } = this.world.stage.sandbox;
    const start = clock.now().getTime();
    for (let passed = every; passed <= count; passed += every) {
      await clock.advanceTo(new Date(start + passed * hour), 'last');
    }
  }

  /** Somebody starts AfterRotation of a version again, under a name of their own. @returns its ARN */
  async startAgain(key: SecretKey, versionId: string, name: string): Promise<string> {
    const { sandbox } = this.world.stage;
    const { executionArn } = await this.machines.send(
      new StartExecutionCommand({
        stateMachineArn: machineArn(this.world),
        name,
        input: JSON.stringify({
          secretArn: sandbox.outputs[`SecretArn${key}`],
          secretName: this.world.name(key),
          versionId,
        }),
      }),
    );
    return executionArn ?? '';
  }

  async stopExecution(executionArn: string): Promise<void> {
    await this.machines.send(new StopExecutionCommand({ executionArn }));
    await this.world.stage.sandbox.clock.idle();
  }

  async redrive(executionArn: string): Promise<void> {
    await this.machines.send(new RedriveExecutionCommand({ executionArn }));
  }

  statusOf = async (executionArn: string): Promise<string | undefined> =>
    (await this.machines.send(new DescribeExecutionCommand({ executionArn }))).status;

  /**
   * One look, as the rollout machine has it: does the consumer hold this version of the database secret?
   * @throws Error with the function's own message
   */
  async askHealth(consumer: string, versionId: string): Promise<Record<string, unknown>> {
    const FunctionName = healthFunctionName(this.world.stage.operator.manifest);
    const expected: Expected = {
      secretName: this.world.name('db'),
      versionIds: [versionId],
      key: null,
      role: null,
    };
    const Payload = JSON.stringify({ consumer, expected });
    const answer = await this.#lambda.send(new InvokeCommand({ FunctionName, Payload }));
    const text = Buffer.from(answer.Payload ?? []).toString('utf8');
    if (answer.FunctionError !== undefined) throw new Error(text);
    return JSON.parse(text);
  }

  executionArn(name: string): string {
    return `${machineArn(this.world).replace(':stateMachine:', ':execution:')}:${name}`;
  }
}

const isOf = (input: unknown, service: string): boolean =>
  String((input as { service?: unknown }).service ?? '')
    .split('/')
    .at(-1) === service;

function configure(local: RotationConfig, services: Services): RotationConfig {
  const { jwt, db } = local.secrets;
  if (jwt?.kind !== 'jwt' || db?.kind !== 'database') {
    throw new RangeError('The example has no jwt secret "jwt", or no database secret "db".');
  }
  const health = (name: ServiceName) => ({
    credentials: `${services[name].url}/api/credentials/health`,
    bearer: 'healthToken',
    probes: [],
    consecutive: 3,
    every: '10s',
    within: '90s',
    privateAddresses: 'allowed' as const,
  });
  const started = (name: 'web' | 'billing') => ({
    name,
    reads: ['jwt', 'db', 'healthToken'],
    restart: { by: 'ecs' as const, cluster, service: name },
    steadyWithin: '3m',
    health: health(name),
  });
  return {
    ...local,
    secrets: {
      ...local.secrets,
      // Due soon, before anything else is.
      db: { ...db, cadenceDays: 30 },
      // What it is in an account: what keeps a key from being used too early is under test here.
      jwt: { ...jwt, signerCache: '5m' },
      healthToken: {
        kind: 'userManaged',
        purpose: 'Shows the health function what an application holds.',
        remindDays: 90,
      },
    },
    consumers: [
      {
        name: 'api',
        reads: ['jwt', 'pii', 'db', 'legacyDb', 'healthToken'],
        steadyWithin: '3m',
        health: health('api'),
      },
      started('web'),
      started('billing'),
    ],
  };
}

async function prepare(world: World, services: Services): Promise<void> {
  const { sandbox, server, operator } = world.stage;
  const name = (key: string) => secretName(operator.manifest, key);
  const healthToken = (await localRandom.bytes(32)).toString('base64url');
  await ownedSecretWith(administrator(world)).put(name('healthToken'), healthToken);
  for (const each of names) {
    const key = sandbox.createPrincipal(each, {
      managedPolicies: [readerPolicyName(operator.manifest, each)],
    });
    services[each].prepare({
      access: world.accessOf(key),
      secrets: { jwt: name('jwt'), db: name('db') },
      endpoint: { host: server.host, port: server.port, dbname: 'pharmacy', ca: server.ca },
      healthToken,
      now: () => sandbox.clock.now(),
    });
  }
}

const closeAll = async (services: Services): Promise<void> => {
  await Promise.all(Object.values(services).map((service) => service.close()));
};
