import type { PolicyDocument } from '../../iam/policy.ts';
import { list, object, optionalText } from '../properties.ts';
import type { ResourceType } from '../resource-type.ts';

export const topic: ResourceType = {
  properties: ['TopicName', 'DisplayName', 'KmsMasterKeyId', 'Tags'],
  create(declared, { sns }) {
    const name = optionalText(declared, 'TopicName') ?? declared.generatedName(256);
    const { arn } = sns.createTopic(name);
    return { ref: arn, attributes: { TopicArn: arn, TopicName: name } };
  },
};

export const topicPolicy: ResourceType = {
  properties: ['Topics', 'PolicyDocument'],
  create(declared, { sns }) {
    for (const arn of list<string>(declared, 'Topics')) {
      sns.putTopicPolicy(arn, object<PolicyDocument>(declared, 'PolicyDocument'));
    }
    return { ref: declared.generatedName(64) };
  },
};
