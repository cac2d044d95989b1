/**
 * One Map Run: the child executions of a distributed Map, at most so many at a time, until all are done or
 * more items failed than are tolerated.
 * https://docs.aws.amazon.com/step-functions/latest/dg/concepts-examine-map-run.html
 */
import { ServiceException } from '../service.ts';
import type { Execution } from './execution.ts';
import { notRedrivable } from './redrive.ts';
import { runtimeError, StateError } from './state-error.ts';

export interface Tolerance {
  /** 0: as many as AWS runs at most. */
  maxConcurrency: number;
  /** Items; absent: the percentage decides. */
  toleratedFailureCount?: number | undefined;
  /** 0–100 of the items; absent: the count decides. Both absent: none may fail. */
  toleratedFailurePercentage?: number | undefined;
}

export interface Child {
  /** JSON text. */
  readonly input: string;
  readonly items: number;
  /** Absent: not started yet. */
  execution?: Execution;
  isToBeRedriven: boolean;
}

export interface MapRunOrigin {
  arn: string;
  executionArn: string;
  /** Of the children: `…:stateMachine:<machine>/<label>`. */
  stateMachineArn: string;
  children: readonly { input: string; items: number }[];
  tolerance: Tolerance;
  now: () => Date;
  /** Starts the child, or redrives it where it has run. @throws StateError when the role may not */
  start: (child: Child) => Execution;
}

/** "up to 10,000 parallel child workflow executions" (state-map-distributed). */
const maximumConcurrency = 10_000;
/** A hard limit (redrive-map-run). */
const maximumRedrives = 1000;

export class MapRun {
  readonly origin: MapRunOrigin;
  readonly children: readonly Child[];
  readonly startedAt: Date;
  tolerance: Tolerance;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED' = 'RUNNING';
  stoppedAt: Date | undefined;
  failure: StateError | undefined;
  redrives: { count: number; last?: Date } = { count: 0 };
  /** Set when the results were written or given to the state. */
  areResultsWritten = false;
  /** When the attempt before has written its results too. */
  settled: Promise<void> = Promise.resolve();
  readonly #items: number;
  #queue: Child[];
  #running = 0;
  #unsuccessfulItems = 0;
  /** No child is started any more. */
  #hasCeased = false;
  #rested: (() => void) | undefined;

  constructor(origin: MapRunOrigin) {
    this.origin = origin;
    this.tolerance = origin.tolerance;
    this.startedAt = origin.now();
    this.children = origin.children.map((child) => ({ ...child, isToBeRedriven: false }));
    this.#items = this.children.reduce((sum, { items }) => sum + items, 0);
    this.#queue = [...this.children];
  }

  /** Runs the children; `rested` is called when none runs and none will. */
  go(rested: () => void): void {
    this.#rested = rested;
    this.#proceed();
  }

  /** UpdateMapRun. @throws ValidationException once it has ended */
  update(change: Partial<Tolerance>): void {
    if (this.status !== 'RUNNING') {
      throw new ServiceException('ValidationException', `Map Run is ${this.status}, not RUNNING`);
    }
    this.tolerance = { ...this.tolerance, ...change };
    if (this.#rested !== undefined) {
      this.#proceed();
    }
  }

  /** The parent was stopped or timed out: its children are stopped. */
  abort(): void {
    this.#cease();
    this.#proceed();
  }

  /** Everything that did not succeed is to be run again; what was never started, for the first time. */
  redrive(): void {
    if (this.redrives.count >= maximumRedrives) {
      throw runtimeError(`The Map Run has been redriven ${maximumRedrives} times`);
    }
    const now = this.origin.now();
    this.redrives = { count: this.redrives.count + 1, last: now };
    this.status = 'RUNNING';
    this.stoppedAt = undefined;
    this.failure = undefined;
    this.areResultsWritten = false;
    this.#hasCeased = false;
    this.#queue = this.children.filter(({ execution }) => {
      return execution === undefined || notRedrivable(execution, now) === undefined;
    });
    for (const child of this.#queue) {
      child.isToBeRedriven = child.execution !== undefined;
      this.#unsuccessfulItems -= child.isToBeRedriven ? child.items : 0;
    }
  }

  end(status: 'SUCCEEDED' | 'FAILED' | 'ABORTED'): void {
    this.status = status;
    this.stoppedAt = this.origin.now();
  }

  #proceed(): void {
    if (!this.#hasCeased && this.#isIntolerable()) {
      this.failure = new StateError(
        'States.ExceedToleratedFailureThreshold',
        'The specified tolerated failure threshold was exceeded',
      );
      this.#cease();
    }
    const most = this.tolerance.maxConcurrency || maximumConcurrency;
    while (!this.#hasCeased && this.#running < most) {
      const child = this.#queue.shift();
      if (child === undefined) {
        break;
      }
      this.#start(child);
    }
    if (this.#running === 0 && (this.#hasCeased || this.#queue.length === 0)) {
      const rested = this.#rested;
      this.#rested = undefined;
      rested?.();
    }
  }

  #start(child: Child): void {
    try {
      child.execution = this.origin.start(child);
    } catch (failure) {
      if (!(failure instanceof StateError)) {
        throw failure;
      }
      this.failure = failure;
      this.#queue.unshift(child);
      this.#cease();
      return;
    }
    child.isToBeRedriven = false;
    this.#running += 1;
    const { execution } = child;
    execution.onClosed(() => {
      this.#running -= 1;
      this.#unsuccessfulItems += execution.status === 'SUCCEEDED' ? 0 : child.items;
      this.#proceed();
    });
  }

  #cease(): void {
    this.#hasCeased = true;
    for (const { execution } of this.children) {
      if (execution?.status === 'RUNNING') {
        execution.stop(undefined, undefined);
      }
    }
  }

  /** Stopped items count like failed ones and timed out ones. */
  #isIntolerable(): boolean {
    const failed = this.#unsuccessfulItems;
    const { toleratedFailureCount: count, toleratedFailurePercentage: percentage } = this.tolerance;
    if (count === undefined && percentage === undefined) {
      return failed > 0;
    }
    return (
      (count !== undefined && failed > count) ||
      (percentage !== undefined && (failed * 100) / this.#items > percentage)
    );
  }
}
