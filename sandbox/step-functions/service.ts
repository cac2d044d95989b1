/**
 * AWS Step Functions, STANDARD workflows.
 * https://docs.aws.amazon.com/step-functions/latest/apireference/Welcome.html
 */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { EventsPort, IamPort, LambdaPort, MetricsPort, StatesPort } from '../ports.ts';
import { type AwsService, type Caller, type Operation, ServiceException } from '../service.ts';
import { Execution, type StateMachine } from './execution.ts';
import { checkDefinition } from './load-check.ts';
import { operations } from './operations.ts';
import { redrive } from './redrive.ts';
import { maximumPayload } from './run.ts';
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
  /** Services that `aws-sdk:<name>:<operation>` tasks may call, e.g. `dynamodb`. @default none */
  services?: Readonly<Record<string, Pick<AwsService, 'operations'>>>;
}

/** A closed execution keeps its name for 90 days. */
const retention = 90 * 24 * 60 * 60_000;

export class StepFunctionsService implements AwsService, StatesPort {
  readonly signingName = 'states';
  readonly protocol = 'json-1.0';
  readonly targetPrefix = 'AWSStepFunctions';
  readonly operations: Readonly<Record<string, Operation>>;
  /** Faults of Task states, armed by state name. */
  readonly faults = new TaskFaults();
  readonly #options: StepFunctionsOptions;
  readonly #resources: TaskResources;
  readonly #machines = new Map<string, StateMachine>();
  readonly #executions = new Map<string, Execution>();

  constructor(options: StepFunctionsOptions) {
    this.#options = options;
    this.#resources = new TaskResources({ services: {}, ...options });
    this.operations = operations({
      machine: (arn) => this.#machine(arn),
      execution: (arn) => this.#execution(arn),
      executionsOf: (machine) => this.#executionsOf(machine),
      start: (machine, name, input) => this.#start(machine, name, input),
      stop: (execution, error, cause) => execution.stop(error, cause),
      redrive: (execution) => redrive(execution, this.#options.clock.now()),
    });
  }

  /**
   * @param definition the ASL document, as text or parsed
   * @throws InvalidDefinition naming every feature that the sandbox does not run as AWS would
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
    const definition = checkDefinition(JSON.parse(definitionText), (resource, parameters) =>
      this.#resources.check(resource, parameters),
    );
    const { name, roleArn } = given;
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
    for (const execution of this.#executionsOf(this.#machine(arn))) {
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
    const { clock, events, metrics } = this.#options;
    const existing = this.#executionsOf(machine).find((execution) => execution.name === name);
    if (existing !== undefined) {
      if (existing.status === 'RUNNING' && existing.input === input) {
        return existing;
      }
      throw new ServiceException(
        'ExecutionAlreadyExists',
        `Execution Already Exists: '${existing.arn}'`,
      );
    }
    const around = { clock, events, metrics, resources: this.#resources, faults: this.faults };
    const execution = new Execution(machine, name, input, around);
    this.#executions.set(execution.arn, execution);
    return execution;
  }

  /** Newest first; those closed more than 90 days ago are forgotten, and their names free again. */
  #executionsOf(machine: StateMachine): Execution[] {
    const now = this.#options.clock.now().getTime();
    for (const [arn, { stoppedAt }] of this.#executions) {
      if (stoppedAt !== undefined && now - stoppedAt.getTime() > retention) {
        this.#executions.delete(arn);
      }
    }
    return [...this.#executions.values()]
      .filter((execution) => execution.machine.arn === machine.arn)
      .reverse();
  }

  #machine(arn: string): StateMachine {
    const machine = this.#machines.get(arn);
    if (machine === undefined) {
      const message = `State Machine Does Not Exist: '${arn}'`;
      throw new ServiceException('StateMachineDoesNotExist', message);
    }
    return machine;
  }

  #execution(arn: string): Execution {
    const execution = this.#executions.get(arn);
    if (execution === undefined) {
      const message = `Execution Does Not Exist: '${arn}'`;
      throw new ServiceException('ExecutionDoesNotExist', message);
    }
    return execution;
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
