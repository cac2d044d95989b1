/**
 * A deployment, as CloudFormation makes one: each resource of the new template is compared with what stands,
 * intrinsics resolved, and created, changed in place, replaced or left alone, in the order they need each
 * other; then what the template no longer holds, or what was replaced, is deleted. A failure undoes what was
 * done. (CloudFormation user guide, "Update behaviors of stack resources", "DeletionPolicy",
 * "UpdateReplacePolicy".)
 *
 * A resource whose update failed is brought back by another update, like those that succeeded: it may have
 * changed in part. When a service refuses that too, the stack is left UPDATE_ROLLBACK_FAILED, as in AWS.
 */
import type { Stack } from './assembly.ts';
import { Declarations, type Place } from './declarations.ts';
import { type Doomed, deleteAll, remove } from './delete.ts';
import type { Loaded } from './load.ts';
import { SandboxLoadError } from './load-error.ts';
import { refuseUnsupported, refuseUnsupportedChange } from './refusals.ts';
import type { Existing, World } from './resource-type.ts';
import type { StackEvent, StackOperation } from './stack-operation.ts';
import { StackOperationError } from './stack-operation.ts';
import {
  asLoaded,
  changedProperties,
  make,
  reasonOf,
  rememberAssets,
  type Standing,
  worldFor,
} from './standing.ts';

/** Takes one step back. */
export interface Undo {
  event: StackEvent;
  run: () => Promise<void>;
}

interface Deployment {
  declarations: Declarations;
  world: World;
  before: Loaded;
  after: Loaded;
  events: StackEvent[];
  /** Takes back what was done, newest first. */
  undo: Undo[];
  replaced: Doomed[];
}

/**
 * @param before the stack as it stands; without resources: one that is made now
 * @throws StackOperationError after a rollback; SandboxLoadError for what the sandbox does not simulate
 */
export async function deployStack(
  before: Loaded,
  stack: Stack,
  place: Place,
): Promise<{ loaded: Loaded; operation: StackOperation }> {
  const creating = before.standing.size === 0;
  const after = copyOf(before, stack);
  const declarations = new Declarations(stack, place, after.resources);
  refuseUnsupported(before, declarations);
  before.memory.generation += 1;
  rememberAssets(before.memory, stack);
  const world = worldFor(place, before.memory, (what) => after.notSimulated.push(what));
  const deployment: Deployment = {
    ...{ declarations, world, before, after },
    ...{ events: [], undo: [], replaced: [] },
  };
  const wanted = declarations.wanted();
  for (const logicalId of wanted) {
    try {
      await settle(deployment, logicalId);
    } catch (error) {
      await rollBack(deployment, logicalId, creating, error);
    }
  }
  const kept = new Set(wanted);
  const removed = [...before.standing]
    .filter(([logicalId]) => !kept.has(logicalId))
    .map(([, { existing, ...rest }]) => ({ ...rest, existing }));
  for (const { existing } of removed) {
    after.standing.delete(existing.logicalId);
    after.resources.delete(existing.logicalId);
  }
  after.outputs = declarations.outputs();
  // A clean-up that fails leaves the resource behind and the stack updated, as in AWS.
  deployment.events.push(...(await deleteAll([...removed, ...deployment.replaced], world)));
  const status = creating ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE';
  return { loaded: after, operation: { status, events: deployment.events } };
}

function copyOf(before: Loaded, stack: Stack): Loaded {
  return {
    ...before,
    name: stack.name,
    terminationProtection: stack.terminationProtection,
    resources: new Map(before.resources),
    standing: new Map(before.standing),
    notSimulated: [],
  };
}

