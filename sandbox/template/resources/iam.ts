import type { PolicyDocument } from '../../iam/policy.ts';
import { flagUnknownPolicies } from '../managed-policies.ts';
import { list, object, optionalText, text } from '../properties.ts';
import type { Declared, ResourceType, World } from '../resource-type.ts';

interface InlinePolicy {
  PolicyName: string;
  PolicyDocument: PolicyDocument;
}

export const role: ResourceType = {
  properties: [
    'AssumeRolePolicyDocument',
    'RoleName',
    'Path',
    'Policies',
    'ManagedPolicyArns',
    'Description',
    'MaxSessionDuration',
    'Tags',
  ],
  create(declared, { iam, notSimulated }) {
    const name = optionalText(declared, 'RoleName') ?? declared.generatedName(64);
    const trust = object<PolicyDocument>(declared, 'AssumeRolePolicyDocument');
    const { arn } = iam.createRole(name, trust, optionalText(declared, 'Path'));
    givePolicies(name, declared, { iam, notSimulated });
    return { ref: name, attributes: { Arn: arn, RoleId: `AROA${declared.generatedName(17)}` } };
  },
  replacement: ['RoleName', 'Path'],
  update(existing, declared, world) {
    const { iam } = world;
    iam.updateRole(existing.ref, object<PolicyDocument>(declared, 'AssumeRolePolicyDocument'));
    for (const { PolicyName } of list<InlinePolicy>(existing, 'Policies')) {
      iam.removeRolePolicy(existing.ref, PolicyName);
    }
    for (const policyArn of list<string>(existing, 'ManagedPolicyArns')) {
      iam.detachRolePolicy(existing.ref, policyArn);
    }
    givePolicies(existing.ref, declared, world);
  },
  delete({ ref }, { iam }) {
    iam.removeRole(ref);
  },
};

function givePolicies(
  name: string,
  declared: Declared,
  { iam, notSimulated }: Pick<World, 'iam' | 'notSimulated'>,
): void {
  for (const { PolicyName, PolicyDocument } of list<InlinePolicy>(declared, 'Policies')) {
    iam.putRolePolicy(name, PolicyName, PolicyDocument);
  }
  for (const policyArn of list<string>(declared, 'ManagedPolicyArns')) {
    flagUnknownPolicies(iam.attachRolePolicy(name, policyArn), declared, policyArn, notSimulated);
  }
}

export const policy: ResourceType = {
  properties: ['PolicyName', 'PolicyDocument', 'Roles'],
  create(declared, { iam }) {
    putPolicy(declared, iam);
    return { ref: text(declared, 'PolicyName') };
  },
  replacement: [],
  update(existing, declared, { iam }) {
    // First the new one: nobody is without rights in between.
    putPolicy(declared, iam);
    const kept = new Set(list<string>(declared, 'Roles'));
    const renamed = text(existing, 'PolicyName') !== text(declared, 'PolicyName');
    for (const roleName of list<string>(existing, 'Roles')) {
      if (renamed || !kept.has(roleName)) {
        iam.removeRolePolicy(roleName, text(existing, 'PolicyName'));
      }
    }
  },
  delete(existing, { iam }) {
    for (const roleName of list<string>(existing, 'Roles')) {
      iam.removeRolePolicy(roleName, text(existing, 'PolicyName'));
    }
  },
};

function putPolicy(declared: Declared, iam: World['iam']): void {
  for (const roleName of list<string>(declared, 'Roles')) {
    iam.putRolePolicy(
      roleName,
      text(declared, 'PolicyName'),
      object<PolicyDocument>(declared, 'PolicyDocument'),
    );
  }
}

export const managedPolicy: ResourceType = {
  properties: ['ManagedPolicyName', 'PolicyDocument', 'Path', 'Roles', 'Description'],
  create(declared, world) {
    const arn = putManagedPolicy(declared, world);
    return { ref: arn, attributes: { PolicyArn: arn } };
  },
  replacement: ['ManagedPolicyName', 'Path', 'Description'],
  update(existing, declared, world) {
    putManagedPolicy(declared, world);
    const kept = new Set(list<string>(declared, 'Roles'));
    for (const roleName of list<string>(existing, 'Roles')) {
      if (!kept.has(roleName)) {
        world.iam.detachRolePolicy(roleName, existing.ref);
      }
    }
  },
  delete(existing, { iam }) {
    for (const roleName of list<string>(existing, 'Roles')) {
      iam.detachRolePolicy(roleName, existing.ref);
    }
    iam.removeManagedPolicy(existing.ref);
  },
};

function putManagedPolicy(declared: Declared, { iam, notSimulated }: World): string {
  const name = optionalText(declared, 'ManagedPolicyName') ?? declared.generatedName(128);
  const { arn } = iam.createManagedPolicy(
    name,
    object<PolicyDocument>(declared, 'PolicyDocument'),
    {
      path: optionalText(declared, 'Path') ?? '/',
      logicalId: declared.logicalId,
    },
  );
  for (const roleName of list<string>(declared, 'Roles')) {
    flagUnknownPolicies(iam.attachRolePolicy(roleName, arn), declared, arn, notSimulated);
  }
  return arn;
}
