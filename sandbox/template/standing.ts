/** A stack as it stands, and the operations that make, change and delete one of its resources. */
import { isDeepStrictEqual } from 'node:util';
import type { PolicyDocument, Statement } from '../iam/policy.ts';
import type { LoadedResource } from '../sandbox.ts';
import { ServiceException } from '../service.ts';
import type { Stack } from './assembly.ts';
import type { Place } from './declarations.ts';
import { SandboxLoadError } from './load-error.ts';
import type { Declared, Existing, ResourceType, World } from './resource-type.ts';

/** One resource of the stack. */
export interface Standing {
  type: string;
  existing: Existing;
  deletionPolicy: string;
  /** Logical ids that were made before it, and are deleted after it. */
  needs: readonly string[];
}

/** What outlives one deployment: each deployment's World is made from it. */
export interface Memory {
  /** Key of the object in the bootstrap bucket → file or folder; a rollback needs those of the release before. */
  assets: Map<string, string>;
  busStatements: Map<string, Statement[]>;
  /** Grows with every deployment, so that what is made anew gets another generated name. */
  generation: number;
}

export const newMemory = (): Memory => ({
  assets: new Map(),
  busStatements: new Map(),
  generation: 0,
});

export function worldFor(
  place: Place,
  memory: Memory,
  notSimulated: (what: string) => void,
): World {
  const caller = executionRole(place);
  return {
    ...place,
    busStatements: memory.busStatements,
    asset: (objectKey) => assetOf(memory, objectKey),
    notSimulated,
    async call(signingName, operation, input) {
      const found = place.bySigningName.get(signingName)?.operations[operation];
      if (found === undefined) {
        throw new SandboxLoadError(`The sandbox does not simulate ${signingName}:${operation}.`);
      }
      for (const check of found.authorize(input, caller)) {
        place.iam.authorize(caller, check);
      }
      return ((await found.run(input, caller)) ?? {}) as Record<string, unknown>;
    },
  };
}

/** The role that `cdk bootstrap` makes: an administrator by identity, bound by resource policies. */
function executionRole({ iam, account, region }: Place) {
  const trust: PolicyDocument = {
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 'cloudformation.amazonaws.com' },
        Action: 'sts:AssumeRole',
      },
    ],
  };
  const name = `cdk-hnb659fds-cfn-exec-role-${account}-${region}`;
  const { arn } = iam.createRole(name, trust);
  iam.putRolePolicy(name, 'AdministratorAccess', {
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  });
  return iam.callerOfRole(arn, 'AWSCloudFormation');
}

function assetOf({ assets }: Memory, objectKey: string): string {
  const found = assets.get(objectKey);
  if (found === undefined) {
    throw new SandboxLoadError(`The assembly has no asset ${objectKey}.`);
  }
  return found;
}

export function rememberAssets({ assets }: Memory, stack: Stack): void {
  for (const [objectKey, place] of stack.assets) {
    assets.set(objectKey, place);
  }
}

export async function make(
  typeName: string,
  type: ResourceType,
  declared: Declared,
  world: World,
): Promise<Existing> {
  if (!type.properties.includes('*')) {
    for (const name of Object.keys(declared.properties)) {
      if (!type.properties.includes(name)) {
        world.notSimulated(`${declared.logicalId} (${typeName}): property ${name}`);
      }
    }
  }
  const { ref, attributes = {} } = await type.create(declared, world);
  return { ...declared, ref, attributes: { ...attributes } };
}

export function asLoaded({ type, existing }: Standing): LoadedResource {
  const { ref, attributes } = existing;
  return { type, physicalId: ref, attributes: { ...attributes } };
}

/** Names of the properties that differ. */
export function changedProperties(before: Declared, after: Declared): string[] {
  const names = new Set([...Object.keys(before.properties), ...Object.keys(after.properties)]);
  return [...names].filter(
    (name) => !isDeepStrictEqual(before.properties[name], after.properties[name]),
  );
}

/** "RetainExceptOnCreate … deletes the resource if the operation that created it is rolled back". */
export const isRetained = (policy: string): boolean =>
  policy === 'Retain' || policy === 'RetainExceptOnCreate';

export function reasonOf(error: unknown): string {
  if (error instanceof ServiceException) {
    return `${error.message} (${error.code})`;
  }
  return error instanceof Error ? error.message : String(error);
}
