/** What the interpreter and the kinds of states tell each other. */
import type { SandboxClock } from '../clock.ts';
import type { Context } from './data-flow.ts';
import type { Machine } from './definition.ts';
import type { Execution, StateMachine } from './execution.ts';
import type { Frame } from './frame.ts';
import type { History } from './history.ts';
import type { Json } from './json.ts';
import type { MapRun } from './map-run.ts';
import type { ObjectStore } from './object-store.ts';
import type { Strands } from './strands.ts';
import type { TaskFaults } from './task-faults.ts';
import type { TaskResources } from './task-resources.ts';

/** What every state of an execution has at hand. */
export interface Run {
  clock: SandboxClock;
  strands: Strands;
  history: History;
  resources: TaskResources;
  faults: TaskFaults;
  objects: ObjectStore;
  executions: Executions;
  /** Of a child execution: its own, `<machine>/<label>`. */
  machine: StateMachine;
  executionArn: string;
  /** How a state runs the machines inside it (the interpreter, handed in so that imports go one way). */
  runMachine: (run: Run, machine: Machine, frame: Frame, place: Place) => Promise<Json>;
}

/** Other executions, as the states of one start and follow them; everything is asked of IAM as the role. */
export interface Executions {
  /** @throws StateError States.Permissions without states:StartExecution on the parent's machine */
  startChild(
    parent: StateMachine,
    machine: StateMachine,
    input: string,
    mapRun: { arn: string; itemCount: number },
  ): Execution;
  /** @throws StateError States.Permissions without states:RedriveExecution on the child */
  redriveChild(child: Execution): Execution;
  keep(mapRun: MapRun): void;
  find(executionArn: string): Execution;
  /** @throws ServiceException AccessDeniedException without this action of states on the execution */
  authorize(machine: StateMachine, action: string, executionArn: string): void;
}

/** Where a strand is: the names of the states around it, its context object and what ends it. */
export interface Place {
  path: readonly string[];
  context: Context;
  signal: AbortSignal;
}

export interface Step {
  output: Json;
  /** Absent: the machine, branch or iteration has ended. */
  next?: string | undefined;
}
