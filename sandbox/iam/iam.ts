/** The account's roles, users and managed policies, and the answer to "may this caller do that?". */
import type { SandboxClock } from '../clock.ts';
import type { EndpointPolicyPort, IamPort } from '../ports.ts';
import { type AccessCheck, type Caller, ServiceException } from '../service.ts';
import { contextOf } from './context.ts';
import { reasonOf } from './denial.ts';
import { type Decision, evaluate, type Principal } from './evaluate.ts';
import {
  accountIn,
  entityIn,
  type Identity,
  type NamedPolicy,
  nameIn,
  type Role,
} from './identity.ts';
import { MANAGED_BY_AWS } from './managed-by-aws.ts';
import type { PolicyDocument } from './policy.ts';
import { assertSupportedPolicy } from './validate.ts';

export interface IamSettings {
  account: string;
  region: string;
  clock: SandboxClock;
}

export class Iam implements IamPort, EndpointPolicyPort {
  readonly #settings: IamSettings;
  readonly #roles = new Map<string, Role>();
  readonly #users = new Map<string, Identity>();
  readonly #managed = new Map<string, { names: readonly string[]; document: PolicyDocument }>();

  constructor(settings: IamSettings) {
    this.#settings = settings;
  }

  createRole(name: string, trust: PolicyDocument, path = '/'): { arn: string } {
    // A trust policy has no Resource: the role itself is the resource.
    assertSupportedPolicy(trust, `trust policy of role ${name}`, 'resource');
    const arn = `arn:aws:iam::${this.#settings.account}:role${path}${name}`;
    this.#roles.set(name, { arn, name, trust, inline: new Map(), attached: new Set() });
    return { arn };
  }

  putRolePolicy(roleName: string, policyName: string, document: PolicyDocument): void {
    assertSupportedPolicy(document, `policy ${policyName} of role ${roleName}`, 'identity');
    this.#role(roleName).inline.set(policyName, document);
  }

  /** @returns false when nothing is known of that policy: it then grants nothing here. */
  attachRolePolicy(roleName: string, policyArn: string): boolean {
    this.#role(roleName).attached.add(policyArn);
    return this.#managed.has(policyArn) || MANAGED_BY_AWS.has(policyArn);
  }

  createManagedPolicy(
    name: string,
    document: PolicyDocument,
    { path = '/', logicalId = name }: { path?: string; logicalId?: string } = {},
  ): { arn: string } {
    assertSupportedPolicy(document, `managed policy ${name}`, 'identity');
    const arn = `arn:aws:iam::${this.#settings.account}:policy${path}${name}`;
    this.#managed.set(arn, { names: [name, logicalId, arn], document });
    return { arn };
  }

  /** The loader's: another trust policy and other policies of its own; what is attached elsewhere stays. */
  updateRole(name: string, trust: PolicyDocument): void {
    assertSupportedPolicy(trust, `trust policy of role ${name}`, 'resource');
    this.#role(name).trust = trust;
  }

  removeRole(name: string): void {
    this.#roles.delete(name);
  }

  removeRolePolicy(roleName: string, policyName: string): void {
    this.#roles.get(roleName)?.inline.delete(policyName);
  }

  detachRolePolicy(roleName: string, policyArn: string): void {
    this.#roles.get(roleName)?.attached.delete(policyArn);
  }

  removeManagedPolicy(arn: string): void {
    this.#managed.delete(arn);
  }

