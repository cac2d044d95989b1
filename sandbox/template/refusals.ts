/** Deployments that AWS or the sandbox does not make, refused by name and never in part. */
import type { Declarations } from './declarations.ts';
import type { Loaded } from './load.ts';
import { SandboxLoadError } from './load-error.ts';
import type { ResourceType } from './resource-type.ts';
import { RESOURCE_TYPES } from './resource-types.ts';
import { isRetained } from './standing.ts';

/** @throws SandboxLoadError */
export function refuseUnsupported(before: Loaded, declarations: Declarations): void {
  const wanted = new Set(declarations.wanted());
  if (before.standing.size > 0 && before.name !== declarations.name) {
    throw new SandboxLoadError(
      `The assembly holds the stack ${declarations.name}; the sandbox has ${before.name}.`,
    );
  }
  if (before.unfinishedRollback !== undefined) {
    throw new SandboxLoadError(
      `Stack ${before.name} is in UPDATE_ROLLBACK_FAILED state and can not be updated.`,
    );
  }
  for (const [logicalId, { type, deletionPolicy }] of before.standing) {
    const { Type } = declarations.resource(logicalId);
    if (!wanted.has(logicalId)) {
      refuseUndeletable(logicalId, type, deletionPolicy);
    } else if (Type !== type) {
      // ValidationError of UpdateStack.
      throw new SandboxLoadError(
        `Update of resource type is not permitted. The new template modifies resource type of the following resources: [${logicalId}]`,
      );
    }
  }
}

/** @throws SandboxLoadError */
export function refuseUndeletable(logicalId: string, type: string, deletionPolicy: string): void {
  if (!isRetained(deletionPolicy) && RESOURCE_TYPES[type]?.delete === undefined) {
    throw undeletable(logicalId, type);
  }
}

export function undeletable(logicalId: string, type: string): SandboxLoadError {
  return new SandboxLoadError(
    `${logicalId} (${type}): the sandbox does not simulate its deletion.`,
  );
}

/** @throws SandboxLoadError */
export function refuseUnsupportedChange(
  logicalId: string,
  typeName: string,
  type: ResourceType,
  changed: readonly string[],
): void {
  const known = (name: string) => type.properties.includes('*') || type.properties.includes(name);
  const unsupported = type.update === undefined ? changed : changed.filter((name) => !known(name));
  if (unsupported.length > 0) {
    throw new SandboxLoadError(
      `${logicalId} (${typeName}): the sandbox does not simulate a change of ${unsupported.join(', ')}.`,
    );
  }
}
