/**
 * IAM's policy simulation, however it is asked: what may a role or user do, by the policies that stand now? It performs
 * nothing.
 *
 * What it sees: identity policies (of groups, too), permissions boundaries, and service control policies of the
 * organisation. What it does not: session policies, resource policies (one may be passed in, for a user), policies
 * of VPC endpoints, and what somebody may do as another role that they can assume.
 * @see https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
 */
import type {
  ContextEntry,
  EvaluationResult,
  SimulatePolicyResponse,
  SimulatePrincipalPolicyCommandInput,
} from '@aws-sdk/client-iam';
import { isAwsError } from './aws-call.ts';

export interface SimulationQuestion {
  /** ARN of a role, user or group, never of a session. */
  readonly principal: string;
  /** In full, such as `secretsmanager:GetSecretValue`. */
  readonly actions: readonly string[];
  /** ARNs; each action is asked of each. `*` alone: actions that know no resource. */
  readonly resources: readonly string[];
  /** What the request would carry, by condition key. */
  readonly context?: Readonly<Record<string, string | boolean | readonly string[]>>;
  /** JSON, of every resource of the question. Of users alone: "isn't supported for IAM roles". */
  readonly resourcePolicy?: string;
}

export interface SimulatedRight {
  readonly action: string;
  readonly resource: string;
  /** explicitDeny: a statement denies it. implicitDeny: none allows it. */
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** Condition keys that its policies ask for and the question did not name: the answer may be another with them. */
  readonly missingContext: readonly string[];
  /** Names of the policies whose statements decide. */
  readonly policies: readonly string[];
  /** A service control policy is in the way. */
  readonly deniedByOrganization: boolean;
  /** The permissions boundary is in the way. */
  readonly deniedByBoundary: boolean;
}

export interface PermissionsSimulationDoor {
  /**
   * One answer for each action and resource, in the order of the question.
   * @throws NoSuchPrincipalError, SimulationTooLargeError, SimulationIncompleteError, AwsCallError
   */
  simulate(question: SimulationQuestion): Promise<readonly SimulatedRight[]>;
}

export class NoSuchPrincipalError extends Error {
  override readonly name = 'NoSuchPrincipalError';
  readonly code = 'ERR_ROTATION_PRINCIPAL_NOT_FOUND';
  constructor(principal: string) {
    super(
      `IAM knows no ${principal}; expected the ARN of a role, user or group of this account, as \`aws iam get-role\` or \`aws iam get-user\` prints it. One that was deleted can no longer be asked about.`,
    );
  }
}

export class SimulationTooLargeError extends Error {
  override readonly name = 'SimulationTooLargeError';
  readonly code = 'ERR_ROTATION_SIMULATION_TOO_LARGE';
  constructor(found: number) {
    super(
      `${found} rights of one principal are asked for; expected ${mostRights} at most. Ask for fewer secrets.`,
    );
  }
}

export class SimulationIncompleteError extends Error {
  override readonly name = 'SimulationIncompleteError';
  readonly code = 'ERR_ROTATION_SIMULATION_INCOMPLETE';
  constructor(action: string, resource: string) {
    super(
      `IAM's simulation did not answer for ${action} on ${resource}; expected a decision for everything that was asked. Ask again; nothing is known of this right.`,
    );
  }
}

/** Of one question. */
const mostRights = 1000;
/** Of one call: IAM answers with so many at most unless told otherwise (`MaxItems`). */
const rightsPerCall = 100;
/** "IAM might return fewer results, even when there are more": pages of one call. */
const mostPages = 100;

/** One call. @throws AwsCallError */
export type AskSimulation = (
  input: SimulatePrincipalPolicyCommandInput,
) => Promise<SimulatePolicyResponse>;

export function simulatedRights(ask: AskSimulation): PermissionsSimulationDoor {
  return {
    async simulate(question) {
      const { actions, resources } = question;
      const asked = actions.length * resources.length;
      if (asked > mostRights) throw new SimulationTooLargeError(asked);
      const answers = new Map<string, SimulatedRight>();
      for (const [someActions, someResources] of portions(actions, resources)) {
        for (const result of await pagesOf(ask, question, someActions, someResources)) {
          for (const right of rightsIn(result, someResources)) {
            answers.set(keyOf(right.action, right.resource), right);
          }
        }
      }
      return actions.flatMap((action) =>
        resources.map((resource) => {
          const answer = answers.get(keyOf(action, resource));
          if (answer === undefined) throw new SimulationIncompleteError(action, resource);
          return { ...answer, action };
        }),
      );
    },
  };
}

