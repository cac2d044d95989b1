/** One execution of a state machine: its states of life, and what is told about it. */
import type { SandboxClock } from '../clock.ts';
import type { EventsPort, MetricsPort } from '../ports.ts';
import type { Machine } from './definition.ts';
import type { Frame } from './frame.ts';
import { History } from './history.ts';
import { runMachine } from './interpreter.ts';
import type { Json } from './json.ts';
import type { ObjectStore } from './object-store.ts';
import type { Executions } from './run.ts';
import { StateError } from './state-error.ts';
import { InterruptedError, Strands } from './strands.ts';
import type { TaskFaults } from './task-faults.ts';
import type { TaskResources } from './task-resources.ts';

export type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

export interface StateMachine {
  arn: string;
  name: string;
  roleArn: string;
  definition: Machine;
  /** As it was given, for DescribeStateMachine. */
  definitionText: string;
  createdAt: Date;
}

export interface Surroundings {
  clock: SandboxClock;
  events: EventsPort;
  /** Absent: nobody counts. */
  metrics?: MetricsPort | undefined;
  resources: TaskResources;
  objects: ObjectStore;
  executions: Executions;
  faults: TaskFaults;
}

export class Execution {
  readonly arn: string;
  readonly name: string;
  readonly machine: StateMachine;
  /** The input as JSON text. */
  readonly input: string;
  readonly startedAt: Date;
  readonly history: History;
  /** Of a child workflow execution: what started it, and how many items are its input. */
  readonly mapRun: { arn: string; itemCount: number } | undefined;
  status: Status = 'RUNNING';
  stoppedAt: Date | undefined;
  output: string | undefined;
  failure: { error?: string | undefined; cause?: string | undefined } = {};
  redrives: { count: number; last?: Date } = { count: 0 };
  readonly #around: Surroundings;
  readonly #strands: Strands;
  readonly #frame: Frame;
  readonly #listeners = new Set<() => void>();
  #end = new AbortController();

  constructor(
    machine: StateMachine,
    name: string,
    input: string,
    around: Surroundings,
    mapRun?: { arn: string; itemCount: number },
  ) {
    this.mapRun = mapRun;
    this.arn = `${machine.arn.replace(':stateMachine:', ':execution:')}:${name}`;
    this.name = name;
    this.machine = machine;
    this.input = input;
    this.#around = around;
    this.startedAt = around.clock.now();
    this.history = new History(() => around.clock.now());
    this.#strands = new Strands(around.clock);
    this.#frame = { state: machine.definition.StartAt, input: JSON.parse(input) as Json };
    this.history.add('ExecutionStarted', {
      executionStartedEventDetails: { input, roleArn: machine.roleArn },
    });
    this.#publish();
    this.#count('ExecutionsStarted');
    this.#go();
  }

  /** Told once, before the end counts as over for the clock. @returns what takes it back */
  onClosed(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(error: string | undefined, cause: string | undefined): void {
    this.#interrupt('ABORTED', { error, cause });
  }

  /** Goes on at the state that failed; branches and iterations that were done stay done. */
  redrive(): void {
    const last = this.#around.clock.now();
    this.redrives = { count: this.redrives.count + 1, last };
    this.status = 'RUNNING';
    this.stoppedAt = undefined;
    this.failure = {};
    this.#end = new AbortController();
    this.history.add('ExecutionRedriven', {
      executionRedrivenEventDetails: { redriveCount: this.redrives.count },
    });
    this.#publish();
    this.#go();
  }

  #go(): void {
    const { signal } = this.#end;
    const takeBack = this.#armTimeout();
    this.#strands.begin();
    // The answer to StartExecution goes out before the first state runs.
    void Promise.resolve()
      .then(() => this.#run(signal))
      .then(
        (output) => this.#close('SUCCEEDED', { output: JSON.stringify(output) }, signal),
        (failure) => this.#fail(failure, signal),
      )
      .finally(() => {
        takeBack();
        this.#strands.end();
      });
  }

  #run(signal: AbortSignal): Promise<Json> {
    const { clock, resources, objects, executions, faults } = this.#around;
    const { machine, history, arn } = this;
    const run = {
      clock,
      resources,
      objects,
      executions,
      faults,
      history,
      strands: this.#strands,
      machine,
      executionArn: arn,
      runMachine,
    };
    const context = {
      Execution: {
        Id: arn,
        Name: this.name,
        Input: JSON.parse(this.input) as Json,
        RoleArn: machine.roleArn,
        StartTime: this.startedAt.toISOString(),
        RedriveCount: this.redrives.count,
      },
      StateMachine: { Id: machine.arn, Name: machine.name },
    };
    return runMachine(run, machine.definition, this.#frame, { path: [], context, signal });
  }

  #armTimeout(): () => void {
    const seconds = this.machine.definition.TimeoutSeconds;
    if (seconds === undefined) {
      return () => undefined;
    }
    const { clock } = this.#around;
    const at = new Date(clock.now().getTime() + seconds * 1000);
    return clock.at(at, `TimeoutSeconds of ${this.arn}`, async () =>
      this.#interrupt('TIMED_OUT', { error: 'States.Timeout' }),
    );
  }

