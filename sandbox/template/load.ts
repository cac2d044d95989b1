/** Makes the resources of a stack, as CloudFormation would, in the sandbox's services. */
import type { LoadedResource } from '../sandbox.ts';
import type { Stack } from './assembly.ts';
import { Declarations, type Place } from './declarations.ts';
import type { Undo } from './deploy.ts';
import { SandboxLoadError } from './load-error.ts';
import {
  asLoaded,
  type Memory,
  make,
  newMemory,
  rememberAssets,
  type Standing,
  worldFor,
} from './standing.ts';

export interface Loaded {
  resources: Map<string, LoadedResource>;
  outputs: Record<string, string>;
  notSimulated: string[];
  name: string;
  terminationProtection: boolean;
  standing: Map<string, Standing>;
  memory: Memory;
  /** What a rollback could not take back: the stack is UPDATE_ROLLBACK_FAILED. */
  unfinishedRollback?: Undo[] | undefined;
}

/** @throws SandboxLoadError naming the resource that could not be made; the cause says why */
export async function loadStack(stack: Stack, place: Place): Promise<Loaded> {
  const memory = newMemory();
  rememberAssets(memory, stack);
  const resources = new Map<string, LoadedResource>();
  const standing = new Map<string, Standing>();
  const notSimulated: string[] = [];
  const declarations = new Declarations(stack, place, resources);
  const world = worldFor(place, memory, (what) => notSimulated.push(what));
  for (const logicalId of declarations.wanted()) {
    const { Type, DeletionPolicy = 'Delete' } = declarations.resource(logicalId);
    const type = declarations.typeOf(logicalId);
    if (type === undefined) {
      notSimulated.push(`${logicalId} (${Type})`);
      continue;
    }
    try {
      const declared = declarations.declared(logicalId, memory.generation);
      const made: Standing = {
        type: Type,
        existing: await make(Type, type, declared, world),
        deletionPolicy: DeletionPolicy,
        needs: declarations.needs(logicalId),
      };
      standing.set(logicalId, made);
      resources.set(logicalId, asLoaded(made));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SandboxLoadError(`${logicalId} (${Type}) could not be made. ${reason}`, { cause });
    }
  }
  return {
    resources,
    standing,
    notSimulated,
    memory,
    name: stack.name,
    terminationProtection: stack.terminationProtection,
    outputs: declarations.outputs(),
  };
}
