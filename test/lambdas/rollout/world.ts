/**
 * Everything around the rollout of a consumer: the machine as it is deployed, the function's own code behind it, and
 * the sandbox's ECS, CodeDeploy and autoscaling, all on one clock that is moved. Doors are the real ones; what is
 * between them and the services is a call instead of HTTP.
 */

import type { HealthAnswer, HealthQuestion, RolloutInput } from '../../../domain/events/rollout.ts';
import { autoscaling } from '../../../doors/autoscaling.ts';
import { codeDeploy } from '../../../doors/code-deploy.ts';
import { ecs } from '../../../doors/ecs.ts';
import type {
  FunctionDescriptionDoor,
  FunctionFacts,
} from '../../../doors/function-description.ts';
import type { WebhookMessage } from '../../../doors/webhook.ts';
import type { RolloutDoors } from '../../../lambdas/rollout/doors.ts';
import type { ConsumerSettings } from '../../../lambdas/rollout/environment.ts';
import { ecsPlatform } from '../../../lambdas/rollout/platforms/ecs.ts';
import { lambdaPlatform } from '../../../lambdas/rollout/platforms/lambda.ts';
import { webhookPlatform } from '../../../lambdas/rollout/platforms/webhook.ts';
import { run } from '../../../lambdas/rollout/run.ts';
import { rolloutDefinition } from '../../../lib/rollout-definition.ts';
import { ApplicationAutoScalingService } from '../../../sandbox/application-auto-scaling/service.ts';
import { CodeDeployService } from '../../../sandbox/codedeploy/service.ts';
import type { ExistingService } from '../../../sandbox/ecs/existing-service.ts';
import { EcsService } from '../../../sandbox/ecs/service.ts';
import { type AwsService, type Caller, ServiceException } from '../../../sandbox/service.ts';
import { inMemoryConsumerRecords } from '../../doors/in-memory-consumer-records.ts';
import { recordedLog } from '../../doors/recorded.ts';
import { Faults } from '../../in-process/faults.ts';
import { Bench } from '../../sandbox/step-functions/machine.ts';

export const jwt = 'pharmacy/prod/jwt';
export const v1 = '11111111-1111-4111-8111-111111111111';
export const v2 = '22222222-2222-4222-8222-222222222222';
const function_ = 'quarterturn-pharmacy-prod-ask-health';

export const api: ConsumerSettings = {
  name: 'api',
  learns: 'restart',
  restart: { by: 'ecs', cluster: 'pharmacy', service: 'api' },
  steadySeconds: 600,
  health: { function: function_, consecutive: 3, everySeconds: 10, withinSeconds: 120 },
  reads: [{ key: 'jwt', name: jwt, fields: ['JWT_SECRET'] }],
};
export const service: ExistingService = {
  cluster: 'pharmacy',
  name: 'api',
  desiredCount: 2,
  taskDefinition: { family: 'api', containerDefinitions: [{ name: 'app', image: 'api:1' }] },
};

export const held: HealthAnswer = {
  healthy: true,
  proof: 'held',
  looks: [{ name: 'credentials', ok: true, found: '200', milliseconds: 3 }],
  onlyThisSecret: false,
};
export const bad = (found = '503'): HealthAnswer => ({
  ...held,
  healthy: false,
  looks: [{ name: 'credentials', ok: false, found, milliseconds: 3 }],
});

export function input(more: Partial<RolloutInput> = {}): RolloutInput {
  return {
    secretArn: `arn:aws:secretsmanager:eu-west-1:000000000000:secret:${jwt}-AbCdEf`,
    secretName: jwt,
    versionId: v1,
    intent: 'planned',
    round: 'publish',
    consumer: 'api',
    expected: {
      secretName: jwt,
      versionIds: [v1],
      key: { kid: '1a77c0de55e1b002', state: 'published' },
      role: null,
    },
    afterRotation: 'arn:aws:states:eu-west-1:000000000000:execution:after:1',
    ...more,
  };
}

const caller: Caller = { arn: 'arn:aws:iam::000000000000:role/rollout', kind: 'role' };

/** A client of the SDK whose requests are operations of a service of the sandbox. */
function clientOf<Client>(of: AwsService): Client {
  const send = async (command: { constructor: { name: string }; input: object }) => {
    const name = command.constructor.name.replace(/Command$/, '');
    try {
      return await of.operations[name]?.run({ ...command.input }, caller);
    } catch (error) {
      if (!(error instanceof ServiceException)) throw error;
      const { code, message, status } = error;
      const $metadata = { httpStatusCode: status };
      throw Object.assign(new Error(message), { name: code, $metadata });
    }
  };
  return { send } as Client;
}