  #interrupt(status: 'ABORTED' | 'TIMED_OUT', failure: Execution['failure']): void {
    this.#close(status, failure, this.#end.signal);
    this.#end.abort(new InterruptedError(`the execution is ${status}`));
  }

  #fail(failure: unknown, signal: AbortSignal): void {
    if (failure instanceof StateError) {
      this.#close('FAILED', { error: failure.error, cause: failure.message }, signal);
    } else if (!(failure instanceof InterruptedError)) {
      // A fault of the sandbox itself: it must not look like one of the machine's own errors.
      this.#close('FAILED', { error: 'Sandbox.InternalError', cause: String(failure) }, signal);
    }
  }

  #close(
    status: Exclude<Status, 'RUNNING'>,
    how: { output?: string; error?: string | undefined; cause?: string | undefined },
    signal: AbortSignal,
  ): void {
    if (this.status !== 'RUNNING' || signal !== this.#end.signal) {
      return;
    }
    const { output, ...failure } = how;
    this.status = status;
    this.stoppedAt = this.#around.clock.now();
    this.output = output;
    this.failure = failure;
    const camel = closing[status];
    this.#count(metricOf[status]);
    this.history.close(camel.type, { [camel.details]: how });
    this.#publish();
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) {
      listener();
    }
  }

  #count(name: string): void {
    const dimensions = { StateMachineArn: this.machine.arn };
    this.#around.metrics?.count({ namespace: 'AWS/States', name, dimensions });
  }

  /** https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html */
  #publish(): void {
    this.#around.events.publish({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      resources: [this.arn],
      detail: {
        executionArn: this.arn,
        stateMachineArn: this.machine.arn,
        name: this.name,
        status: this.status,
        startDate: this.startedAt.getTime(),
        stopDate: this.stoppedAt?.getTime() ?? null,
        input: this.input,
        output: this.output ?? null,
        stateMachineVersionArn: null,
        stateMachineAliasArn: null,
        redriveCount: this.redrives.count,
        redriveDate: this.redrives.last?.getTime() ?? null,
        error: this.failure.error ?? null,
        cause: this.failure.cause ?? null,
        inputDetails: { included: true },
        outputDetails: this.output === undefined ? null : { included: true },
      },
    });
  }
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html */
const metricOf = {
  SUCCEEDED: 'ExecutionsSucceeded',
  FAILED: 'ExecutionsFailed',
  TIMED_OUT: 'ExecutionsTimedOut',
  ABORTED: 'ExecutionsAborted',
} as const;

const closing = {
  SUCCEEDED: { type: 'ExecutionSucceeded', details: 'executionSucceededEventDetails' },
  FAILED: { type: 'ExecutionFailed', details: 'executionFailedEventDetails' },
  TIMED_OUT: { type: 'ExecutionTimedOut', details: 'executionTimedOutEventDetails' },
  ABORTED: { type: 'ExecutionAborted', details: 'executionAbortedEventDetails' },
} as const;
