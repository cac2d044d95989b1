import { randomUUID } from 'node:crypto';
import type { PolicyDocument } from '../../iam/policy.ts';
import { assertSupportedPolicy } from '../../iam/validate.ts';
import type { Caller } from '../../service.ts';
import { flag, list, object, optionalText, present, text } from '../properties.ts';
import type { Declared, ResourceType, World } from '../resource-type.ts';
import { changedProperties } from '../standing.ts';

export const secret: ResourceType = {
  properties: ['Name', 'SecretString', 'GenerateSecretString', 'KmsKeyId', 'Description', 'Tags'],
  async create(declared, world) {
    const { arn } = world.secretsManager.createFromTemplate({
      name: optionalText(declared, 'Name') ?? declared.generatedName(64),
      tags: [...list<Tag>(declared, 'Tags')],
      ...present({
        secretString: await secretStringOf(declared, world),
        kmsKeyId: optionalText(declared, 'KmsKeyId'),
        description: optionalText(declared, 'Description'),
      }),
    });
    return { ref: arn, attributes: { Id: arn } };
  },
  replacement: ['Name'],
  /** "When you make a change to this property, a new secret version is created": both value properties. */
  async update(existing, declared, world) {
    const changed = changedProperties(existing, declared);
    const SecretId = existing.ref;
    const valueChanges = changed.some((name) => name.endsWith('SecretString'));
    if (valueChanges || changed.includes('KmsKeyId') || changed.includes('Description')) {
      await world.call('secretsmanager', 'UpdateSecret', {
        SecretId,
        ClientRequestToken: randomUUID(),
        Description: optionalText(declared, 'Description') ?? '',
        KmsKeyId: optionalText(declared, 'KmsKeyId') ?? '',
        ...(valueChanges && { SecretString: await secretStringOf(declared, world) }),
      });
    }
    const keys = list<Tag>(declared, 'Tags').map(({ Key }) => Key);
    const gone = list<Tag>(existing, 'Tags').filter(({ Key }) => !keys.includes(Key));
    if (gone.length > 0) {
      const TagKeys = gone.map(({ Key }) => Key);
      await world.call('secretsmanager', 'UntagResource', { SecretId, TagKeys });
    }
    if (changed.includes('Tags') && keys.length > 0) {
      const Tags = list<Tag>(declared, 'Tags');
      await world.call('secretsmanager', 'TagResource', { SecretId, Tags });
    }
  },
  /** CloudFormation leaves no recovery window (cloudformation-coverage-roadmap#1999). */
  async delete({ ref }, world) {
    await world.call('secretsmanager', 'DeleteSecret', {
      SecretId: ref,
      ForceDeleteWithoutRecovery: true,
    });
  },
};

interface Tag {
  Key: string;
  Value: string;
}

/** SecretString, or what GenerateSecretString makes: another one every time. */
async function secretStringOf(declared: Declared, world: World): Promise<string | undefined> {
  const { GenerateSecretString } = declared.properties;
  if (GenerateSecretString === undefined) {
    return optionalText(declared, 'SecretString');
  }
  const { SecretStringTemplate, GenerateStringKey, ...rules } = object<Record<string, unknown>>(
    declared,
    'GenerateSecretString',
  );
  const { RandomPassword } = await world.call('secretsmanager', 'GetRandomPassword', rules);
  return SecretStringTemplate === undefined
    ? String(RandomPassword)
    : JSON.stringify({
        ...(JSON.parse(String(SecretStringTemplate)) as object),
        [String(GenerateStringKey)]: RandomPassword,
      });
}

export const resourcePolicy: ResourceType = {
  properties: ['SecretId', 'ResourcePolicy', 'BlockPublicPolicy'],
  create(declared, { secretsManager }) {
    const arn = text(declared, 'SecretId');
    const policy = object<PolicyDocument>(declared, 'ResourcePolicy');
    assertSupportedPolicy(policy, `resource policy ${declared.logicalId}`, 'resource');
    secretsManager.putResourcePolicy(arn, policy);
    return { ref: arn };
  },
  replacement: ['SecretId'],
  async update({ ref }, declared, world) {
    const policy = object<PolicyDocument>(declared, 'ResourcePolicy');
    assertSupportedPolicy(policy, `resource policy ${declared.logicalId}`, 'resource');
    await world.call('secretsmanager', 'PutResourcePolicy', {
      SecretId: ref,
      ResourcePolicy: JSON.stringify(policy),
    });
  },
  async delete({ ref }, world) {
    await world.call('secretsmanager', 'DeleteResourcePolicy', { SecretId: ref });
  },
};

export const rotationSchedule: ResourceType = {
  properties: ['SecretId', 'RotationLambdaARN', 'RotationRules', 'RotateImmediatelyOnUpdate'],
  async create(declared, world) {
    const secretId = text(declared, 'SecretId');
    await world.secretsManager.configureRotation(deployer(world), {
      secretId,
      rotationLambdaArn: text(declared, 'RotationLambdaARN'),
      // Optional: without rules a secret rotates on demand alone.
      rotationRules: rulesOf(declared) ?? {},
      // CloudFormation's default: a deployment rotates at once.
      rotateImmediately: flag(declared, 'RotateImmediatelyOnUpdate', true),
    });
    return { ref: secretId };
  },
  replacement: ['SecretId'],
  async update({ ref }, declared, world) {
    await world.call('secretsmanager', 'RotateSecret', {
      SecretId: ref,
      ClientRequestToken: randomUUID(),
      RotationLambdaARN: text(declared, 'RotationLambdaARN'),
      RotationRules: rulesOf(declared),
      RotateImmediately: flag(declared, 'RotateImmediatelyOnUpdate', true),
    });
  },
  async delete({ ref }, world) {
    await world.call('secretsmanager', 'CancelRotateSecret', { SecretId: ref });
  },
};

const rulesOf = (declared: Declared): Record<string, unknown> | undefined =>
  declared.properties.RotationRules === undefined
    ? undefined
    : object<Record<string, unknown>>(declared, 'RotationRules');

/** CloudFormation configures the rotation with the rights of the deployment. */
function deployer({ account }: World): Caller {
  const service = 'cloudformation.amazonaws.com';
  return { arn: service, kind: 'service', service, sourceAccount: account };
}
