/** The functions of the example as they are deployed into the sandbox. */
import { join } from 'node:path';
import { readStack } from '../sandbox/template/assembly.ts';
import type { World } from '../test/integration/world.ts';

interface FunctionProperties {
  FunctionName: string;
  MemorySize: number;
}

/** Function name → its memory in MB, as the template sets it. */
export function memoryOf({ stage }: World): ReadonlyMap<string, number> {
  const { template } = readStack(join(stage.directory, 'cdk.out'));
  const functions = Object.values(template.Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .map(({ Properties }) => Properties as unknown as FunctionProperties);
  return new Map(functions.map(({ FunctionName, MemorySize }) => [FunctionName, MemorySize]));
}
