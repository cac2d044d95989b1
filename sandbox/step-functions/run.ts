/** What the interpreter and the kinds of states tell each other. */
import type { SandboxClock } from '../clock.ts';
import type { Context } from './data-flow.ts';
import type { Machine } from './definition.ts';
import type { Frame } from './frame.ts';
import type { History } from './history.ts';
import type { Json } from './json.ts';
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
  roleArn: string;
  executionArn: string;
  stateMachineArn: string;
  /** How a state runs the machines inside it (the interpreter, handed in so that imports go one way). */
  runMachine: (run: Run, machine: Machine, frame: Frame, place: Place) => Promise<Json>;
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

/** 256 KiB a payload. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
export const maximumPayload = 256 * 1024;
