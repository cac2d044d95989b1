import type { PolicyDocument } from '../../iam/policy.ts';
import { assertSupportedPolicy } from '../../iam/validate.ts';
import type { Caller } from '../../service.ts';
import { flag, list, object, optionalText, present, text } from '../properties.ts';
import type { ResourceType, World } from '../resource-type.ts';

export const secret: ResourceType = {
  properties: ['Name', 'SecretString', 'KmsKeyId', 'Description', 'Tags'],
  create(declared, { secretsManager }) {
    const { arn } = secretsManager.createFromTemplate({
      name: optionalText(declared, 'Name') ?? declared.generatedName(64),
      tags: [...list<{ Key: string; Value: string }>(declared, 'Tags')],
      ...present({
        secretString: optionalText(declared, 'SecretString'),
        kmsKeyId: optionalText(declared, 'KmsKeyId'),
        description: optionalText(declared, 'Description'),
      }),
    });
    return { ref: arn, attributes: { Id: arn } };
  },
};

export const resourcePolicy: ResourceType = {
  properties: ['SecretId', 'ResourcePolicy', 'BlockPublicPolicy'],
  create(declared, { secretsManager }) {
    const arn = text(declared, 'SecretId');
    const policy = object<PolicyDocument>(declared, 'ResourcePolicy');
    assertSupportedPolicy(policy, `resource policy ${declared.logicalId}`, 'resource');
    secretsManager.putResourcePolicy(arn, policy);
    return { ref: arn };
  },
};

export const rotationSchedule: ResourceType = {
  properties: ['SecretId', 'RotationLambdaARN', 'RotationRules', 'RotateImmediatelyOnUpdate'],
  async create(declared, world) {
    const secretId = text(declared, 'SecretId');
    await world.secretsManager.configureRotation(deployer(world), {
      secretId,
      rotationLambdaArn: text(declared, 'RotationLambdaARN'),
      rotationRules: object<Record<string, unknown>>(declared, 'RotationRules'),
      // CloudFormation's default: a deployment rotates at once.
      rotateImmediately: flag(declared, 'RotateImmediatelyOnUpdate', true),
    });
    return { ref: secretId };
  },
};

/** CloudFormation configures the rotation with the rights of the deployment. */
function deployer({ account }: World): Caller {
  const service = 'cloudformation.amazonaws.com';
  return { arn: service, kind: 'service', service, sourceAccount: account };
}