async function settle(deployment: Deployment, logicalId: string): Promise<void> {
  const { declarations, before, after, world, events } = deployment;
  const { Type, DeletionPolicy = 'Delete', UpdateReplacePolicy } = declarations.resource(logicalId);
  const type = declarations.typeOf(logicalId);
  if (type === undefined) {
    world.notSimulated(`${logicalId} (${Type})`);
    return;
  }
  const rest = {
    type: Type,
    deletionPolicy: DeletionPolicy,
    needs: declarations.needs(logicalId),
  };
  const stand = (existing: Existing) => {
    const standing: Standing = { ...rest, existing };
    after.standing.set(logicalId, standing);
    after.resources.set(logicalId, asLoaded(standing));
  };
  const old = before.standing.get(logicalId);
  const declared = declarations.declared(logicalId, before.memory.generation);
  const changed = old === undefined ? [] : changedProperties(old.existing, declared);
  if (old !== undefined && changed.length === 0) {
    // Policies and dependencies are the template's alone; no service hears of them.
    stand(old.existing);
    return;
  }
  const replaces = changed.some((name) => type.replacement?.includes(name));
  if (old !== undefined && !replaces) {
    refuseUnsupportedChange(logicalId, Type, type, changed);
    const again = { ...declared, generatedName: old.existing.generatedName };
    const { ref, attributes } = old.existing;
    const now: Existing = { ...again, ref, attributes };
    const event: StackEvent = { logicalId, type: Type, status: 'UPDATE_COMPLETE', physicalId: ref };
    deployment.undo.push({ event, run: async () => type.update?.(now, old.existing, world) });
    await type.update?.(old.existing, again, world);
    stand(now);
    events.push(event);
    return;
  }
  const made = await make(Type, type, declared, world);
  const event: StackEvent = {
    ...{ logicalId, type: Type, physicalId: made.ref },
    status: old === undefined ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE',
  };
  // What this very operation made goes again, unless its policy is Retain without exception.
  if (DeletionPolicy !== 'Retain') {
    deployment.undo.push({ event, run: async () => remove(Type, type, made, world) });
  }
  stand(made);
  events.push(event);
  if (old !== undefined) {
    const deletionPolicy = UpdateReplacePolicy ?? 'Delete';
    deployment.replaced.push({ ...old, deletionPolicy });
  }
}

async function rollBack(
  { undo, events, before, declarations }: Deployment,
  logicalId: string,
  creating: boolean,
  error: unknown,
): Promise<never> {
  const failed: StackEvent = {
    logicalId,
    type: declarations.resource(logicalId).Type,
    status: before.standing.has(logicalId) ? 'UPDATE_FAILED' : 'CREATE_FAILED',
    reason: reasonOf(error),
  };
  events.push(failed);
  const left = await takeBack(undo.reverse(), events);
  before.unfinishedRollback = left.length === 0 ? undefined : left;
  if (error instanceof SandboxLoadError) {
    throw error;
  }
  const ended = creating ? 'ROLLBACK_COMPLETE' : 'UPDATE_ROLLBACK_COMPLETE';
  throw new StackOperationError(
    left.length === 0 ? ended : 'UPDATE_ROLLBACK_FAILED',
    failed,
    events,
  );
}

/** @returns what could not be taken back */
async function takeBack(undo: readonly Undo[], events: StackEvent[]): Promise<Undo[]> {
  const left: Undo[] = [];
  for (const step of undo) {
    const { event } = step;
    const isNew = event.status === 'CREATE_COMPLETE';
    try {
      await step.run();
      events.push({ ...event, status: isNew ? 'DELETE_COMPLETE' : 'UPDATE_COMPLETE' });
    } catch (cause) {
      left.push(step);
      const status = isNew ? 'DELETE_FAILED' : 'UPDATE_FAILED';
      events.push({ ...event, status, reason: reasonOf(cause) });
    }
  }
  return left;
}

/**
 * ContinueUpdateRollback: tries again what could not be taken back.
 * @param skip logical ids that count as taken back, whatever they are like
 * @throws StackOperationError when it is refused again
 */
export async function continueRollback(
  loaded: Loaded,
  skip: readonly string[],
): Promise<StackOperation> {
  const events: StackEvent[] = [];
  const wanted = (loaded.unfinishedRollback ?? []).filter(
    ({ event }) => !skip.includes(event.logicalId),
  );
  const left = await takeBack(wanted, events);
  loaded.unfinishedRollback = left.length === 0 ? undefined : left;
  const failed = events.find(({ reason }) => reason !== undefined);
  if (failed !== undefined) {
    throw new StackOperationError('UPDATE_ROLLBACK_FAILED', failed, events);
  }
  return { status: 'UPDATE_ROLLBACK_COMPLETE', events };
}
