/**
 * The reference application deployed with everything an emergency meets: `api` reads its secrets again by itself;
 * `billing` (autoscaled) and `web` are services of ECS that learn by a start; fields are sealed, and follow their key.
 */
import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
} from '@aws-sdk/client-application-auto-scaling';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { seedDatabase } from '../../demo/data/seed.ts';
import { emergencyPolicyName, readerPolicyName, secretName } from '../../domain/config/names.ts';
import type { RotationConfig } from '../../domain/config/rotation-config.ts';
import {
  type EmergencyInput,
  type EmergencyRecord,
  type EmergencySecretRecord,
  emergencyStages,
  type StageRecord,
} from '../../domain/events/emergency.ts';
import { type IncidentReport, incidentReportSchema } from '../../domain/events/incident-report.ts';
import type { EmergencyRecordsDoor } from '../../doors/emergency-records.ts';
import { emergencyRecords } from '../../doors/emergency-records.ts';
import { emergenciesWith, stepFunctionsWith } from '../../doors/explicit-access.ts';
import type { IncidentReportsDoor } from '../../doors/incident-reports.ts';
import type { StepFunctionsDoor } from '../../doors/step-functions.ts';
import type { RequestRecord } from '../../sandbox/sandbox.ts';
import { RolledOutService } from './rolled-out-service.ts';
import { quick } from './rollout-stage.ts';
import { administrator } from './sinks.ts';
import { type SecretKey, World } from './world.ts';

export const cluster = 'pharmacy-dev';
/** Has a key that was lost; an emergency may cut it off. */
export const stranger = 'arn:aws:iam::000000000000:user/stranger';

/** What one emergency left. */
export interface Emergency {
  readonly execution: string;
  readonly status: string;
  readonly head: EmergencyRecord;
  readonly stages: Readonly<Partial<Record<StageRecord['stage'], StageRecord>>>;
  readonly secrets: Readonly<Record<string, EmergencySecretRecord>>;
}

export class EmergencyStage {
  readonly world: World;
  readonly web: RolledOutService;
  readonly records: EmergencyRecordsDoor;
  /** With the policy of emergencies, and nothing else. */
  readonly person: StepFunctionsDoor;
  readonly reports: IncidentReportsDoor;
  readonly machines: SFNClient;
  readonly #scaling: ApplicationAutoScalingClient;
  #executions = 0;

  private constructor(world: World, web: RolledOutService) {
    this.world = world;
    this.web = web;
    const everything = administrator(world);
    const { manifest } = world.stage.operator;
    this.records = emergencyRecords(
      manifest.controlTable,
      `${manifest.name}/${manifest.environment}`,
      new DynamoDBClient(everything),
    );
    this.machines = new SFNClient({ ...everything, maxAttempts: 1 });
    this.#scaling = new ApplicationAutoScalingClient(everything);
    const own = this.personAccess();
    this.person = stepFunctionsWith(own);
    this.reports = emergenciesWith(own, manifest).incidentReports;
  }

