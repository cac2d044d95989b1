import type { ResourceType } from '../resource-type.ts';

export const table: ResourceType = {
  // The service judges each property itself, and refuses by name what it does not model.
  properties: ['*'],
  async create({ properties, generatedName }, { dynamodb }) {
    const named = { TableName: generatedName(255), ...properties };
    const { name, arn } = await dynamodb.createTable(named);
    return { ref: name, attributes: { Arn: arn } };
  },
};
