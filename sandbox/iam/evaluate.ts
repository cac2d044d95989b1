/**
 * Whether a caller may do something to what belongs to this account (IAM user guide, "Policy evaluation logic"):
 *
 * 1. an explicit deny in any policy                                     → denied
 * 2. a service calls: only a resource policy that names it              → allowed
 * 3. of another account: the resource policy names the caller or its
 *    account, and an identity policy there allows as well               → allowed
 *    nobody signed: the resource policy names everybody                 → allowed
 * 4. the resource policy names the caller (not only the account)        → allowed
 * 5. an identity policy allows, and the resource policy is not required
 *    (KMS: is required) or hands the decision to the account's root      → allowed
 * 6. otherwise                                                          → denied
 */
import type { AccessCheck } from '../service.ts';
import { type Context, conditionsHold } from './conditions.ts';
import type { PolicyDocument, Statement } from './policy.ts';
import { asList, matchesResource, matchesWildcard } from './wildcard.ts';

/** The names by which policies may mean one caller. */
export interface Principal {
  /** Empty for who has not signed. */
  account: string;
  /** Of another account than the resource. */
  isForeign?: boolean;
  /** Role ARN and assumed-role ARN, or the user's ARN; empty for a service. */
  arns: readonly string[];
  service?: string;
}

export type Decision =
  | 'allowed'
  | 'denied by identity policy'
  | 'denied by resource policy'
  | 'not allowed by identity policy'
  | 'not allowed by resource policy';

export function evaluate(
  principal: Principal,
  check: AccessCheck,
  identityPolicies: readonly PolicyDocument[],
  context: Context,
): Decision {
  const concerns = (statement: Statement) =>
    concernsAction(statement, check.action) && conditionsHold(statement.Condition, context);
  const identity = identityPolicies
    .flatMap((policy) => asList(policy.Statement))
    .filter((statement) => concernsResource(statement, check.resource) && concerns(statement));
  const resource = asList(check.resourcePolicy?.Statement)
    .map((statement) => ({ statement, meaning: concernsPrincipal(statement, principal) }))
    .filter(
      ({ statement, meaning }) =>
        meaning !== 'nobody' &&
        (hasNoResource(statement) || concernsResource(statement, check.resource)) &&
        concerns(statement),
    );
  if (identity.some(({ Effect }) => Effect === 'Deny')) {
    return 'denied by identity policy';
  }
  if (resource.some(({ statement }) => statement.Effect === 'Deny')) {
    return 'denied by resource policy';
  }
  const isNamed = resource.some(({ meaning }) => meaning === 'caller');
  if (principal.isForeign === true && principal.account !== '') {
    if (resource.length === 0) return 'not allowed by resource policy';
    return identity.length > 0 ? 'allowed' : 'not allowed by identity policy';
  }
  if (isNamed) {
    return 'allowed';
  }
  if (principal.service !== undefined || principal.account === '') {
    return 'not allowed by resource policy';
  }
  const handedToAccount = resource.some(({ meaning }) => meaning === 'account');
  if (check.resourcePolicyRequired === true && !handedToAccount) {
    return 'not allowed by resource policy';
  }
  return identity.length > 0 ? 'allowed' : 'not allowed by identity policy';
}

/** Is this statement about such a request, whatever its conditions say? */
export function isAbout(
  statement: Statement,
  { action, resource }: Pick<AccessCheck, 'action' | 'resource'>,
): boolean {
  return (
    concernsAction(statement, action) &&
    (hasNoResource(statement) || concernsResource(statement, resource))
  );
}

/** Does it name this principal, or its account? */
export const names = (statement: Statement, principal: Principal): boolean =>
  concernsPrincipal(statement, principal) !== 'nobody';

function concernsAction({ Action, NotAction }: Statement, action: string): boolean {
  const matches = (patterns: Statement['Action']) =>
    asList(patterns).some((pattern) => matchesWildcard(pattern, action, true));
  return NotAction === undefined ? matches(Action) : !matches(NotAction);
}

function hasNoResource({ Resource, NotResource }: Statement): boolean {
  return Resource === undefined && NotResource === undefined;
}

function concernsResource({ Resource, NotResource }: Statement, resource: string): boolean {
  const matches = (patterns: Statement['Resource']) =>
    asList(patterns).some((pattern) => matchesResource(pattern, resource));
  return NotResource === undefined ? matches(Resource) : !matches(NotResource);
}

/** 'account': the statement names the account's root, which allows nothing by itself but denies all. */
function concernsPrincipal(
  statement: Statement,
  principal: Principal,
): 'caller' | 'account' | 'nobody' {
  const meaning = meaningOf(statement.Principal ?? statement.NotPrincipal, principal);
  if (statement.NotPrincipal === undefined) {
    return meaning;
  }
  // Deny with NotPrincipal spares the callers it names; naming the account spares nobody in it.
  return meaning === 'caller' ? 'nobody' : 'caller';
}

function meaningOf(
  named: Statement['Principal'] | Statement['NotPrincipal'],
  { account, arns, service }: Principal,
): 'caller' | 'account' | 'nobody' {
  if (named === undefined) {
    return 'nobody';
  }
  if (named === '*') {
    return 'caller';
  }
  const aws = asList(named.AWS);
  if (aws.includes('*') || aws.some((arn) => arns.includes(arn))) {
    return 'caller';
  }
  if (service !== undefined) {
    return asList(named.Service).includes(service) ? 'caller' : 'nobody';
  }
  return aws.includes(account) || aws.includes(`arn:aws:iam::${account}:root`)
    ? 'account'
    : 'nobody';
}