  /** Deployed, every secret with its first value, rows sealed and every consumer running. */
  static async start(): Promise<EmergencyStage> {
    const web = await RolledOutService.open('web', 'restart');
    let world: World | undefined;
    try {
      world = await World.start(undefined, 'following', (local) => configure(local, web), true);
      const { operator, application, data, asSuperuser, pharmacy } = world.stage;
      for (const key of ['db', 'legacyDb', 'rowsDb', 'jwt', 'pii']) await operator.rotate(key);
      const { statements } = await operator.planRows('pii');
      const cipher = await application.cipher();
      await asSuperuser(async (session) => {
        for (const { sql } of statements) await session.query(sql);
        await seedDatabase(session, data, cipher);
      });
      await pharmacy.open();
      await pharmacy.rest();
      await runServices(world, web);
      return new EmergencyStage(world, web);
    } catch (error) {
      await world?.stop();
      await web.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.machines.destroy();
    this.#scaling.destroy();
    await this.world.stage.pharmacy.kill();
    await this.world.stop();
    await this.web.close();
  }

  personAccess() {
    const { sandbox, operator } = this.world.stage;
    return this.world.accessOf(
      sandbox.createPrincipal('ines', {
        managedPolicies: [emergencyPolicyName(operator.manifest)],
      }),
    );
  }

  /** As the console starts it. @returns ARN of the execution */
  async begin(
    input: Partial<EmergencyInput> & { secrets: EmergencyInput['secrets'] },
  ): Promise<string> {
    const { region, account } = this.world.stage.sandbox;
    const machine = `arn:aws:states:${region}:${account}:stateMachine:${this.machine}`;
    this.#executions += 1;
    const name = `console-${this.#executions}`;
    await this.person.startExecution({
      stateMachineArn: machine,
      name,
      input: { reason: 'it was found in a public repository', ...input },
    });
    return `${machine.replace(':stateMachine:', ':execution:')}:${name}`;
  }

  /** To its end, and whatever follows. */
  async run(
    input: Partial<EmergencyInput> & { secrets: EmergencyInput['secrets'] },
  ): Promise<Emergency> {
    await this.world.later();
    const execution = await this.begin(input);
    await this.world.settle();
    return this.left(execution);
  }

  /** Goes on under the same id. */
  async resume({ head }: Emergency): Promise<Emergency> {
    const { id, exposed, drill } = head;
    return this.run({ id, secrets: exposed, drill });
  }

  /** Takes back what was denied to suspects. */
  async lift({ head }: Emergency): Promise<void> {
    if (head.suspects.length === 0) return;
    const { region, account, clock } = this.world.stage.sandbox;
    await this.person.startExecution({
      stateMachineArn: `arn:aws:states:${region}:${account}:stateMachine:${this.machine}`,
      name: `lift-${head.id}`,
      input: { lift: head.id },
    });
    await clock.settle();
  }

  /** What the records say of an execution's emergency. */
  async left(execution: string): Promise<Emergency> {
    const heads = await this.records.getEmergencies(50);
    const head = heads.find((candidate) => candidate.execution === execution);
    if (head === undefined) throw new Error(`nothing is on record of ${execution}`);
    const [stages, secrets] = await Promise.all([
      this.records.getStages(head.id),
      this.records.getSecrets(head.id),
    ]);
    return {
      execution,
      status: await this.statusOf(execution),
      head,
      stages: Object.fromEntries(stages.map((stage) => [stage.stage, stage])),
      secrets: Object.fromEntries(secrets.map((secret) => [secret.key, secret])),
    };
  }

  async statusOf(executionArn: string): Promise<string> {
    const { status } = await this.machines.send(new DescribeExecutionCommand({ executionArn }));
    return status ?? '';
  }

  async stopExecution(executionArn: string): Promise<void> {
    await this.machines.send(new StopExecutionCommand({ executionArn }));
    await this.world.stage.sandbox.clock.idle();
  }

  /** Input, output and history of executions: what people see in the console. */
  async shown(executionArns: readonly string[]): Promise<string> {
    const told = executionArns.map(async (executionArn) => {
      const [described, history] = await Promise.all([
        this.machines.send(new DescribeExecutionCommand({ executionArn })),
        this.machines.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 })),
      ]);
      return JSON.stringify([described.input, described.output, described.cause, history.events]);
    });
    return (await Promise.all(told)).join('\n');
  }

  /** The stored report, as whoever handles incidents may read it. */
  async stored({ head }: Pick<Emergency, 'head'>, format: 'json' | 'md' | 'html'): Promise<string> {
    const { bucket = '', key = '' } = head.report ?? {};
    const owner = this.world.stage.sandbox.account;
    return this.reports.read({ bucket, key: key.replace(/\.\w+$/, `.${format}`), owner });
  }

  async report(emergency: Pick<Emergency, 'head'>): Promise<IncidentReport> {
    return incidentReportSchema.parse(JSON.parse(await this.stored(emergency, 'json')));
  }

  /** What ECS and Application Auto Scaling say of the services: counts, and what may change them. */
  async consumers(): Promise<object> {
    const { ScalableTargets = [] } = await this.#scaling.send(
      new DescribeScalableTargetsCommand({ ServiceNamespace: 'ecs' }),
    );
    return {
      services: this.world.stage.sandbox.ecs.described().map((service) => ({
        name: service.serviceName,
        desired: service.desiredCount,
        running: service.runningCount,
        pending: service.pendingCount,
        definition: service.taskDefinition,
      })),
      scaling: ScalableTargets.map(({ ResourceId, MinCapacity, MaxCapacity, SuspendedState }) => ({
        ...{ ResourceId, MinCapacity, MaxCapacity, SuspendedState },
      })),
    };
  }

  /** RotateSecret of a secret that began something, since then. */
  rotationsOf(key: SecretKey, since = 0): readonly RequestRecord[] {
    const { sandbox } = this.world.stage;
    const named = new Set([this.world.name(key), sandbox.outputs[`SecretArn${key}`]]);
    return sandbox
      .requests()
      .slice(since)
      .filter(({ operation, input, status }) => {
        const { SecretId, RotateImmediately } = input as Record<string, string | boolean>;
        const isIt = named.has(String(SecretId)) && RotateImmediately !== false;
        return operation === 'RotateSecret' && isIt && status === 200;
      });
  }

  /** Desired counts that a service was given, since then. */
  countsOf(service: string, since = 0): (number | undefined)[] {
    return this.world.stage.sandbox
      .requests()
      .slice(since)
      .filter(({ operation }) => operation === 'UpdateService')
      .map(({ input }) => input as { service?: string; desiredCount?: number })
      .filter((input) => input.service?.split('/').at(-1) === service)
      .map(({ desiredCount }) => desiredCount);
  }

  get machine(): string {
    return this.world.stage.operator.manifest.emergency?.machine ?? '';
  }

  /** Of the emergency's own function. */
  get functionRole(): string {
    return this.#roleOf(/^EmergencyFunctionRole/);
  }

  get machineRole(): string {
    return this.#roleOf(/^EmergencyMachineRole/);
  }

  #roleOf(id: RegExp): string {
    const found = [...this.world.stage.sandbox.resources].find(
      ([logicalId, { type }]) => type === 'AWS::IAM::Role' && id.test(logicalId),
    );
    if (found === undefined) throw new Error(`no role ${id}`);
    return found[1].physicalId;
  }
}

