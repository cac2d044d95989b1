import type { PolicyDocument } from '../../iam/policy.ts';
import type { QueueSettings } from '../../sqs/queue.ts';
import { SandboxLoadError } from '../load-error.ts';
import { list, object, optionalText, present } from '../properties.ts';
import type { Declared, ResourceType, World } from '../resource-type.ts';

export const queue: ResourceType = {
  properties: [
    'DelaySeconds',
    'KmsDataKeyReusePeriodSeconds',
    'KmsMasterKeyId',
    'MessageRetentionPeriod',
    'QueueName',
    'SqsManagedSseEnabled',
    'Tags',
    'VisibilityTimeout',
  ],
  create(declared, { sqs }) {
    const settings = settingsOf(declared);
    const { arn, url } = sqs.createQueue(settings);
    return { ref: url, attributes: { Arn: arn, QueueName: settings.name, QueueUrl: url } };
  },
  replacement: ['QueueName'],
  update({ ref }, declared, { sqs }) {
    sqs.changeQueue(ref, settingsOf(declared));
  },
  delete({ ref }, { sqs }) {
    sqs.deleteQueue(ref);
  },
};

function settingsOf(declared: Declared): QueueSettings {
  const name = optionalText(declared, 'QueueName') ?? declared.generatedName(80);
  if (declared.properties.FifoQueue !== undefined || name.endsWith('.fifo')) {
    throw new SandboxLoadError(`${declared.logicalId}: FIFO queues are not simulated.`);
  }
  const seconds = (property: string, otherwise: number) =>
    Number(declared.properties[property] ?? otherwise);
  return {
    name,
    visibilityTimeout: seconds('VisibilityTimeout', 30),
    messageRetentionPeriod: seconds('MessageRetentionPeriod', 4 * 86_400),
    delaySeconds: seconds('DelaySeconds', 0),
    ...present({ kmsKeyId: optionalText(declared, 'KmsMasterKeyId') }),
  };
}

export const queuePolicy: ResourceType = {
  properties: ['Queues', 'PolicyDocument'],
  create(declared, world) {
    putPolicies(declared, world);
    return { ref: declared.generatedName(64) };
  },
  replacement: [],
  update(_, declared, world) {
    putPolicies(declared, world);
  },
  delete(existing, { sqs }) {
    for (const url of list<string>(existing, 'Queues')) {
      sqs.removeQueuePolicy(url);
    }
  },
};

function putPolicies(declared: Declared, { sqs }: World): void {
  for (const url of list<string>(declared, 'Queues')) {
    sqs.putQueuePolicy(url, object<PolicyDocument>(declared, 'PolicyDocument'));
  }
}
