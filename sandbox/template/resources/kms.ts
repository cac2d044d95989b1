import type { PolicyDocument } from '../../iam/policy.ts';
import { assertSupportedPolicy } from '../../iam/validate.ts';
import { flag, object, optionalText, present, text } from '../properties.ts';
import type { ResourceType } from '../resource-type.ts';
import { changedProperties } from '../standing.ts';

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
  replacement: [],
  async update(existing, declared, world) {
    const KeyId = existing.ref;
    for (const property of changedProperties(existing, declared)) {
      if (property === 'KeyPolicy') {
        const Policy = JSON.stringify(object<PolicyDocument>(declared, 'KeyPolicy'));
        await world.call('kms', 'PutKeyPolicy', { KeyId, PolicyName: 'default', Policy });
      } else if (property === 'Description') {
        const Description = optionalText(declared, 'Description') ?? '';
        await world.call('kms', 'UpdateKeyDescription', { KeyId, Description });
      } else if (property === 'EnableKeyRotation') {
        const enable = flag(declared, 'EnableKeyRotation', false);
        await world.call('kms', enable ? 'EnableKeyRotation' : 'DisableKeyRotation', { KeyId });
      }
    }
  },
  async delete({ ref, properties }, world) {
    const PendingWindowInDays = Number(properties.PendingWindowInDays ?? 30);
    await world.call('kms', 'ScheduleKeyDeletion', { KeyId: ref, PendingWindowInDays });
  },
};

export const alias: ResourceType = {
  properties: ['AliasName', 'TargetKeyId'],
  create(declared, { kms }) {
    const name = text(declared, 'AliasName');
    kms.createAlias(name, text(declared, 'TargetKeyId'));
    return { ref: name };
  },
  replacement: ['AliasName'],
  update({ ref }, declared, { kms }) {
    kms.moveAlias(ref, text(declared, 'TargetKeyId'));
  },
  delete({ ref }, { kms }) {
    kms.moveAlias(ref, undefined);
  },
};
