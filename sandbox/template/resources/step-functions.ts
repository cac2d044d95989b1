import { readFileSync } from 'node:fs';
import { SandboxLoadError } from '../load-error.ts';
import { object, optionalText, text } from '../properties.ts';
import type { Declared, MachineOfTemplate, ResourceType, World } from '../resource-type.ts';

export const stateMachine: ResourceType = {
  properties: [
    'DefinitionString',
    'Definition',
    'DefinitionS3Location',
    'DefinitionSubstitutions',
    'EncryptionConfiguration',
    'LoggingConfiguration',
    'RoleArn',
    'StateMachineName',
    'StateMachineType',
    'Tags',
    'TracingConfiguration',
  ],
  create(declared, world) {
    const { name, ...machine } = machineOf(declared, world);
    const { arn } = world.stepFunctions.createStateMachine({ name, ...machine });
    return { ref: arn, attributes: { Arn: arn, Name: name } };
  },
  replacement: ['StateMachineName', 'StateMachineType'],
  update(_, declared, world) {
    world.stepFunctions.updateStateMachine(machineOf(declared, world));
  },
  delete({ ref }, { stepFunctions }) {
    stepFunctions.deleteStateMachine(ref);
  },
};

function machineOf(declared: Declared, world: World): MachineOfTemplate {
  const name = optionalText(declared, 'StateMachineName') ?? declared.generatedName(80);
  const roleArn = text(declared, 'RoleArn');
  const type = optionalText(declared, 'StateMachineType') ?? 'STANDARD';
  if (type !== 'STANDARD' && type !== 'EXPRESS') {
    throw new SandboxLoadError(`${declared.logicalId}: StateMachineType is ${type}.`);
  }
  const arn = `arn:aws:states:${world.region}:${world.account}:stateMachine:${name}`;
  if (!world.iam.serviceMayAssume(roleArn, 'states.amazonaws.com', arn)) {
    throw new SandboxLoadError(
      `${declared.logicalId}: states.amazonaws.com may not assume ${roleArn}; its trust policy does not allow it.`,
    );
  }
  const definition = definitionOf(declared, world);
  return { name, definition, roleArn, type };
}

function definitionOf(declared: Declared, world: World): string {
  const { DefinitionString, Definition, DefinitionS3Location } = declared.properties;
  let definition: string;
  if (DefinitionString !== undefined) {
    definition = text(declared, 'DefinitionString');
  } else if (Definition !== undefined) {
    definition = JSON.stringify(Definition);
  } else if (DefinitionS3Location !== undefined) {
    const { Key } = object<{ Key: string }>(declared, 'DefinitionS3Location');
    definition = readFileSync(world.asset(Key), 'utf8');
  } else {
    throw new SandboxLoadError(`${declared.logicalId}: the state machine has no definition.`);
  }
  const substitutions = (declared.properties.DefinitionSubstitutions ?? {}) as Record<
    string,
    unknown
  >;
  // Placeholders that no substitution names stay as they are, as in AWS.
  return definition.replaceAll(/\$\{([A-Za-z0-9_]+)\}/g, (placeholder, name: string) =>
    Object.hasOwn(substitutions, name) ? String(substitutions[name]) : placeholder,
  );
}
