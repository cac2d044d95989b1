/**
 * A configuration may name what is known at deployment only: the endpoint of a cluster of the same app, a
 * role, a VPC. Such a token is taken out for the check, a valid placeholder in its place, and put back after it.
 * Where the text becomes part of a name or of an asset, a token is refused.
 */
import { Stack, Token, Tokenization } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { secretNameOfArn } from '../domain/config/names.ts';

export interface Deferred {
  /** The document with a placeholder for every token. */
  readonly document: unknown;
  readonly problems: readonly string[];
  /** The checked document with its tokens, where the original had them. */
  readonly restore: <Checked>(checked: Checked) => Checked;
  /** A message as it reads without placeholders. */
  readonly tell: (message: string) => string;
}

type Path = readonly (string | number)[];
interface Known {
  /** Of the stack, or what stands for it. */
  readonly region: string;
  readonly account: string;
}

const hex = (number: number) => number.toString(16).padStart(8, '0');

/** Where a token may stand, and what stands for the n-th one. */
const places: readonly [
  path: RegExp,
  placeholder: (n: number, known: Known, token: string | number) => string | number,
][] = [
  [/^region$/, (_, { region }) => region],
  [
    /^(breakGlassRoleArn|escrow\.readerRoleArns\.\d+|triggers\.\w+\.from\.\d+|secrets\.[^.]+\.inbox\.owners\.\d+)$/,
    (n, { account }) => `arn:aws:iam::${account}:role/deferred-${n}`,
  ],
  [/^contacts\.(onCall|security|support|product)\.\d+$/, (n) => `deferred-${n}@example.com`],
  [/^contacts\.endpoints\.\w+\.\d+$/, (n) => `https://deferred-${n}.example.com/`],
  [/^networks\.[^.]+\.vpcId$/, (n) => `vpc-${hex(n)}`],
  [/^networks\.[^.]+\.subnetIds\.\d+$/, (n) => `subnet-${hex(n)}`],
  [/^networks\.[^.]+\.routeTableIds\.\d+$/, (n) => `rtb-${hex(n)}`],
  [/^networks\.[^.]+\.databaseSecurityGroupId$/, (n) => `sg-${hex(n)}`],
  [/^networks\.[^.]+\.vpcCidrs\.\d+$/, (n) => `10.${n % 256}.0.0/16`],
  [/^networks\.[^.]+\.prefixListIds\.(dynamodb|s3)$/, (n) => `pl-${hex(n)}`],
  [
    /^(secrets\.[^.]+\.(adopt|admin|bootstrap)|certificates\.\d+\.secret|sync\.\d+)\.kmsKeyArn$/,
    (n, { region, account }) => `arn:aws:kms:${region}:${account}:key/deferred-${n}`,
  ],
  [
    /^certificates\.\d+\.acm$/,
    (n, { region, account }) => `arn:aws:acm:${region}:${account}:certificate/deferred-${n}`,
  ],
  [/^secrets\.[^.]+\.(endpoints\.\d+\.)?host$/, (n) => `deferred-${n}.example.com`],
  [/^secrets\.[^.]+\.(endpoints\.\d+\.)?port$/, () => 5432],
  [
    /^consumers\.\d+\.restart\.(cluster|service|function|codeDeploy\.(application|deploymentGroup))$/,
    (n) => `deferred-${n}`,
  ],
  [
    /^(consumers\.\d+\.restart|rollout\.redeploy)\.url$/,
    (n, _, token) => withHost(String(token), `deferred-${n}.example.com`),
  ],
  [
    /^consumers\.\d+\.health\.(credentials|probes\.\d+\.url)$/,
    (n, _, token) => withHost(String(token), `deferred-${n}.example.com`),
  ],
];

/** A text with tokens, each replaced by a host: scheme, port and path of a URL are looked at before its host is known. */
export const withHost = (text: string, host: string): string =>
  Tokenization.reverseString(text)
    .mapTokens({ mapToken: () => host })
    .join({ join: (left, right) => `${left ?? ''}${right ?? ''}` });

export function deferTokens(scope: Construct, words: unknown, known: Known): Deferred {
  const replacement = new Replacement(Stack.of(scope), known);
  const document = replacement.of(words, []);
  return {
    document,
    problems: replacement.problems,
    restore: (checked) => {
      for (const { path, token } of replacement.taken) {
        put(checked, path, token);
      }
      return checked;
    },
    tell: (message) =>
      replacement.texts.reduce(
        (text, placeholder) => text.replaceAll(placeholder, 'known at deployment'),
        message,
      ),
  };
}

