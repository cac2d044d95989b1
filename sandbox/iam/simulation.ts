/**
 * SimulatePrincipalPolicy by the sandbox's own evaluator: identity policies that stand, one resource policy that is
 * passed in, and the context that is passed in. Nothing else is known to it, as at AWS: no session, no resource
 * policy that was not passed.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
import { ServiceException } from '../service.ts';
import { type Context, conditionsHold } from './conditions.ts';
import { contextFrom } from './context.ts';
import { evaluate, isAbout, names, type Principal } from './evaluate.ts';
import type { NamedPolicy } from './identity.ts';
import type { PolicyDocument, Statement } from './policy.ts';
import { assertSupportedPolicy, UnsupportedPolicyError } from './validate.ts';
import { asList } from './wildcard.ts';

export interface SimulationInput {
  actions: readonly string[];
  resources: readonly string[];
  context: Readonly<Record<string, readonly string[]>>;
  resourcePolicy?: PolicyDocument;
}

type EvalDecision = 'allowed' | 'explicitDeny' | 'implicitDeny';

export interface ResourceResult {
  EvalResourceName: string;
  EvalResourceDecision: EvalDecision;
  MatchedStatements: { SourcePolicyId: string; SourcePolicyType: NamedPolicy['type'] }[];
  MissingContextValues: string[];
}

/** One answer an action, each resource told apart in it. */
export function simulate(
  principal: Principal,
  policies: readonly NamedPolicy[],
  input: SimulationInput,
): Record<string, unknown>[] {
  const context = contextFrom(input.context);
  return input.actions.map((action) => {
    const each = input.resources.map((resource) =>
      onResource(principal, policies, { action, resource }, context, input.resourcePolicy),
    );
    const decisions = each.map(({ EvalResourceDecision: decision }) => decision);
    const wildcard = input.resources.length === 1 && input.resources[0] === '*';
    return {
      EvalActionName: action,
      EvalResourceName: '*',
      EvalDecision:
        (['explicitDeny', 'implicitDeny'] as const).find((it) => decisions.includes(it)) ??
        'allowed',
      MatchedStatements: each.flatMap(({ MatchedStatements: matched }) => matched),
      MissingContextValues: [
        ...new Set(each.flatMap(({ MissingContextValues: missing }) => missing)),
      ],
      ...(!wildcard && { ResourceSpecificResults: each }),
    };
  });
}

function onResource(
  principal: Principal,
  policies: readonly NamedPolicy[],
  request: { action: string; resource: string },
  context: Context,
  resourcePolicy: PolicyDocument | undefined,
): ResourceResult {
  const decision = evaluate(
    principal,
    { ...request, ...(resourcePolicy && { resourcePolicy }) },
    policies.map(({ document }) => document),
    context,
  );
  const EvalResourceDecision: EvalDecision =
    decision === 'allowed'
      ? 'allowed'
      : decision.startsWith('denied')
        ? 'explicitDeny'
        : 'implicitDeny';
  const all: readonly NamedPolicy[] = [
    ...policies,
    ...(resourcePolicy
      ? [{ id: 'ResourcePolicy', type: 'resource', document: resourcePolicy } as const]
      : []),
  ];
  const about = all.flatMap((policy) =>
    asList(policy.document.Statement)
      .filter(
        (statement) =>
          isAbout(statement, request) &&
          (policy.type !== 'resource' || names(statement, principal)),
      )
      .map((statement) => ({ policy, statement })),
  );
  const effect = EvalResourceDecision === 'allowed' ? 'Allow' : 'Deny';
  return {
    EvalResourceName: request.resource,
    EvalResourceDecision,
    MatchedStatements: about
      .filter(
        ({ statement }) =>
          statement.Effect === effect && conditionsHold(statement.Condition, context),
      )
      .map(({ policy }) => ({ SourcePolicyId: policy.id, SourcePolicyType: policy.type })),
    MissingContextValues: [...new Set(about.flatMap(({ statement }) => keysOf(statement)))].filter(
      (key) => !context.has(key.toLowerCase()),
    ),
  };
}

const keysOf = ({ Condition }: Statement): string[] =>
  Object.values(Condition ?? {}).flatMap((keys) => Object.keys(keys));

/** @throws ServiceException MalformedPolicyDocument, NotSimulatedException */
export function parsePolicy(
  text: string,
  where: string,
  kind: 'identity' | 'resource',
): PolicyDocument {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    document = undefined;
  }
  const { Statement: statement } = (document ?? {}) as Partial<PolicyDocument>;
  if (typeof statement !== 'object' || statement === null) {
    throw new ServiceException('MalformedPolicyDocument', 'Syntax errors in policy.');
  }
  try {
    assertSupportedPolicy(document as PolicyDocument, where, kind);
  } catch (error) {
    throw error instanceof UnsupportedPolicyError
      ? new ServiceException('NotSimulatedException', error.message, 501)
      : error;
  }
  return document as PolicyDocument;
}
