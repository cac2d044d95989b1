import { isKept } from '../../dynamodb/table.ts';
import { SandboxLoadError } from '../load-error.ts';
import type { ResourceType } from '../resource-type.ts';
import { changedProperties } from '../standing.ts';

export const table: ResourceType = {
  // The service judges each property itself, and refuses by name what it does not model.
  properties: ['*'],
  async create({ properties, generatedName }, { dynamodb }) {
    const named = { TableName: generatedName(255), ...properties };
    const { name, arn } = await dynamodb.createTable(named);
    return { ref: name, attributes: { Arn: arn } };
  },
  // LocalSecondaryIndexes and a changed AttributeDefinitions may replace the table, too: refused below.
  replacement: ['TableName', 'KeySchema'],
  update(existing, declared, { dynamodb }) {
    for (const property of changedProperties(existing, declared)) {
      if (!isKept(property)) {
        throw new SandboxLoadError(
          `${declared.logicalId} (AWS::DynamoDB::Table): the sandbox does not simulate a change of ${property}.`,
        );
      }
    }
    dynamodb.keep(existing.ref, declared.properties);
  },
  async delete({ ref }, world) {
    await world.call('dynamodb', 'DeleteTable', { TableName: ref });
  },
};