class Replacement {
  readonly taken: { readonly path: Path; readonly token: unknown }[] = [];
  readonly problems: string[] = [];
  readonly #placeholders = new Map<unknown, string | number>();
  readonly #stack: Stack;
  readonly #known: Known;

  constructor(stack: Stack, known: Known) {
    this.#stack = stack;
    this.#known = known;
  }

  get texts(): string[] {
    return [...this.#placeholders.values()].filter((value) => typeof value === 'string');
  }

  of(value: unknown, path: Path): unknown {
    if (Array.isArray(value) && Token.isUnresolved(value)) {
      // How long a list is that is known at deployment only, nobody knows: one placeholder stands for all of it.
      return [this.#replaced(value, path, [...path, 0])];
    }
    if (Array.isArray(value)) {
      return value.map((member, index) => this.of(member, [...path, index]));
    }
    if (isToken(value)) {
      return this.#replaced(value, path, path);
    }
    if (!isPlain(value)) {
      return value;
    }
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    if (isToken(value.secretArn)) {
      return this.#existingSecret(Object.fromEntries(members), value.secretArn, path);
    }
    return Object.fromEntries(
      members.map(([key, member]) => [key, this.of(member, [...path, key])]),
    );
  }

  /** The name is the key of its records, so it is never left to an ARN that is not known yet. */
  #existingSecret(given: Record<string, unknown>, secretArn: string | number, path: Path): unknown {
    const arn = this.#literal(secretArn);
    const number = this.#placeholders.size + 1;
    let name = given.secretName;
    if (isToken(name)) {
      this.taken.push({ path: [...path, 'secretName'], token: name });
      name = this.#placeholders.get(name) ?? `deferred-${number}`;
      this.#placeholders.set(given.secretName, name as string);
    }
    if (isToken(arn)) {
      if (name === undefined && path.at(-1) !== 'bootstrap') {
        this.problems.push(
          `${[...path, 'secretName'].join('.')}: found nothing beside an ARN known only at deployment; expected the secret's name`,
        );
      }
      const { region, account } = this.#known;
      this.#placeholders.set(
        secretArn,
        `arn:aws:secretsmanager:${region}:${account}:secret:${name ?? `deferred-${number}`}-AbCdEf`,
      );
    } else {
      name ??= nameOrNothing(String(arn));
    }
    return {
      ...Object.fromEntries(
        Object.entries(given).map(([key, member]) => [key, this.of(member, [...path, key])]),
      ),
      ...(name !== undefined && { secretName: name }),
    };
  }

  #replaced(token: unknown, path: Path, pattern: Path): unknown {
    this.taken.push({ path, token });
    const literal = this.#literal(token);
    const earlier = this.#placeholders.get(token);
    if (!isToken(literal) || earlier !== undefined) {
      return earlier ?? literal;
    }
    const place = places.find(([where]) => where.test(pattern.join('.')));
    if (place === undefined) {
      this.problems.push(
        `${path.join('.')}: found a value known only at deployment; expected one known at synthesis: it becomes part of names, or of what a function is`,
      );
      return undefined;
    }
    const placeholder = place[1](this.#placeholders.size + 1, this.#known, literal);
    this.#placeholders.set(token, placeholder);
    return placeholder;
  }

  /** The text itself where partition, region and account are all that is not known in it. */
  #literal(token: unknown): unknown {
    if (typeof token !== 'string') {
      return token;
    }
    const pseudo: Record<string, string> = {
      'AWS::Partition': 'aws',
      'AWS::Region': this.#known.region,
      'AWS::AccountId': this.#known.account,
    };
    const resolved: unknown = this.#stack.resolve(token);
    const parts: unknown =
      isPlain(resolved) && Array.isArray(resolved['Fn::Join'])
        ? resolved['Fn::Join'][1]
        : [resolved];
    const texts = (Array.isArray(parts) ? parts : [parts]).map((part) =>
      isPlain(part) && typeof part.Ref === 'string' ? pseudo[part.Ref] : part,
    );
    return texts.every((text) => typeof text === 'string') ? texts.join('') : token;
  }
}

const isToken = (value: unknown): value is string | number =>
  (typeof value === 'string' || typeof value === 'number') && Token.isUnresolved(value);

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return false;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** The check says what is wrong with an ARN. */
function nameOrNothing(arn: string): string | undefined {
  try {
    return secretNameOfArn(arn);
  } catch {
    return undefined;
  }
}

function put(into: unknown, path: Path, value: unknown): void {
  const [last] = path.slice(-1);
  const holder = path
    .slice(0, -1)
    .reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], into);
  (holder as Record<string, unknown>)[String(last)] = value;
}