  /** Makes the user, or gives an existing one these policies instead of its own. */
  putUser(
    name: string,
    policies: readonly PolicyDocument[],
    managedPolicies: readonly string[],
  ): { arn: string } {
    const inline = new Map(policies.map((policy, index) => [`policy-${index + 1}`, policy]));
    for (const [policyName, document] of inline) {
      assertSupportedPolicy(document, `${policyName} of user ${name}`, 'identity');
    }
    const attached = new Set(managedPolicies.map((wanted) => this.#managedArn(wanted)));
    const arn = `arn:aws:iam::${this.#settings.account}:user/${name}`;
    this.#users.set(name, { arn, name, inline, attached });
    return { arn };
  }

  /** A role beside the stack, which the account's own principals may assume. @throws ServiceException EntityAlreadyExists */
  putRole(
    name: string,
    policies: readonly PolicyDocument[],
    managedPolicies: readonly string[],
  ): { arn: string } {
    if (this.#roles.has(name)) {
      throw new ServiceException(
        'EntityAlreadyExists',
        `Role with name ${name} already exists.`,
        409,
      );
    }
    const { account } = this.#settings;
    const root = { AWS: `arn:aws:iam::${account}:root` };
    const { arn } = this.createRole(name, {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: root, Action: 'sts:AssumeRole' }],
    });
    policies.forEach((policy, index) => {
      this.putRolePolicy(name, `policy-${index + 1}`, policy);
    });
    for (const wanted of managedPolicies) this.attachRolePolicy(name, this.#managedArn(wanted));
    return { arn };
  }

  /** @throws ServiceException NoSuchEntity */
  role(name: string): Readonly<Pick<Role, 'arn' | 'name' | 'trust' | 'inline'>> {
    return this.#role(name);
  }

  /** Roles and users that hold a managed policy. @throws ServiceException NoSuchEntity */
  holdersOf(
    policyArn: string,
  ): Record<'roles' | 'users', readonly { name: string; arn: string }[]> {
    if (!this.#managed.has(policyArn) && !MANAGED_BY_AWS.has(policyArn)) {
      throw new ServiceException('NoSuchEntity', `Policy ${policyArn} was not found.`, 404);
    }
    const holders = (of: ReadonlyMap<string, Identity>) =>
      [...of.values()].filter(({ attached }) => attached.has(policyArn));
    return { roles: holders(this.#roles), users: holders(this.#users) };
  }

  /** The identity policies of a role or user, by name. @throws ServiceException NoSuchEntity, InvalidInput */
  policiesOf(arn: string): { principal: Principal; policies: NamedPolicy[] } {
    const { type, name } = entityIn(arn);
    const identity = (type === 'role' ? this.#roles : this.#users).get(name);
    if (identity === undefined || identity.arn !== arn) {
      throw new ServiceException('NoSuchEntity', `No principal found with ARN ${arn}.`, 404);
    }
    return {
      principal: { account: this.#settings.account, arns: [arn] },
      policies: [
        ...[...identity.inline].map(([id, document]) => ({
          id,
          type,
          document,
        })),
        ...[...identity.attached].flatMap((attached) => this.#attachedPolicy(attached)),
      ],
    };
  }

  #attachedPolicy(arn: string): NamedPolicy[] {
    const own = this.#managed.get(arn)?.document;
    const document = own ?? MANAGED_BY_AWS.get(arn);
    if (document === undefined) return [];
    const type = own === undefined ? 'aws-managed' : 'user-managed';
    return [{ id: arn.split('/').at(-1) ?? arn, type, document }];
  }

  /** The caller that a service is when it works with this role. */
  callerOfRole(roleArn: string, sessionName: string): Caller {
    const { name } = this.#role(nameIn(roleArn));
    const arn = `arn:aws:sts::${this.#settings.account}:assumed-role/${name}/${sessionName}`;
    return { arn, kind: 'role' };
  }

  /** The role behind a session, or the user: with its path, as policies name it. */
  identityArn(caller: Caller): string | undefined {
    return this.#identity(caller)?.arn;
  }

  /** May this service work with this role? CloudFormation finds out when it makes what uses it. */
  serviceMayAssume(roleArn: string, service: string, sourceArn: string): boolean {
    const role = this.#roles.get(nameIn(roleArn));
    return (
      role !== undefined &&
      this.allows(
        {
          arn: service,
          kind: 'service',
          service,
          sourceAccount: this.#settings.account,
          sourceArn,
        },
        { action: 'sts:AssumeRole', resource: role.arn, resourcePolicy: role.trust },
      )
    );
  }

  allows(caller: Caller, check: AccessCheck): boolean {
    return this.#decide(caller, check) === 'allowed';
  }

  /** @throws ServiceException AccessDeniedException, worded as AWS words it */
  authorize(caller: Caller, check: AccessCheck): void {
    const decision = this.#decide(caller, check);
    if (decision === 'allowed') {
      return;
    }
    throw new ServiceException(
      'AccessDeniedException',
      `User: ${caller.arn} is not authorized to perform: ${check.action} on resource: ` +
        `${check.resource} ${reasonOf(decision, check.action)}`,
    );
  }

  /** Worded as in IAM user guide, "Troubleshoot access denied error messages". */
  authorizeThrough(endpointPolicy: PolicyDocument, caller: Caller, check: AccessCheck): void {
    const { action, resource } = check;
    const identity = this.#identity(caller);
    // It allows nothing by itself: what identity and resource policies allowed may pass, or may not.
    const decision = evaluate(
      this.#principal(caller, identity),
      { ...check, resourcePolicy: endpointPolicy, resourcePolicyRequired: true },
      [{ Statement: { Effect: 'Allow', Action: '*', Resource: '*' } }],
      contextOf(this.#settings, caller, identity, check),
    );
    if (decision !== 'allowed') {
      const reason = decision.startsWith('denied')
        ? 'with an explicit deny in a VPC endpoint policy'
        : `because no VPC endpoint policy allows the ${action} action`;
      throw new ServiceException(
        'AccessDeniedException',
        `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} ${reason}`,
      );
    }
  }

  #decide(caller: Caller, check: AccessCheck): Decision {
    if (check.resourcePolicy !== undefined) {
      // Policies also arrive at run time (PutResourcePolicy), past the loader.
      assertSupportedPolicy(check.resourcePolicy, `policy of ${check.resource}`, 'resource');
    }
    const { session, kind } = caller;
    if (kind === 'user' && session?.mfaAt === undefined && session && /^iam:/.test(check.action)) {
      // "You cannot call any IAM API operations unless MFA authentication information is included" (API_GetSessionToken).
      return 'not allowed by identity policy';
    }
    const identity = this.#identity(caller);
    const documents = [
      ...(identity?.inline.values() ?? []),
      ...[...(identity?.attached ?? [])].flatMap(
        (arn) => this.#managed.get(arn)?.document ?? MANAGED_BY_AWS.get(arn) ?? [],
      ),
    ];
    const principal = this.#principal(caller, identity);
    return evaluate(
      principal,
      check,
      documents,
      contextOf(this.#settings, caller, identity, check),
    );
  }

  #principal(caller: Caller, identity: Identity | undefined): Principal {
    const account = accountIn(caller, this.#settings.account);
    return {
      account,
      isForeign: account !== this.#settings.account,
      arns: caller.kind === 'service' ? [] : [caller.arn, ...(identity ? [identity.arn] : [])],
      ...(caller.kind === 'service' && { service: caller.service ?? caller.arn }),
    };
  }

  #identity(caller: Caller): Identity | undefined {
    // Somebody of another account may bear the same name, and "anonymous" is nobody's.
    if (accountIn(caller, this.#settings.account) !== this.#settings.account) return undefined;
    switch (caller.kind) {
      case 'service':
        return undefined;
      case 'user':
        return this.#users.get(nameIn(caller.arn));
      case 'role':
        return this.#roles.get(nameIn(caller.arn));
    }
  }

  #role(name: string): Role {
    const role = this.#roles.get(name);
    if (role === undefined) {
      throw new ServiceException(
        'NoSuchEntity',
        `The role with name ${name} cannot be found.`,
        404,
      );
    }
    return role;
  }

  #managedArn(wanted: string): string {
    for (const [arn, { names }] of this.#managed) {
      if (names.includes(wanted)) {
        return arn;
      }
    }
    throw new ServiceException('NoSuchEntity', `Policy ${wanted} does not exist.`, 404);
  }
}
