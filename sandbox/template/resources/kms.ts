import type { PolicyDocument } from '../../iam/policy.ts';
import { assertSupportedPolicy } from '../../iam/validate.ts';
import { flag, object, optionalText, present, text } from '../properties.ts';
import type { ResourceType } from '../resource-type.ts';

export const key: ResourceType = {
  properties: ['KeyPolicy', 'Description', 'EnableKeyRotation', 'PendingWindowInDays', 'Tags'],
  create(declared, { kms }) {
    const policy = object<PolicyDocument>(declared, 'KeyPolicy');
    assertSupportedPolicy(policy, `key policy of ${declared.logicalId}`, 'resource');
    const { keyId, arn } = kms.createKey({
      logicalId: declared.logicalId,
      policy,
      enableKeyRotation: flag(declared, 'EnableKeyRotation', false),
      ...present({ description: optionalText(declared, 'Description') }),
    });
    return { ref: keyId, attributes: { Arn: arn, KeyId: keyId } };
  },
};

export const alias: ResourceType = {
  properties: ['AliasName', 'TargetKeyId'],
  create(declared, { kms }) {
    const name = text(declared, 'AliasName');
    kms.createAlias(name, text(declared, 'TargetKeyId'));
    return { ref: name };
  },
};
