/** Deletes resources in the opposite order of their making, or leaves them behind where their policy says so. */
import type { Place } from './declarations.ts';
import type { Loaded } from './load.ts';
import { refuseUndeletable, undeletable } from './refusals.ts';
import type { Existing, ResourceType, World } from './resource-type.ts';
import { RESOURCE_TYPES } from './resource-types.ts';
import { type StackEvent, type StackOperation, StackOperationError } from './stack-operation.ts';
import { asLoaded, isRetained, reasonOf, type Standing, worldFor } from './standing.ts';

/**
 * DeleteStack. What is retained is no longer the stack's, and stays as it is.
 * @throws StackOperationError DELETE_FAILED: what could not be deleted is still the stack's
 */
export async function destroyStack(loaded: Loaded, place: Place): Promise<StackOperation> {
  const world = worldFor(place, loaded.memory, () => undefined);
  for (const [logicalId, { type, deletionPolicy }] of loaded.standing) {
    refuseUndeletable(logicalId, type, deletionPolicy);
  }
  const events = await deleteAll([...loaded.standing.values()], world);
  const failed = events.filter(({ status }) => status === 'DELETE_FAILED');
  const left = [...loaded.standing].filter(([logicalId]) =>
    failed.some((event) => event.logicalId === logicalId),
  );
  loaded.standing = new Map(left);
  loaded.resources = new Map(left.map(([logicalId, one]) => [logicalId, asLoaded(one)]));
  loaded.outputs = {};
  loaded.unfinishedRollback = undefined;
  const [first] = failed;
  if (first !== undefined) {
    throw new StackOperationError('DELETE_FAILED', first, events);
  }
  return { status: 'DELETE_COMPLETE', events };
}

/** A resource that is to go; its policy is the DeletionPolicy, or UpdateReplacePolicy when it was replaced. */
export type Doomed = Standing;

/** Tries every one of them; a failure is an event, and what the failed one needs stays as well. */
export async function deleteAll(doomed: readonly Doomed[], world: World): Promise<StackEvent[]> {
  const events: StackEvent[] = [];
  const stays = new Set<string>();
  const keep = (needs: readonly string[]) => {
    for (const needed of needs) {
      stays.add(needed);
    }
  };
  for (const { type, existing, deletionPolicy, needs } of lastMadeFirst(doomed)) {
    const { logicalId, ref: physicalId } = existing;
    const about = { logicalId, type, physicalId };
    if (isRetained(deletionPolicy)) {
      events.push({ ...about, status: 'DELETE_SKIPPED' });
      continue;
    }
    if (stays.has(logicalId)) {
      keep(needs);
      events.push({
        ...about,
        status: 'DELETE_FAILED',
        reason: 'Something that needs it is left.',
      });
      continue;
    }
    try {
      await remove(type, RESOURCE_TYPES[type], existing, world);
      events.push({ ...about, status: 'DELETE_COMPLETE' });
    } catch (error) {
      keep(needs);
      events.push({ ...about, status: 'DELETE_FAILED', reason: reasonOf(error) });
    }
  }
  return events;
}

/** @throws SandboxLoadError when resources of this type cannot be deleted here */
export async function remove(
  typeName: string,
  type: ResourceType | undefined,
  existing: Existing,
  world: World,
): Promise<void> {
  if (type?.delete === undefined) {
    throw undeletable(existing.logicalId, typeName);
  }
  await type.delete(existing, world);
}

function lastMadeFirst(doomed: readonly Doomed[]): Doomed[] {
  const byId = new Map(doomed.map((one) => [one.existing.logicalId, one]));
  const done = new Set<string>();
  const order: Doomed[] = [];
  const visit = (one: Doomed) => {
    const { logicalId } = one.existing;
    if (done.has(logicalId)) {
      return;
    }
    done.add(logicalId);
    for (const needed of one.needs) {
      const other = byId.get(needed);
      if (other !== undefined) {
        visit(other);
      }
    }
    order.unshift(one);
  };
  doomed.forEach(visit);
  return order;
}