export function world(consumers: readonly ConsumerSettings[] = [api]) {
  const bench = new Bench();
  const { clock } = bench;
  const place = { account: '000000000000', region: 'eu-west-1', clock };
  const services = new EcsService(place);
  const scaling = new ApplicationAutoScalingService({
    ...place,
    ecs: services,
    iam: { allows: () => true },
  });
  const deploying = new CodeDeployService({ ...place, ecs: services });
  services.putService(service);
  /** Ids of the deployments that were begun, in order. */
  const deployments: string[] = [];
  services.onTasks(({ cause, deploymentId }) => {
    if (cause === 'deployment' && deployments.at(-1) !== deploymentId) {
      deployments.push(deploymentId);
    }
  });

  const faults = new Faults();
  const doorOf = {
    ecs: ecs(clientOf(services)),
    codeDeploy: codeDeploy(clientOf(deploying)),
    autoscaling: autoscaling(clientOf(scaling)),
  };
  const records = inMemoryConsumerRecords();
  const log = recordedLog();
  const sent: WebhookMessage[] = [];
  /** What a webhook answers to the n-th message. */
  const hook = { answer: (_: number): number => 202 };
  const lambda = new FunctionBeside();
  /** @param around puts faults around a door */
  const platformsOf = (around: <Door extends object>(name: string, door: Door) => Door) => ({
    ecs: ecsPlatform({
      ecs: around('ecs', doorOf.ecs),
      codeDeploy: around('codeDeploy', doorOf.codeDeploy),
      autoscaling: around('autoscaling', doorOf.autoscaling),
    }),
    kubernetes: undefined as never,
    lambda: lambdaPlatform({ functions: around('functions', lambda) }),
    webhook: webhookPlatform({
      webhook: around('webhook', {
        send: async (message: WebhookMessage) => hook.answer(sent.push(message)),
        deliver: async () => ({ status: 500, body: '' }),
      }),
      secretsManager: around('secretsManager', { getCurrentValue: async () => 'whsec_key' }),
      deployment: 'pharmacy/prod',
      clock: { now: () => clock.now(), sleep: async () => undefined },
    }),
  });
  const doors: RolloutDoors = {
    records: faults.around('records', records),
    platforms: platformsOf((name, door) => faults.around(name, door)),
    deployed: { ecs: doorOf.ecs, functions: lambda },
    consumers,
    clock: { now: () => clock.now(), sleep: async () => undefined },
    log,
  };

  /** Called before each task: the outside world moves. */
  const before = {
    task: (_task: string): void => undefined,
    /** Runs a task; a matrix puts its faults around the doors. */
    run: (payload: unknown): Promise<object> => run(doors, payload),
  };
  const tasks: string[] = [];
  const taskFunctionArn = bench.lambda.on('tasks', async (payload) => {
    const { task } = payload as { task: string };
    tasks.push(task);
    before.task(task);
    faults.begin(task);
    return before.run(payload);
  });
  const questions: HealthQuestion[] = [];
  const health = { answer: (_n: number): HealthAnswer => held };
  bench.lambda.on(function_, (payload) => health.answer(questions.push(payload as HealthQuestion)));
  // Lambda takes a name as well as an ARN (API_Invoke).
  const invoke = bench.lambda.invoke.bind(bench.lambda);
  bench.lambda.invoke = (who, nameOrArn, payload) =>
    invoke(who, taskFunctionArn.replace(/tasks$/, nameOrArn.split(':').at(-1) ?? ''), payload);
  const { arn: stateMachineArn } = bench.service.createStateMachine({
    name: 'rollout',
    definition: rolloutDefinition({ taskFunctionArn, longestSeconds: 300_000 }),
    roleArn: 'arn:aws:iam::000000000000:role/machine',
    type: 'STANDARD',
  });

  let number = 0;
  /** Starts an execution. @returns its ARN */
  async function start(more: Partial<RolloutInput> = {}): Promise<string> {
    number += 1;
    // What stood before stands for some time.
    if (number === 1) await clock.advanceTo(new Date(clock.now().getTime() + 60_000));
    const name = `e${number}`;
    await bench.run('StartExecution', {
      stateMachineArn,
      name,
      input: JSON.stringify(input(more)),
    });
    return `arn:aws:states:eu-west-1:000000000000:execution:rollout:${name}`;
  }
  /** Runs one execution to its end. */
  async function execute(more: Partial<RolloutInput> = {}): Promise<string> {
    const arn = await start(more);
    await clock.settle(3 * 3600_000);
    const { status, error } = await bench.described(arn);
    return error ?? status;
  }
  const record = (more: Partial<RolloutInput> = {}) => {
    const { secretName, versionId, round, consumer } = input(more);
    return records.getRollout({ secretName, versionId, round, consumer });
  };
  return {
    ...{ bench, clock, services, scaling, deploying, doors, doorOf, records, log, faults },
    ...{ tasks, before, questions, health, sent, hook, lambda },
    ...{ start, execute, record, deployments, platformsOf },
    ask: (request: object) => run(doors, request),
  };
}

/** A function in the account, whose updates are over at the second look. */
export class FunctionBeside implements FunctionDescriptionDoor {
  description = 'Prints labels';
  updates = 0;
  status = 'Successful';
  async look(): Promise<FunctionFacts> {
    const found = {
      description: this.description,
      lastUpdateStatus: this.status,
      lastUpdateReason: undefined,
      revisionId: String(this.updates),
      variables: [],
    };
    if (this.status === 'InProgress') this.status = 'Successful';
    return found;
  }
  async describe(_name: string, description: string, revisionId: string) {
    if (revisionId !== String(this.updates)) return 'busy' as const;
    this.description = description;
    this.updates += 1;
    this.status = 'InProgress';
    return 'described' as const;
  }
}
