/** Refuses, by name, what the evaluator would not judge as AWS does. Asked before a policy counts. */
import { isKnownConditionKey, isMultivalued } from './condition-keys.ts';
import { isKnownOperator } from './conditions.ts';
import type { PolicyDocument, Statement } from './policy.ts';
import { asList } from './wildcard.ts';

export class UnsupportedPolicyError extends Error {
  override readonly name = 'UnsupportedPolicyError';
  readonly code = 'ERR_SANDBOX_UNSUPPORTED_POLICY';
}

export type PolicyKind = 'identity' | 'resource';

const ELEMENTS: ReadonlySet<string> = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

/** @throws UnsupportedPolicyError naming the policy, the statement and what is not simulated */
export function assertSupportedPolicy(
  document: PolicyDocument,
  where: string,
  kind: PolicyKind,
): void {
  asList(document.Statement).forEach((statement, index) => {
    const fault = faultOf(statement, kind);
    if (fault !== undefined) {
      const name = statement.Sid ?? `statement ${index + 1}`;
      throw new UnsupportedPolicyError(
        `${where}, ${name}: ${fault}. The sandbox loads only policies it evaluates as AWS does; ` +
          'change the policy or teach sandbox/iam the missing part.',
      );
    }
  });
}

function faultOf(statement: Statement, kind: PolicyKind): string | undefined {
  const unknown = Object.keys(statement).find((element) => !ELEMENTS.has(element));
  if (unknown !== undefined) {
    return `element ${unknown} is not known`;
  }
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') {
    return `Effect is ${JSON.stringify(statement.Effect)}, expected Allow or Deny`;
  }
  if ((statement.Action === undefined) === (statement.NotAction === undefined)) {
    return 'exactly one of Action and NotAction is needed';
  }
  const variable = /\$\{[^}]*\}/.exec(JSON.stringify(statement));
  if (variable !== null) {
    return `policy variable ${variable[0]} is not simulated`;
  }
  if (kind === 'identity') {
    if (statement.Principal !== undefined || statement.NotPrincipal !== undefined) {
      return 'an identity policy names no principal';
    }
    if ((statement.Resource === undefined) === (statement.NotResource === undefined)) {
      return 'exactly one of Resource and NotResource is needed';
    }
  } else if ((statement.Principal === undefined) === (statement.NotPrincipal === undefined)) {
    return 'exactly one of Principal and NotPrincipal is needed';
  } else if (statement.NotPrincipal !== undefined && statement.Effect === 'Allow') {
    return 'NotPrincipal with Allow grants to everybody, anonymous callers included';
  }
  return faultOfPrincipal(statement) ?? faultOfConditions(statement);
}

function faultOfPrincipal({ Principal, NotPrincipal }: Statement): string | undefined {
  const principals = Principal ?? NotPrincipal;
  if (principals === undefined || typeof principals === 'string') {
    return principals === undefined || principals === '*'
      ? undefined
      : `Principal is ${JSON.stringify(principals)}, expected "*" or an object`;
  }
  const type = Object.keys(principals).find((key) => key !== 'AWS' && key !== 'Service');
  return type === undefined ? undefined : `principal type ${type} is not simulated`;
}

function faultOfConditions(statement: Statement): string | undefined {
  for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
    if (!isKnownOperator(operator)) {
      return `condition operator ${operator} is not simulated`;
    }
    const key = Object.keys(keys).find((name) => !isKnownConditionKey(name));
    if (key !== undefined) {
      return `condition key ${key} is supplied by no check of the sandbox`;
    }
    // "You must use ForAllValues or ForAnyValue" with them (IAM user guide, "Multivalued context keys"): without, AWS
    // finds no match, whatever the values are.
    const several = Object.keys(keys).find(isMultivalued);
    if (several !== undefined && operator !== 'Null' && !operator.startsWith('For')) {
      return `condition key ${several} has several values, and ${operator} compares one`;
    }
  }
  return undefined;
}
