/** CloudFormation's intrinsic functions and conditions (CloudFormation template reference). */
import type { Template } from './assembly.ts';
import { SandboxLoadError } from './load-error.ts';

export interface Names {
  /** What `Ref` gives for a resource, parameter or pseudo parameter. */
  ref(name: string): unknown;
  /** What `Fn::GetAtt` gives. */
  attribute(logicalId: string, attribute: string): unknown;
}

const NO_VALUE = Symbol('AWS::NoValue');

export class Resolver {
  readonly #names: Names;
  readonly #template: Template;

  constructor(template: Template, names: Names) {
    this.#template = template;
    this.#names = names;
  }

  resolve(value: unknown): unknown {
    const resolved = this.#resolve(value);
    return resolved === NO_VALUE ? undefined : resolved;
  }

  condition(name: string): boolean {
    const condition = this.#template.Conditions?.[name];
    if (condition === undefined) {
      throw new SandboxLoadError(`Condition ${name} is not in the template.`);
    }
    return this.#isTrue(condition);
  }

  #resolve(value: unknown): unknown {
    if (Array.isArray(value)) {
      return value.map((member) => this.#resolve(member)).filter((member) => member !== NO_VALUE);
    }
    if (typeof value !== 'object' || value === null) {
      return value;
    }
    const entries = Object.entries(value);
    const [name, argument] = entries[0] ?? [];
    if (entries.length === 1 && (name === 'Ref' || name?.startsWith('Fn::'))) {
      return this.#call(name, argument);
    }
    return Object.fromEntries(
      entries
        .map(([key, member]) => [key, this.#resolve(member)] as const)
        .filter(([, member]) => member !== NO_VALUE),
    );
  }

  #call(name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return argument === 'AWS::NoValue' ? NO_VALUE : this.#names.ref(String(argument));
      case 'Fn::GetAtt': {
        const [logicalId, ...path] = Array.isArray(argument)
          ? argument.map(String)
          : String(argument).split('.');
        return this.#names.attribute(logicalId ?? '', path.join('.'));
      }
      case 'Fn::Sub':
        return this.#substitute(argument);
      case 'Fn::Join': {
        const [separator, parts] = argument as [string, unknown];
        return (this.#resolve(parts) as unknown[]).map(String).join(separator);
      }
      case 'Fn::Select': {
        const [index, list] = this.#resolve(argument) as [unknown, unknown[]];
        return list[Number(index)];
      }
      case 'Fn::Split': {
        const [separator, text] = this.#resolve(argument) as [string, unknown];
        return String(text).split(separator);
      }
      case 'Fn::If': {
        const [condition, yes, no] = argument as [string, unknown, unknown];
        return this.#resolve(this.condition(condition) ? yes : no);
      }
      case 'Fn::FindInMap': {
        const [map, top, second] = (this.#resolve(argument) as unknown[]).map(String);
        return this.#template.Mappings?.[map ?? '']?.[top ?? '']?.[second ?? ''];
      }
      case 'Fn::GetAZs': {
        const region = String(this.#resolve(argument) || this.#names.ref('AWS::Region'));
        return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
      }
      case 'Fn::Base64':
        return Buffer.from(String(this.#resolve(argument))).toString('base64');
      default:
        throw new SandboxLoadError(`The sandbox does not simulate ${name}.`);
    }
  }

  #substitute(argument: unknown): string {
    const [text, own] = Array.isArray(argument)
      ? [String(argument[0]), argument[1] as Record<string, unknown>]
      : [String(argument), {}];
    return text.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
      if (name.startsWith('!')) {
        return `\${${name.slice(1)}}`;
      }
      if (Object.hasOwn(own, name)) {
        return String(this.#resolve(own[name]));
      }
      const [logicalId = '', ...path] = name.split('.');
      return String(
        path.length === 0
          ? this.#names.ref(name)
          : this.#names.attribute(logicalId, path.join('.')),
      );
    });
  }

  #isTrue(condition: unknown): boolean {
    const [[name, argument] = []] = Object.entries(condition as Record<string, unknown>);
    switch (name) {
      case 'Fn::Equals': {
        const [left, right] = this.#resolve(argument) as [unknown, unknown];
        return String(left) === String(right);
      }
      case 'Fn::And':
        return (argument as unknown[]).every((member) => this.#isTrue(member));
      case 'Fn::Or':
        return (argument as unknown[]).some((member) => this.#isTrue(member));
      case 'Fn::Not':
        return !this.#isTrue((argument as unknown[])[0]);
      case 'Condition':
        return this.condition(String(argument));
      default:
        throw new SandboxLoadError(`The sandbox does not simulate the condition ${name}.`);
    }
  }
}

/** Logical ids that a value mentions, by Ref, GetAtt or Sub. */
export function mentionedIn(value: unknown): string[] {
  if (Array.isArray(value)) {
    return value.flatMap(mentionedIn);
  }
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, member]) => {
    switch (key) {
      case 'Ref':
        return [String(member)];
      case 'Fn::GetAtt':
        return [Array.isArray(member) ? String(member[0]) : (String(member).split('.')[0] ?? '')];
      case 'Fn::Sub': {
        const [text, own] = Array.isArray(member) ? member : [member, {}];
        const names = [...String(text).matchAll(/\$\{([^!}.]+)[^}]*\}/g)].map(
          ([, name]) => name ?? '',
        );
        return [...names, ...mentionedIn(own)];
      }
      default:
        return mentionedIn(member);
    }
  });
}
