/**
 * AWS Step Functions, STANDARD workflows.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/Welcome.html
 */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { Faults } from '../faults.ts';
import type { EventsPort, IamPort, LambdaPort, MetricsPort, StatesPort } from '../ports.ts';
import type { RequestLog } from '../request-log.ts';
import { type AwsService, type Caller, type Operation, ServiceException } from '../service.ts';
import type { Execution, StateMachine } from './execution.ts';
import { ExecutionRegistry } from './executions.ts';
import { checkDefinition } from './load-check.ts';
import { mapRunOperations } from './map-run-operations.ts';
import { managedRule, managedRuleActions, waitsForNested } from './nested-execution.ts';
import { ObjectStore } from './object-store.ts';
import { operations } from './operations.ts';
import { maximumPayload } from './payload-limit.ts';
import { redrive } from './redrive.ts';
import { TaskFaults } from './task-faults.ts';
import { TaskResources } from './task-resources.ts';

export interface StepFunctionsOptions {
  account: string;
  region: string;
  clock: SandboxClock;
  iam: IamPort;
  lambda: LambdaPort;
  events: EventsPort & Pick<AwsService, 'operations'>;
  metrics?: MetricsPort;
  /** For ItemReader and ResultWriter. @default none: machines that have them are refused */
  s3?: Pick<AwsService, 'operations'>;
  /** Of calls to S3; a function's are its own service's. @default none */
  faults?: Pick<Faults, 'around'>;
  /** Keeps the calls to S3. @default none */
  requests?: Pick<RequestLog, 'add'>;
  /** Services that `aws-sdk:<name>:<operation>` tasks may call, e.g. `dynamodb`. @default none */
  services?: Readonly<Record<string, Pick<AwsService, 'operations'>>>;
}

export class StepFunctionsService implements AwsService, StatesPort {
  readonly signingName = 'states';
  readonly protocol = 'json-1.0';
  readonly targetPrefix = 'AWSStepFunctions';
  readonly operations: Readonly<Record<string, Operation>>;
  /** Faults of Task states, armed by state name. */
  readonly faults = new TaskFaults();
  readonly #options: StepFunctionsOptions;
  readonly #resources: TaskResources;
  readonly #objects: ObjectStore;
  readonly #executions: ExecutionRegistry;
  readonly #machines = new Map<string, StateMachine>();

  constructor(options: StepFunctionsOptions) {
    this.#options = options;
    const now = () => options.clock.now();
    const desk = {
      now,
      machine: (arn: string) => this.#machine(arn),
      execution: (arn: string) => this.#executions.find(arn),
      mapRun: (arn: string) => this.#executions.mapRun(arn),
      mapRunsOf: (execution: Execution) => this.#executions.mapRunsOf(execution),
      executionsOf: (machine: StateMachine) => this.#executions.of(machine),
      start: (machine: StateMachine, name: string | undefined, input: string) =>
        this.#start(machine, name, input),
      stop: (execution: Execution, error: string | undefined, cause: string | undefined) =>
        execution.stop(error, cause),
      redrive: (execution: Execution) => redrive(execution, now()),
    };
    const ofExecutions = operations(desk);
    this.operations = { ...ofExecutions, ...mapRunOperations(desk) };
    const startExecution = ofExecutions.StartExecution as Operation;
    this.#resources = new TaskResources({ services: {}, ...options, startExecution });
    this.#objects = new ObjectStore(options);
    const { clock, events, metrics, iam } = options;
    const around = { clock, events, metrics, resources: this.#resources, objects: this.#objects };
    this.#executions = new ExecutionRegistry(iam, { ...around, faults: this.faults });
  }

  /**
   * @param definition the ASL document, as text or parsed
   * @throws InvalidDefinition naming every feature that the sandbox does not run as AWS would
   * @throws AccessDeniedException when the role may not have the rule made that `.sync` needs
   */
  createStateMachine(given: {
    name: string;
    definition: string | object;
    roleArn: string;
    type: 'STANDARD' | 'EXPRESS';
  }): { arn: string } {
    if (given.type !== 'STANDARD') {
      const message = `The sandbox runs STANDARD state machines; ${given.name} is ${given.type}`;
      throw new ServiceException('StateMachineTypeNotSupported', message);
    }
    const { account, region } = this.#options;
    const arn = `arn:aws:states:${region}:${account}:stateMachine:${given.name}`;
    const definitionText =
      typeof given.definition === 'string' ? given.definition : JSON.stringify(given.definition);
    const { name, roleArn } = given;
    let isWaiting = false;
    const definition = checkDefinition(JSON.parse(definitionText), {
      hasObjects: this.#objects.exists,
      task: (resource, parameters) => {
        isWaiting ||= waitsForNested(resource);
        return this.#resources.check(resource, parameters);
      },
    });
    if (isWaiting) {
      this.#mayMakeManagedRule(roleArn);
    }
    const createdAt = this.#options.clock.now();
    this.#machines.set(arn, { arn, name, roleArn, definition, definitionText, createdAt });
    return { arn };
  }

  /** The loader's: "Running executions will continue to use the previous definition" (UpdateStateMachine). */
  updateStateMachine(given: Parameters<StepFunctionsService['createStateMachine']>[0]): void {
    this.createStateMachine(given);
  }

  /** The loader's: what runs of it ends. */
  deleteStateMachine(arn: string): void {
    for (const execution of this.#executions.of(this.#machine(arn))) {
      if (execution.status === 'RUNNING') {
        execution.stop('States.StateMachineDeleted', 'The state machine was deleted');
      }
    }
    this.#machines.delete(arn);
  }

  /** StatesPort: asks IAM, because a service that starts an execution does so with a role. */
  startExecution(
    caller: Caller,
    stateMachineArn: string,
    name: string | undefined,
    input: unknown,
  ): { executionArn: string } {
    this.#options.iam.authorize(caller, {
      action: 'states:StartExecution',
      resource: stateMachineArn,
    });
    const machine = this.#machine(stateMachineArn);
    return { executionArn: this.#start(machine, name, JSON.stringify(input ?? {})).arn };
  }

  #start(machine: StateMachine, given: string | undefined, input: string): Execution {
    const name = given ?? randomUUID();
    checkInput(name, input);
    return this.#executions.start(machine, name, input);
  }

  #machine(arn: string): StateMachine {
    const machine = this.#machines.get(arn);
    if (machine === undefined) {
      const message = `State Machine Does Not Exist: '${arn}'`;
      throw new ServiceException('StateMachineDoesNotExist', message);
    }
    return machine;
  }

  #mayMakeManagedRule(roleArn: string): void {
    const { iam, region, account } = this.#options;
    const resource = `arn:aws:events:${region}:${account}:rule/${managedRule}`;
    try {
      for (const action of managedRuleActions) {
        iam.authorize({ kind: 'role', arn: roleArn }, { action, resource });
      }
    } catch (error) {
      const message = `'${roleArn}' is not authorized to create managed-rule. ${(error as Error).message}`;
      throw new ServiceException('AccessDeniedException', message);
    }
  }
}

function checkInput(name: string, input: string): void {
  if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) {
    throw new ServiceException('InvalidName', `Invalid Name: '${name}'`);
  }
  try {
    JSON.parse(input);
  } catch {
    // Without JSON.parse's message, which quotes the input.
    throw new ServiceException(
      'InvalidExecutionInput',
      'Invalid State Machine Execution Input: not JSON',
    );
  }
  if (Buffer.byteLength(input) > maximumPayload) {
    throw new ServiceException(
      'InvalidExecutionInput',
      `Invalid State Machine Execution Input: longer than ${maximumPayload} bytes`,
    );
  }
}
