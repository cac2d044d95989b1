/** Every execution and Map Run there is, by ARN. Closed ones are forgotten after 90 days, as in AWS. */
import { randomUUID } from 'node:crypto';
import type { IamPort } from '../ports.ts';
import { ServiceException } from '../service.ts';
import { Execution, type StateMachine, type Surroundings } from './execution.ts';
import type { MapRun } from './map-run.ts';
import type { Executions } from './run.ts';
import { StateError } from './state-error.ts';

const retention = 90 * 24 * 60 * 60_000;

export class ExecutionRegistry implements Executions {
  readonly #iam: IamPort;
  readonly #around: Omit<Surroundings, 'executions'>;
  readonly #executions = new Map<string, Execution>();
  readonly #mapRuns = new Map<string, MapRun>();

  constructor(iam: IamPort, around: Omit<Surroundings, 'executions'>) {
    this.#iam = iam;
    this.#around = around;
  }

  /** @throws ExecutionAlreadyExists unless the one of this name runs with the same input */
  start(machine: StateMachine, name: string, input: string): Execution {
    const existing = this.of(machine).find((execution) => execution.name === name);
    if (existing !== undefined) {
      if (existing.status === 'RUNNING' && existing.input === input) {
        return existing;
      }
      throw new ServiceException(
        'ExecutionAlreadyExists',
        `Execution Already Exists: '${existing.arn}'`,
      );
    }
    return this.#begin(machine, name, input, undefined);
  }

  startChild(
    parent: StateMachine,
    machine: StateMachine,
    input: string,
    mapRun: { arn: string; itemCount: number },
  ): Execution {
    this.#permitted(parent, 'states:StartExecution', parent.arn);
    return this.#begin(machine, randomUUID(), input, mapRun);
  }

  redriveChild(child: Execution): Execution {
    this.#permitted(child.machine, 'states:RedriveExecution', child.arn);
    child.redrive();
    return child;
  }

  keep(mapRun: MapRun): void {
    this.#mapRuns.set(mapRun.origin.arn, mapRun);
  }

  authorize({ roleArn }: StateMachine, action: string, executionArn: string): void {
    this.#iam.authorize({ kind: 'role', arn: roleArn }, { action, resource: executionArn });
  }

  /** @throws ExecutionDoesNotExist */
  find(arn: string): Execution {
    const execution = this.#executions.get(arn);
    if (execution === undefined) {
      throw new ServiceException('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    }
    return execution;
  }

  /** @throws ResourceNotFound */
  mapRun(arn: string): MapRun {
    const mapRun = this.#mapRuns.get(arn);
    if (mapRun === undefined) {
      throw new ServiceException('ResourceNotFound', `Map Run Does Not Exist: '${arn}'`);
    }
    return mapRun;
  }

  /** Newest first. */
  mapRunsOf({ arn }: Execution): MapRun[] {
    return [...this.#mapRuns.values()]
      .filter(({ origin }) => origin.executionArn === arn)
      .reverse();
  }

  /** Newest first; children are told by their Map Run. */
  of(machine: StateMachine): Execution[] {
    this.#forget();
    return [...this.#executions.values()]
      .filter((execution) => execution.machine.arn === machine.arn)
      .reverse();
  }

  #begin(
    machine: StateMachine,
    name: string,
    input: string,
    mapRun: { arn: string; itemCount: number } | undefined,
  ): Execution {
    const around = { ...this.#around, executions: this };
    const execution = new Execution(machine, name, input, around, mapRun);
    this.#executions.set(execution.arn, execution);
    return execution;
  }

  #forget(): void {
    const now = this.#around.clock.now().getTime();
    for (const kept of [this.#executions, this.#mapRuns]) {
      for (const [arn, { stoppedAt }] of kept) {
        if (stoppedAt !== undefined && now - stoppedAt.getTime() > retention) {
          kept.delete(arn);
        }
      }
    }
  }

  #permitted(machine: StateMachine, action: string, resource: string): void {
    try {
      this.authorize(machine, action, resource);
    } catch (error) {
      throw new StateError('States.Permissions', (error as Error).message);
    }
  }
}
