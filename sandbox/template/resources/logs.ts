import { optionalText } from '../properties.ts';
import type { ResourceType } from '../resource-type.ts';

export const logGroup: ResourceType = {
  properties: ['LogGroupName', 'RetentionInDays', 'KmsKeyId', 'LogGroupClass', 'Tags'],
  create(declared, { logs }) {
    const name = optionalText(declared, 'LogGroupName') ?? declared.generatedName(512);
    logs.assertNoGroup(name);
    return { ref: name, attributes: { Arn: logs.createGroup(name).arn } };
  },
  replacement: ['LogGroupName'],
  // Retention, key and tags change nothing here: no line is ever expired.
  update() {},
  delete({ ref }, { logs }) {
    logs.removeGroup(ref);
  },
};
