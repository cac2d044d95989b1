/** What tests of a deployment look through, with every right there is; every sink: test/leaks/deployed-sinks.ts. */
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { afterRotationMachineName } from '../../domain/config/names.ts';
import type { World } from './world.ts';

export function administrator(world: World) {
  return world.accessOf(
    world.stage.sandbox.createPrincipal('administrator', {
      policies: [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }],
    }),
  );
}

export function machineArn({ stage: { sandbox, operator } }: World): string {
  const name = afterRotationMachineName(operator.manifest);
  return `arn:aws:states:${sandbox.region}:${sandbox.account}:stateMachine:${name}`;
}

/** Every record of the control table. */
export async function items(world: World): Promise<string> {
  const client = new DynamoDBClient(administrator(world));
  const { Items } = await client.send(
    new ScanCommand({ TableName: world.stage.operator.manifest.controlTable }),
  );
  return JSON.stringify(Items);
}