/** Names of actions are the same in any case (IAM user guide, "IAM JSON policy elements: Action"). */
const keyOf = (action: string, resource: string) => `${action.toLowerCase()} ${resource}`;

function portions(
  actions: readonly string[],
  resources: readonly string[],
): [actions: readonly string[], resources: readonly string[]][] {
  const inPieces = (all: readonly string[], size: number) =>
    Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
      all.slice(index * size, (index + 1) * size),
    );
  return inPieces(actions, rightsPerCall).flatMap((some) =>
    inPieces(resources, Math.max(1, Math.floor(rightsPerCall / some.length))).map(
      (others): [readonly string[], readonly string[]] => [some, others],
    ),
  );
}

async function pagesOf(
  ask: AskSimulation,
  { principal, context = {}, resourcePolicy }: SimulationQuestion,
  actions: readonly string[],
  resources: readonly string[],
): Promise<readonly EvaluationResult[]> {
  const results: EvaluationResult[] = [];
  let marker: string | undefined;
  for (let page = 1; page <= mostPages; page += 1) {
    const answer = await ask({
      PolicySourceArn: principal,
      ActionNames: [...actions],
      ResourceArns: [...resources],
      ContextEntries: Object.entries(context).map(entryOf),
      ...(resourcePolicy !== undefined && { ResourcePolicy: resourcePolicy }),
      ...(marker !== undefined && { Marker: marker }),
    }).catch((error: unknown) => {
      throw isAwsError(error, 'NoSuchEntityException', 'NoSuchEntity')
        ? new NoSuchPrincipalError(principal)
        : error;
    });
    results.push(...(answer.EvaluationResults ?? []));
    marker = answer.IsTruncated === true ? answer.Marker : undefined;
    if (marker === undefined) break;
  }
  return results;
}

function entryOf([key, value]: [string, string | boolean | readonly string[]]): ContextEntry {
  if (typeof value === 'boolean') {
    return {
      ContextKeyName: key,
      ContextKeyType: 'boolean',
      ContextKeyValues: [String(value)],
    };
  }
  return typeof value === 'string'
    ? { ContextKeyName: key, ContextKeyType: 'string', ContextKeyValues: [value] }
    : { ContextKeyName: key, ContextKeyType: 'stringList', ContextKeyValues: [...value] };
}

/**
 * By resource where IAM tells them apart: `EvalResourceName` of the result itself is "the ARN template for the
 * simulated resource type". It once was the resource, in answers of one result each; both are read.
 */
function rightsIn(
  result: EvaluationResult,
  resources: readonly string[],
): readonly SimulatedRight[] {
  const action = result.EvalActionName ?? '';
  const deniedByOrganization = result.OrganizationsDecisionDetail?.AllowedByOrganizations === false;
  const of = (
    resource: string,
    decision: SimulatedRight['decision'] | undefined,
    {
      MatchedStatements,
      MissingContextValues,
      PermissionsBoundaryDecisionDetail: boundary,
    }: Pick<
      EvaluationResult,
      'MatchedStatements' | 'MissingContextValues' | 'PermissionsBoundaryDecisionDetail'
    >,
  ): SimulatedRight[] =>
    decision === undefined
      ? []
      : [
          {
            action,
            resource,
            decision,
            missingContext: [...(MissingContextValues ?? [])].sort(),
            policies: [
              ...new Set(
                (MatchedStatements ?? []).flatMap(({ SourcePolicyId: name }) => name ?? []),
              ),
            ],
            deniedByOrganization,
            deniedByBoundary: boundary?.AllowedByPermissionsBoundary === false,
          },
        ];
  const each = (result.ResourceSpecificResults ?? []).flatMap((one) =>
    of(one.EvalResourceName ?? '', one.EvalResourceDecision, one),
  );
  if (each.length > 0) return each;
  const [only] = resources;
  const name = result.EvalResourceName ?? '';
  const resource = resources.includes(name) ? name : resources.length === 1 ? only : undefined;
  return resource === undefined ? [] : of(resource, result.EvalDecision, result);
}
