/**
 * AWS IAM over the wire: what the policies of a principal allow, inline policies of roles, and who holds a managed
 * policy. Everything else is made by templates and controls.
 */
import { createHash } from 'node:crypto';
import { type AwsService, type Operation, ServiceException } from '../service.ts';
import type { Iam } from './iam.ts';
import { type Nested, nestedInput } from './query-input.ts';
import { parsePolicy, simulate } from './simulation.ts';

type Input = { [member: string]: Nested };

export class IamService implements AwsService {
  readonly signingName = 'iam';
  readonly protocol = 'query';
  /** IAM is global; its requests are signed for whatever region the client has. */
  readonly everyRegion = true;
  readonly operations: AwsService['operations'];

  constructor(iam: Iam) {
    const on = (
      name: string,
      resource: (input: Input) => string,
      run: (input: Input) => unknown,
    ): Operation => ({
      authorize: (input) => [{ action: `iam:${name}`, resource: resource(nestedInput(input)) }],
      run: async (input) => run(nestedInput(input)),
    });
    const role = (input: Input) => iam.role(text(input, 'RoleName'));
    this.operations = {
      SimulatePrincipalPolicy: on(
        'SimulatePrincipalPolicy',
        (input) => text(input, 'PolicySourceArn'),
        (input) => simulateFor(iam, input),
      ),
      PutRolePolicy: on(
        'PutRolePolicy',
        (input) => role(input).arn,
        (input) => {
          const { name } = role(input);
          const policyName = text(input, 'PolicyName');
          if (!/^[\w+=,.@-]{1,128}$/.test(policyName)) {
            throw invalid('The specified value for policyName is invalid.');
          }
          const where = `policy ${policyName} of role ${name}`;
          iam.putRolePolicy(
            name,
            policyName,
            parsePolicy(text(input, 'PolicyDocument'), where, 'identity'),
          );
        },
      ),
      GetRolePolicy: on(
        'GetRolePolicy',
        (input) => role(input).arn,
        (input) => {
          const { name } = role(input);
          const PolicyName = text(input, 'PolicyName');
          const document = inlinePolicy(iam, name, PolicyName);
          // "URL-encoded compliant with RFC 3986" (API_GetRolePolicy).
          return {
            RoleName: name,
            PolicyName,
            PolicyDocument: encodeURIComponent(JSON.stringify(document)),
          };
        },
      ),
      DeleteRolePolicy: on(
        'DeleteRolePolicy',
        (input) => role(input).arn,
        (input) => {
          const { name } = role(input);
          const policyName = text(input, 'PolicyName');
          inlinePolicy(iam, name, policyName);
          iam.removeRolePolicy(name, policyName);
        },
      ),
      ListEntitiesForPolicy: on(
        'ListEntitiesForPolicy',
        (input) => text(input, 'PolicyArn'),
        (input) => entitiesOf(iam, input),
      ),
    };
  }
}

function simulateFor(iam: Iam, input: Input): object {
  const source = text(input, 'PolicySourceArn');
  for (const member of [
    'PolicyInputList',
    'PermissionsBoundaryPolicyInputList',
    'PolicyExclusionList',
    'CallerArn',
    'ResourceOwner',
    'ResourceHandlingOption',
  ]) {
    if (input[member] !== undefined) {
      throw new ServiceException(
        'NotSimulatedException',
        `The sandbox does not simulate ${member}.`,
        501,
      );
    }
  }
  const actions = texts(input, 'ActionNames');
  const unknown = actions.find((action) => !/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(action));
  if (actions.length === 0 || unknown !== undefined) {
    throw new ServiceException('InvalidInput', `Invalid Action: ${unknown ?? 'none'}`);
  }
  const { principal, policies } = iam.policiesOf(source);
  const policy = input.ResourcePolicy;
  if (policy !== undefined && source.includes(':role/')) {
    // "Simulation of resource-based policies isn't supported for IAM roles": what AWS then answers is not documented.
    throw new ServiceException(
      'NotSimulatedException',
      'The sandbox does not simulate ResourcePolicy for a role.',
      501,
    );
  }
  const resources = texts(input, 'ResourceArns');
  const results = simulate(principal, policies, {
    actions,
    resources: resources.length === 0 ? ['*'] : resources,
    context: contextOf(input.ContextEntries),
    ...(policy !== undefined && {
      resourcePolicy: parsePolicy(String(policy), 'ResourcePolicy', 'resource'),
    }),
  });
  return paged(input, results, (page) => ({ EvaluationResults: page }));
}

function contextOf(entries: Nested | undefined): Record<string, readonly string[]> {
  const all = (Array.isArray(entries) ? entries : []) as { [member: string]: Nested }[];
  return Object.fromEntries(
    all.map((entry) => [text(entry, 'ContextKeyName'), texts(entry, 'ContextKeyValues')]),
  );
}

function inlinePolicy(iam: Iam, roleName: string, policyName: string) {
  const document = iam.role(roleName).inline.get(policyName);
  if (document === undefined) {
    throw new ServiceException(
      'NoSuchEntity',
      `The role policy with name ${policyName} cannot be found.`,
      404,
    );
  }
  return document;
}

function entitiesOf(iam: Iam, input: Input): object {
  const filter = input.EntityFilter;
  const { roles, users } = iam.holdersOf(text(input, 'PolicyArn'));
  const all = [
    ...(filter === undefined || filter === 'Role'
      ? roles.map(({ name, arn }) => ({ RoleName: name, RoleId: idOf('AROA', arn) }))
      : []),
    ...(filter === undefined || filter === 'User'
      ? users.map(({ name, arn }) => ({ UserName: name, UserId: idOf('AIDA', arn) }))
      : []),
  ];
  return paged(input, all, (page) => ({
    PolicyGroups: [],
    PolicyRoles: page.filter((it) => 'RoleName' in it),
    PolicyUsers: page.filter((it) => 'UserName' in it),
  }));
}

const idOf = (prefix: string, arn: string): string =>
  `${prefix}${createHash('sha256').update(arn).digest('hex').slice(0, 17).toUpperCase()}`;

/** `MaxItems` 1 to 1000, 100 by default; the marker is where the next page begins. */
function paged<T>(input: Input, all: readonly T[], of: (page: readonly T[]) => object): object {
  const { MaxItems: size = '100', Marker: marker = '0' } = input;
  const [most, start] = [Number(size), Number(marker)];
  if (!(most >= 1 && most <= 1000)) throw invalid('Value for MaxItems must be between 1 and 1000.');
  if (!(Number.isInteger(start) && start >= 0 && start <= all.length))
    throw invalid('Invalid Marker');
  const end = start + most;
  return {
    ...of(all.slice(start, end)),
    IsTruncated: end < all.length,
    ...(end < all.length && { Marker: String(end) }),
  };
}

/** @throws ServiceException ValidationError */
function text(input: Input, member: string): string {
  const value = input[member];
  if (typeof value !== 'string' || value === '') {
    throw invalid(
      `1 validation error detected: Value null at '${member}' failed to satisfy constraint: Member must not be null`,
    );
  }
  return value;
}

const texts = (input: Input, member: string): string[] => {
  const value = input[member];
  return Array.isArray(value) ? value.map(String) : [];
};

const invalid = (message: string): ServiceException =>
  new ServiceException('ValidationError', message);
