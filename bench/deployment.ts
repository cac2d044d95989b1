/** The functions of the example as they are deployed into the sandbox: one of each room. */

import { join } from 'node:path';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { readStack } from '../sandbox/template/assembly.ts';
import type { World } from '../test/integration/world.ts';
import type { DeployedFunction } from './cold-starts.ts';

export interface Deployment {
  /** One for each room, in the order of their names. */
  functions: DeployedFunction[];
  /** Function name → its memory in MB, as the template sets it. */
  memory: ReadonlyMap<string, number>;
}

interface FunctionProperties {
  FunctionName: string;
  MemorySize: number;
  Code: { S3Key: string };
}

export async function deploymentOf(world: World): Promise<Deployment> {
  const { stage } = world;
  const { template, assets } = readStack(join(stage.directory, 'cdk.out'));
  const looker = stage.sandbox.createPrincipal('bench', {
    policies: [
      {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'lambda:GetFunctionConfiguration', Resource: '*' }],
      },
    ],
  });
  const lambda = new LambdaClient(world.accessOf(looker));
  const memory = new Map<string, number>();
  const byRoom = new Map<string, DeployedFunction>();
  for (const { Type, Properties } of Object.values(template.Resources)) {
    if (Type !== 'AWS::Lambda::Function') continue;
    const { FunctionName, MemorySize, Code } = Properties as unknown as FunctionProperties;
    memory.set(FunctionName, MemorySize);
    const folder = assets.get(Code.S3Key);
    if (folder === undefined) continue;
    const { Environment } = await lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName }),
    );
    const environment = Environment?.Variables ?? {};
    const room = roomOf(FunctionName, environment);
    byRoom.set(room, byRoom.get(room) ?? { room, folder, environment });
  }
  lambda.destroy();
  const functions = [...byRoom.values()].sort((a, b) => a.room.localeCompare(b.room));
  return { functions, memory };
}

/** By what only that room is told; rooms of their own bear their name. */
function roomOf(name: string, environment: Readonly<Record<string, string>>): string {
  if (environment.SCHEME !== undefined) return 'database';
  if (environment.ACCEPT_FOR_SECONDS !== undefined) return 'jwt';
  const own = /-(after-rotation|cadence|starter|operator|drill|watch)(-|$)/.exec(name)?.[1];
  if (own !== undefined) return own;
  return /-rows-/.test(name) ? 'reencryption' : 'encryption';
}
