import type { PolicyDocument } from '../../iam/policy.ts';
import { flagUnknownPolicies } from '../managed-policies.ts';
import { list, object, optionalText, text } from '../properties.ts';
import type { ResourceType } from '../resource-type.ts';

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
    for (const { PolicyName, PolicyDocument } of list<InlinePolicy>(declared, 'Policies')) {
      iam.putRolePolicy(name, PolicyName, PolicyDocument);
    }
    for (const policyArn of list<string>(declared, 'ManagedPolicyArns')) {
      flagUnknownPolicies(iam.attachRolePolicy(name, policyArn), declared, policyArn, notSimulated);
    }
    return { ref: name, attributes: { Arn: arn, RoleId: `AROA${declared.generatedName(17)}` } };
  },
};

export const policy: ResourceType = {
  properties: ['PolicyName', 'PolicyDocument', 'Roles'],
  create(declared, { iam }) {
    const name = text(declared, 'PolicyName');
    for (const roleName of list<string>(declared, 'Roles')) {
      iam.putRolePolicy(roleName, name, object<PolicyDocument>(declared, 'PolicyDocument'));
    }
    return { ref: name };
  },
};

export const managedPolicy: ResourceType = {
  properties: ['ManagedPolicyName', 'PolicyDocument', 'Path', 'Roles', 'Description'],
  create(declared, { iam, notSimulated }) {
    const name = optionalText(declared, 'ManagedPolicyName') ?? declared.generatedName(128);
    const path = optionalText(declared, 'Path') ?? '/';
    const document = object<PolicyDocument>(declared, 'PolicyDocument');
    const { arn } = iam.createManagedPolicy(name, document, {
      path,
      logicalId: declared.logicalId,
    });
    for (const roleName of list<string>(declared, 'Roles')) {
      flagUnknownPolicies(iam.attachRolePolicy(roleName, arn), declared, arn, notSimulated);
    }
    return { ref: arn, attributes: { PolicyArn: arn } };
  },
};
