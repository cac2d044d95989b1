import type { PolicyDocument } from '../../iam/policy.ts';
import { list, object, optionalText, present, text } from '../properties.ts';
import type { Declared, ResourceType, World } from '../resource-type.ts';

export const topic: ResourceType = {
  properties: ['TopicName', 'DisplayName', 'KmsMasterKeyId', 'Tags'],
  create(declared, { sns }) {
    const name = optionalText(declared, 'TopicName') ?? declared.generatedName(256);
    const { arn } = sns.createTopic(name, settingsOf(declared));
    return { ref: arn, attributes: { TopicArn: arn, TopicName: name } };
  },
  replacement: ['TopicName'],
  update({ attributes }, declared, { sns }) {
    sns.createTopic(String(attributes.TopicName), settingsOf(declared));
  },
  delete({ ref }, { sns }) {
    sns.deleteTopic(ref);
  },
};

const settingsOf = (declared: Declared) =>
  present({
    displayName: optionalText(declared, 'DisplayName'),
    kmsKeyId: optionalText(declared, 'KmsMasterKeyId'),
  });

export const topicPolicy: ResourceType = {
  properties: ['Topics', 'PolicyDocument'],
  create(declared, world) {
    putPolicies(declared, world);
    return { ref: declared.generatedName(64) };
  },
  replacement: [],
  update(_, declared, world) {
    putPolicies(declared, world);
  },
  // A topic without a policy of its own has the default one: for its owner.
  delete(existing, { sns }) {
    for (const arn of list<string>(existing, 'Topics')) {
      sns.removeTopicPolicy(arn);
    }
  },
};

function putPolicies(declared: Declared, { sns }: World): void {
  for (const arn of list<string>(declared, 'Topics')) {
    sns.putTopicPolicy(arn, object<PolicyDocument>(declared, 'PolicyDocument'));
  }
}

export const subscription: ResourceType = {
  properties: ['TopicArn', 'Protocol', 'Endpoint'],
  create(declared, { sns }) {
    const { arn } = sns.subscribe(
      text(declared, 'TopicArn'),
      text(declared, 'Protocol'),
      text(declared, 'Endpoint'),
    );
    return { ref: arn, attributes: { Arn: arn } };
  },
  replacement: ['TopicArn', 'Protocol', 'Endpoint'],
  delete({ ref }, { sns }) {
    sns.unsubscribe(ref);
  },
};
