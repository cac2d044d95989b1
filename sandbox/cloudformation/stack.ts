/** The one stack of the sandbox and the operations on it, one at a time. */
import { ServiceException } from '../service.ts';
import type { Stack } from '../template/assembly.ts';
import type { Place } from '../template/declarations.ts';
import { destroyStack } from '../template/delete.ts';
import { continueRollback, deployStack } from '../template/deploy.ts';
import { type Loaded, loadStack } from '../template/load.ts';
import {
  type StackEvent,
  type StackOperation,
  StackOperationError,
  type StackStatus,
} from '../template/stack-operation.ts';

export interface RecordedStackEvent extends StackEvent {
  time: Date;
}

export class DeployedStack {
  readonly place: Place;
  readonly #now: () => Date;
  readonly #events: RecordedStackEvent[] = [];
  #loaded: Loaded | undefined;
  #status: StackStatus = 'DELETE_COMPLETE';
  #busy: string | undefined;
  #created: Date;

  constructor(place: Place, now: () => Date) {
    this.place = place;
    this.#now = now;
    this.#created = now();
  }

  /** Absent while the stack is being loaded. */
  get loaded(): Loaded | undefined {
    return this.#loaded;
  }

  get created(): Date {
    return this.#created;
  }

  get status(): StackStatus {
    return this.#status;
  }

  events(): readonly RecordedStackEvent[] {
    return this.#events;
  }

  /** The first deployment: what the sandbox starts with. @throws SandboxLoadError */
  async load(stack: Stack): Promise<void> {
    this.#loaded = await loadStack(stack, this.place);
    this.#status = 'CREATE_COMPLETE';
  }

  /** @throws StackOperationError, SandboxLoadError */
  deploy(stack: Stack): Promise<StackOperation> {
    return this.#alone('UPDATE_IN_PROGRESS', async (before) => {
      const { loaded, operation } = await deployStack(before, stack, this.place);
      this.#loaded = loaded;
      return operation;
    });
  }

  /** @throws ServiceException ValidationError while it is protected; StackOperationError */
  destroy(): Promise<StackOperation> {
    return this.#alone('DELETE_IN_PROGRESS', async (loaded) => {
      if (loaded.terminationProtection && loaded.standing.size > 0) {
        throw validation(
          `Stack [${loaded.name}] cannot be deleted while TerminationProtection is enabled`,
        );
      }
      return destroyStack(loaded, this.place);
    });
  }

  /** @throws StackOperationError when it is refused again */
  continueRollback(skip: readonly string[]): Promise<StackOperation> {
    return this.#alone('UPDATE_ROLLBACK_IN_PROGRESS', async (loaded) => {
      if (loaded.unfinishedRollback === undefined) {
        throw validation(
          `Stack ${loaded.name} is in ${this.#status} state and can not continue rollback`,
        );
      }
      return continueRollback(loaded, skip);
    });
  }

  async #alone(
    busy: string,
    work: (loaded: Loaded) => Promise<StackOperation>,
  ): Promise<StackOperation> {
    const loaded = this.#loaded;
    if (loaded === undefined) {
      throw new ServiceException('ServiceUnavailable', 'The stack is being loaded.', 503);
    }
    if (this.#busy !== undefined) {
      throw validation(`Stack ${loaded.name} is in ${this.#busy} state and can not be updated.`);
    }
    this.#busy = busy;
    try {
      return this.#record(await work(loaded));
    } catch (error) {
      if (error instanceof StackOperationError) {
        this.#record(error);
      }
      throw error;
    } finally {
      this.#busy = undefined;
    }
  }

  #record<Ended extends StackOperation>(ended: Ended): Ended {
    const time = this.#now();
    this.#status = ended.status;
    if (ended.status === 'CREATE_COMPLETE') {
      this.#created = time;
    }
    this.#events.push(...ended.events.map((event) => ({ ...event, time })));
    return ended;
  }
}

/** CloudFormation's ValidationError; its wording as the console and `aws` show it. */
export const validation = (message: string): ServiceException =>
  new ServiceException('ValidationError', message);
