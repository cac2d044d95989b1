/** Makes the resources of a stack, as CloudFormation would, in the sandbox's services. */
import { createHash } from 'node:crypto';
import type { Iam } from '../iam/iam.ts';
import { asList } from '../iam/wildcard.ts';
import type { LoadedResource } from '../sandbox.ts';
import type { Stack, Template } from './assembly.ts';
import { Resolver } from './intrinsics.ts';
import { SandboxLoadError } from './load-error.ts';
import { inOrder } from './order.ts';
import type { Declared, Services, World } from './resource-type.ts';
import { RESOURCE_TYPES } from './resource-types.ts';

export interface Loaded {
  resources: Map<string, LoadedResource>;
  outputs: Record<string, string>;
  notSimulated: string[];
}

export interface Place extends Services {
  account: string;
  region: string;
  iam: Iam;
}

/** Say nothing about behaviour: not listed as missing. */
const WITHOUT_EFFECT = new Set(['AWS::CDK::Metadata']);

/** @throws SandboxLoadError naming the resource that could not be made; the cause says why */
export async function loadStack(stack: Stack, place: Place): Promise<Loaded> {
  const template = inAccount(stack, place.account);
  const resources = new Map<string, LoadedResource>();
  const notSimulated: string[] = [];
  const resolver = new Resolver(template, namesOf(template, stack.name, place, resources));
  const world: World = {
    ...place,
    busStatements: new Map(),
    asset: (objectKey) => assetOf(stack, objectKey),
    notSimulated: (what) => notSimulated.push(what),
  };
  for (const logicalId of inOrder(template.Resources)) {
    const { Type, Properties, Condition } = template.Resources[logicalId] ?? { Type: '' };
    if (WITHOUT_EFFECT.has(Type) || (Condition !== undefined && !resolver.condition(Condition))) {
      continue;
    }
    const type = RESOURCE_TYPES[Type];
    if (type === undefined) {
      notSimulated.push(`${logicalId} (${Type})`);
      continue;
    }
    try {
      const properties = (resolver.resolve(Properties) ?? {}) as Record<string, unknown>;
      const unknown = Object.keys(properties).filter((name) => !type.properties.includes(name));
      if (!type.properties.includes('*')) {
        notSimulated.push(...unknown.map((name) => `${logicalId} (${Type}): property ${name}`));
      }
      const generatedName = (maximum: number) => generated(stack.name, logicalId, maximum);
      const declared: Declared = { logicalId, properties, generatedName };
      const { ref, attributes = {} } = await type.create(declared, world);
      resources.set(logicalId, { type: Type, physicalId: ref, attributes: { ...attributes } });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SandboxLoadError(`${logicalId} (${Type}) could not be made. ${reason}`, { cause });
    }
  }
  return { resources, notSimulated, outputs: outputsOf(template, resolver) };
}

/** A stack for a real account is loaded as if it were for the sandbox's: its ARNs point nowhere else. */
function inAccount({ template, account }: Stack, own: string): Template {
  return account === undefined || account === own
    ? template
    : (JSON.parse(JSON.stringify(template).replaceAll(account, own)) as Template);
}

function namesOf(
  template: Template,
  stackName: string,
  { account, region }: Place,
  resources: ReadonlyMap<string, LoadedResource>,
) {
  const pseudo: Readonly<Record<string, unknown>> = {
    'AWS::AccountId': account,
    'AWS::Region': region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': stackName,
    'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/${stackName}/sandbox`,
    'AWS::NotificationARNs': [],
  };
  const assertDeclared = (logicalId: string) => {
    if (template.Resources[logicalId] === undefined) {
      throw new SandboxLoadError(`${logicalId} is mentioned, and not in the template.`);
    }
  };
  return {
    ref(name: string): unknown {
      if (Object.hasOwn(pseudo, name)) {
        return pseudo[name];
      }
      const parameter = template.Parameters?.[name];
      if (parameter !== undefined) {
        if (parameter.Default === undefined) {
          throw new SandboxLoadError(`Parameter ${name} has no default.`);
        }
        return parameter.Default;
      }
      assertDeclared(name);
      // Of what is not simulated only the name can be said, so that whoever mentions it can be made.
      return resources.get(name)?.physicalId ?? `not-simulated-${name}`;
    },
    attribute(logicalId: string, attribute: string): unknown {
      assertDeclared(logicalId);
      const resource = resources.get(logicalId);
      if (resource === undefined) {
        return `not-simulated-${logicalId}-${attribute}`;
      }
      const value = resource.attributes[attribute];
      if (value === undefined) {
        throw new SandboxLoadError(`The sandbox gives ${logicalId} no attribute ${attribute}.`);
      }
      return value;
    },
  };
}

function assetOf({ assets, name }: Stack, objectKey: string): string {
  const found = assets.get(objectKey);
  if (found === undefined) {
    throw new SandboxLoadError(`The assembly of ${name} has no asset ${objectKey}.`);
  }
  return found;
}

/** As CloudFormation names things: stack, logical id and a suffix, here the same at every load. */
function generated(stackName: string, logicalId: string, maximum: number): string {
  const hash = createHash('sha256').update(`${stackName}/${logicalId}`).digest('hex').slice(0, 12);
  return `${`${stackName}-${logicalId}`.slice(0, maximum - 13)}-${hash.toUpperCase()}`;
}

function outputsOf(template: Template, resolver: Resolver): Record<string, string> {
  return Object.fromEntries(
    Object.entries(template.Outputs ?? {})
      .filter(([, { Condition }]) => asList(Condition).every((name) => resolver.condition(name)))
      .map(([name, { Value }]) => [name, String(resolver.resolve(Value))]),
  );
}
