import type { PolicyDocument } from '../../iam/policy.ts';
import { optionalText, text } from '../properties.ts';
import type { Declared, ResourceType } from '../resource-type.ts';

export const logGroup: ResourceType = {
  properties: ['LogGroupName', 'RetentionInDays', 'KmsKeyId', 'LogGroupClass', 'Tags'],
  create(declared, { logs }) {
    const name = optionalText(declared, 'LogGroupName') ?? declared.generatedName(512);
    logs.assertNoGroup(name);
    return { ref: name, attributes: { Arn: logs.createGroup(name, kmsKeyOf(declared)).arn } };
  },
  replacement: ['LogGroupName'],
  // Retention and tags change nothing here: no line is ever expired.
  update({ ref }, declared, { logs }) {
    logs.createGroup(ref, kmsKeyOf(declared));
  },
  delete({ ref }, { logs }) {
    logs.removeGroup(ref);
  },
};

const kmsKeyOf = (declared: Declared) => optionalText(declared, 'KmsKeyId');

/** One of the account's policies for CloudWatch Logs; its document is a text. */
export const logsResourcePolicy: ResourceType = {
  properties: ['PolicyName', 'PolicyDocument'],
  create(declared, { logs }) {
    const name = text(declared, 'PolicyName');
    logs.putResourcePolicy(name, documentOf(declared));
    return { ref: name };
  },
  replacement: ['PolicyName'],
  update({ ref }, declared, { logs }) {
    logs.putResourcePolicy(ref, documentOf(declared));
  },
  delete({ ref }, { logs }) {
    logs.removeResourcePolicy(ref);
  },
};

const documentOf = (declared: Declared) =>
  JSON.parse(text(declared, 'PolicyDocument')) as PolicyDocument;
