/** A template with its intrinsics resolved, resource by resource, against what stands already. */
import { createHash } from 'node:crypto';
import type { Iam } from '../iam/iam.ts';
import { asList } from '../iam/wildcard.ts';
import type { LoadedResource } from '../sandbox.ts';
import type { AwsService } from '../service.ts';
import type { Stack, Template, TemplateResource } from './assembly.ts';
import { mentionedIn, Resolver } from './intrinsics.ts';
import { SandboxLoadError } from './load-error.ts';
import { inOrder } from './order.ts';
import type { Declared, ResourceType, Services } from './resource-type.ts';
import { RESOURCE_TYPES } from './resource-types.ts';

export interface Place extends Services {
  account: string;
  region: string;
  iam: Iam;
  bySigningName: ReadonlyMap<string, AwsService>;
}

/** Say nothing about behaviour: not listed as missing. */
const WITHOUT_EFFECT = new Set(['AWS::CDK::Metadata']);

export class Declarations {
  readonly name: string;
  readonly template: Template;
  readonly #resolver: Resolver;

  /** @param resources what Ref and GetAtt find: filled by whoever makes the resources, in order */
  constructor(stack: Stack, place: Place, resources: ReadonlyMap<string, LoadedResource>) {
    this.name = stack.name;
    this.template = inAccount(stack, place.account);
    this.#resolver = new Resolver(
      this.template,
      namesOf(this.template, stack.name, place, resources),
    );
  }

  /** Logical ids of what is to be made, what is mentioned or depended on first. */
  wanted(): string[] {
    return inOrder(this.template.Resources).filter((logicalId) => {
      const { Type, Condition } = this.resource(logicalId);
      return (
        !WITHOUT_EFFECT.has(Type) &&
        (Condition === undefined || this.#resolver.condition(Condition))
      );
    });
  }

  resource(logicalId: string): TemplateResource {
    return this.template.Resources[logicalId] ?? { Type: '' };
  }

  /** Absent: nothing here acts on resources of this type. */
  typeOf(logicalId: string): ResourceType | undefined {
    return RESOURCE_TYPES[this.resource(logicalId).Type];
  }

  /** @param generation tells the names that are generated for one logical id apart */
  declared(logicalId: string, generation: number): Declared {
    const { Properties } = this.resource(logicalId);
    return {
      logicalId,
      properties: (this.#resolver.resolve(Properties) ?? {}) as Record<string, unknown>,
      generatedName: (maximum) => generatedName(this.name, logicalId, generation, maximum),
    };
  }

  /** Logical ids that must stand before this one. */
  needs(logicalId: string): string[] {
    const { DependsOn, Properties } = this.resource(logicalId);
    return [...asList(DependsOn), ...mentionedIn(Properties)];
  }

  outputs(): Record<string, string> {
    return Object.fromEntries(
      Object.entries(this.template.Outputs ?? {})
        .filter(([, { Condition }]) =>
          asList(Condition).every((name) => this.#resolver.condition(name)),
        )
        .map(([name, { Value }]) => [name, String(this.#resolver.resolve(Value))]),
    );
  }
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
    'AWS::StackId': stackId(region, account, stackName),
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
        // A port is a number wherever it goes; this one is nobody's.
        return attribute.endsWith('Port') ? '0' : `not-simulated-${logicalId}-${attribute}`;
      }
      const value = resource.attributes[attribute];
      if (value === undefined) {
        throw new SandboxLoadError(`The sandbox gives ${logicalId} no attribute ${attribute}.`);
      }
      return value;
    },
  };
}

export function stackId(region: string, account: string, stackName: string): string {
  return `arn:aws:cloudformation:${region}:${account}:stack/${stackName}/sandbox`;
}

/** As CloudFormation names things: stack, logical id and a suffix, here the same at every load. */
function generatedName(
  stackName: string,
  logicalId: string,
  generation: number,
  maximum: number,
): string {
  const path = `${stackName}/${logicalId}${generation === 0 ? '' : `/${generation}`}`;
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 12);
  return `${`${stackName}-${logicalId}`.slice(0, maximum - 13)}-${hash.toUpperCase()}`;
}
