/** What a deployment did, resource by resource, in the words of CloudFormation. */

export type StackStatus =
  | 'CREATE_COMPLETE'
  | 'ROLLBACK_COMPLETE'
  | 'UPDATE_COMPLETE'
  | 'UPDATE_ROLLBACK_COMPLETE'
  | 'UPDATE_ROLLBACK_FAILED'
  | 'DELETE_COMPLETE'
  | 'DELETE_FAILED';

export interface StackEvent {
  logicalId: string;
  type: string;
  status:
    | 'CREATE_COMPLETE'
    | 'CREATE_FAILED'
    | 'UPDATE_COMPLETE'
    | 'UPDATE_FAILED'
    | 'DELETE_COMPLETE'
    | 'DELETE_FAILED'
    /** Retained: no longer the stack's, and still there. */
    | 'DELETE_SKIPPED';
  physicalId?: string;
  reason?: string;
}

export interface StackOperation {
  status: StackStatus;
  /** In order; what did not change is not mentioned. */
  events: readonly StackEvent[];
}

/** A deployment or deletion that did not end as asked; `reason` is the service's own message. */
export class StackOperationError extends Error implements StackOperation {
  override readonly name = 'StackOperationError';
  readonly code = 'ERR_SANDBOX_STACK_OPERATION';
  readonly status: StackStatus;
  readonly events: readonly StackEvent[];
  /** The resource it failed at. */
  readonly logicalId: string;
  readonly reason: string;

  constructor(status: StackStatus, failed: StackEvent, events: readonly StackEvent[]) {
    super(`${failed.logicalId} (${failed.type}): ${failed.reason} Stack: ${status}.`);
    this.status = status;
    this.events = events;
    this.logicalId = failed.logicalId;
    this.reason = failed.reason ?? '';
  }
}