/** As the machine goes through them; `-` was not there. */
export const statesOf = ({ stages }: Emergency): Record<string, string> =>
  Object.fromEntries(emergencyStages.map((stage) => [stage, stages[stage]?.state ?? '-']));

function configure(local: RotationConfig, web: RolledOutService): RotationConfig {
  return {
    ...local,
    emergency: { ...local.emergency, contain: { principals: [stranger] } },
    consumers: [
      ...local.consumers,
      {
        name: 'web',
        reads: ['jwt', 'db', 'healthToken'],
        restart: { by: 'ecs', cluster, service: 'web' },
        steadyWithin: '3m',
        health: {
          credentials: `${web.url}/api/credentials/health`,
          bearer: 'healthToken',
          probes: [],
          consecutive: 1,
          every: '5s',
          within: '1m',
          privateAddresses: 'allowed',
        },
      },
    ],
  };
}

async function runServices(world: World, web: RolledOutService): Promise<void> {
  const { sandbox, server, operator } = world.stage;
  const name = (key: string) => secretName(operator.manifest, key);
  const key = sandbox.createPrincipal('web', {
    managedPolicies: [readerPolicyName(operator.manifest, 'web')],
  });
  const healthToken = await world.ownValue('healthToken');
  web.prepare({
    access: world.accessOf(key),
    secrets: { jwt: name('jwt'), db: name('db') },
    endpoint: { host: server.host, port: server.port, dbname: 'pharmacy', ca: server.ca },
    healthToken,
    now: () => sandbox.clock.now(),
  });
  await web.start();
  sandbox.ecs.onTasks(async ({ service, desiredCount }) => {
    if (service === 'web' && desiredCount > 0) await web.start();
  });
  for (const [service, desiredCount] of [
    ['web', 2],
    ['billing', 3],
  ] as const) {
    sandbox.ecs.putService({
      cluster,
      name: service,
      desiredCount,
      taskDefinition: { family: service, containerDefinitions: [{ name: service }] },
      behaviour: quick,
    });
  }
  sandbox.putScalableTarget({
    cluster,
    service: 'billing',
    minCapacity: 2,
    maxCapacity: 6,
    // Somebody suspended its schedule: that is how it stays.
    suspended: { ScheduledScalingSuspended: true },
    policy: true,
  });
}
