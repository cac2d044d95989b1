/** The door to IAM's policy simulation for functions, without IAM's client. */
import type { EvaluationResult, ResourceSpecificResult } from '@aws-sdk/client-iam';
import { type IamRequestsOptions, iamRequests, textIn } from './iam-requests.ts';
import {
  type AskSimulation,
  type PermissionsSimulationDoor,
  simulatedRights,
} from './simulated-rights.ts';

export function simulationByRequest(options?: IamRequestsOptions): PermissionsSimulationDoor {
  const request = iamRequests(options);
  const ask: AskSimulation = async (input) => {
    const xml = await request('SimulatePrincipalPolicy', {
      PolicySourceArn: input.PolicySourceArn ?? '',
      ...listed('ActionNames', input.ActionNames ?? []),
      ...listed('ResourceArns', input.ResourceArns ?? []),
      ...(input.ResourcePolicy !== undefined && { ResourcePolicy: input.ResourcePolicy }),
      ...(input.Marker !== undefined && { Marker: input.Marker }),
      ...contextOf(input.ContextEntries ?? []),
    });
    const marker = textIn(xml, 'Marker');
    return {
      EvaluationResults: membersOf(xml, 'EvaluationResults').map(resultOf),
      IsTruncated: textIn(xml, 'IsTruncated') === 'true',
      ...(marker !== undefined && { Marker: marker }),
    };
  };
  return simulatedRights(ask);
}

/** `ActionNames.member.1=…`. */
const listed = (name: string, values: readonly string[]): Record<string, string> =>
  Object.fromEntries(values.map((value, index) => [`${name}.member.${index + 1}`, value]));

function contextOf(
  entries: NonNullable<Parameters<AskSimulation>[0]['ContextEntries']>,
): Record<string, string> {
  return Object.assign(
    {},
    ...entries.map(({ ContextKeyName, ContextKeyType, ContextKeyValues = [] }, index) => {
      const at = `ContextEntries.member.${index + 1}`;
      return {
        [`${at}.ContextKeyName`]: ContextKeyName,
        [`${at}.ContextKeyType`]: ContextKeyType,
        ...listed(`${at}.ContextKeyValues`, ContextKeyValues),
      };
    }),
  );
}

/** The members of one list; members hold lists of members themselves, so their ends are counted. */
export function membersOf(xml: string, list: string): string[] {
  const start = xml.indexOf(`<${list}>`);
  if (start < 0) return [];
  const found: string[] = [];
  let depth = 0;
  let from = 0;
  for (const tag of xml.slice(start + list.length + 2).matchAll(/<(\/?)([A-Za-z]+)(\/?)>/g)) {
    const [text, closing, name, empty] = tag;
    if (empty === '/') continue;
    const at = start + list.length + 2 + tag.index;
    if (closing === '') {
      if (depth === 0 && name === 'member') from = at + text.length;
      depth += 1;
      continue;
    }
    if (depth === 0) break;
    depth -= 1;
    if (depth === 0 && name === 'member') found.push(xml.slice(from, at));
  }
  return found;
}

function resultOf(xml: string): EvaluationResult {
  // What stands inside its lists is theirs: the texts of the result itself stand outside.
  const own = ['MatchedStatements', 'MissingContextValues', 'ResourceSpecificResults'].reduce(
    (rest, list) => rest.replace(new RegExp(`<${list}>.*</${list}>`, 's'), ''),
    xml,
  );
  const allowed = textIn(own, 'AllowedByOrganizations');
  return {
    EvalActionName: textIn(own, 'EvalActionName') ?? '',
    EvalDecision: decisionIn(own, 'EvalDecision'),
    EvalResourceName: textIn(own, 'EvalResourceName'),
    ...(allowed !== undefined && {
      OrganizationsDecisionDetail: { AllowedByOrganizations: allowed === 'true' },
    }),
    ...detailsOf(xml.replace(/<ResourceSpecificResults>.*<\/ResourceSpecificResults>/s, '')),
    ResourceSpecificResults: membersOf(xml, 'ResourceSpecificResults').map(
      (member): ResourceSpecificResult => ({
        EvalResourceName: textIn(member, 'EvalResourceName') ?? '',
        EvalResourceDecision: decisionIn(member, 'EvalResourceDecision'),
        ...detailsOf(member),
      }),
    ),
  };
}

const decisionIn = (xml: string, name: string) =>
  textIn(xml, name) as EvaluationResult['EvalDecision'] &
    ResourceSpecificResult['EvalResourceDecision'];

function detailsOf(xml: string) {
  const boundary = textIn(xml, 'AllowedByPermissionsBoundary');
  return {
    MatchedStatements: membersOf(xml, 'MatchedStatements').map((member) => ({
      SourcePolicyId: textIn(member, 'SourcePolicyId'),
    })),
    MissingContextValues: membersOf(xml, 'MissingContextValues'),
    ...(boundary !== undefined && {
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: boundary === 'true' },
    }),
  };
}
