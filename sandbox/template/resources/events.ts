import type { EventPattern } from '../../events/pattern.ts';
import type { RuleDefinition } from '../../events/rule.ts';
import type { Target } from '../../events/target.ts';
import type { PolicyDocument, Statement } from '../../iam/policy.ts';
import { assertSupportedPolicy } from '../../iam/validate.ts';
import { SandboxLoadError } from '../load-error.ts';
import { list, optionalText, present, text } from '../properties.ts';
import type { Declared, ResourceType, World } from '../resource-type.ts';

interface TargetProperties {
  Id: string;
  Arn: string;
  RoleArn?: string;
  Input?: string;
  InputPath?: string;
  InputTransformer?: { InputPathsMap?: Record<string, string>; InputTemplate: string };
  RetryPolicy?: { MaximumEventAgeInSeconds?: number; MaximumRetryAttempts?: number };
  DeadLetterConfig?: { Arn?: string };
}

const targetProperties = [
  ...['Id', 'Arn', 'RoleArn', 'Input', 'InputPath', 'InputTransformer'],
  ...['RetryPolicy', 'DeadLetterConfig'],
];

export const rule: ResourceType = {
  properties: [
    'Name',
    'Description',
    'EventBusName',
    'EventPattern',
    'ScheduleExpression',
    'State',
    'Targets',
    'Tags',
  ],
  create(declared, world) {
    const definition = definitionOf(declared, world);
    const { arn } = world.events.createRule(definition);
    return { ref: definition.name, attributes: { Arn: arn } };
  },
  replacement: ['Name', 'EventBusName'],
  update(_, declared, world) {
    world.events.updateRule(definitionOf(declared, world));
  },
  delete({ ref, ...existing }, { events }) {
    events.removeRule(ref, busNameOf(existing));
  },
};

function busNameOf(declared: Declared): string | undefined {
  return optionalText(declared, 'EventBusName')?.replace(/^arn:.*:event-bus\//, '');
}

function definitionOf(declared: Declared, world: World): RuleDefinition {
  const name = optionalText(declared, 'Name') ?? declared.generatedName(64);
  const busName = busNameOf(declared);
  const state = optionalText(declared, 'State') ?? 'ENABLED';
  if (state !== 'ENABLED' && state !== 'DISABLED') {
    throw new SandboxLoadError(`${declared.logicalId}: State ${state} is not simulated.`);
  }
  return {
    name,
    state,
    targets: list<TargetProperties>(declared, 'Targets').map((t) => toTarget(t, declared, world)),
    ...present({
      busName,
      description: optionalText(declared, 'Description'),
      eventPattern: declared.properties.EventPattern as EventPattern | undefined,
      scheduleExpression: optionalText(declared, 'ScheduleExpression'),
    }),
  };
}

function toTarget(target: TargetProperties, { logicalId }: Declared, world: World): Target {
  const { RoleArn } = target;
  if (RoleArn !== undefined && !world.iam.serviceMayAssume(RoleArn, 'events.amazonaws.com', '')) {
    throw new SandboxLoadError(
      `${logicalId}: events.amazonaws.com may not assume ${RoleArn}; its trust policy does not name it.`,
    );
  }
  const { RetryPolicy } = target;
  for (const property of Object.keys(target).filter((key) => !targetProperties.includes(key))) {
    world.notSimulated(`${logicalId} (AWS::Events::Rule): property ${property} of a target`);
  }
  return {
    id: target.Id,
    arn: target.Arn,
    ...present({
      roleArn: RoleArn,
      input: target.Input,
      inputPath: target.InputPath,
      inputTransformer: target.InputTransformer && {
        inputTemplate: target.InputTransformer.InputTemplate,
        inputPathsMap: target.InputTransformer.InputPathsMap ?? {},
      },
      deadLetterArn: target.DeadLetterConfig?.Arn,
      retryPolicy:
        RetryPolicy &&
        present({
          maximumEventAgeInSeconds: RetryPolicy.MaximumEventAgeInSeconds,
          maximumRetryAttempts: RetryPolicy.MaximumRetryAttempts,
        }),
    }),
  };
}

export const eventBus: ResourceType = {
  properties: ['Name', 'Description', 'Policy', 'Tags'],
  create(declared, world) {
    const name = text(declared, 'Name');
    const { arn } = world.events.createBus(name);
    setOwnPolicy(undefined, declared, world);
    return { ref: name, attributes: { Arn: arn, Name: name } };
  },
  replacement: ['Name'],
  update(existing, declared, world) {
    setOwnPolicy(existing, declared, world);
  },
  delete({ ref }, { events }) {
    events.removeBus(ref);
  },
};

/** The whole policy at once, beside what each AWS::Events::EventBusPolicy adds. */
function setOwnPolicy(existing: Declared | undefined, declared: Declared, world: World): void {
  const name = text(declared, 'Name');
  const before = existing === undefined ? [] : ownStatements(existing);
  const added = (world.busStatements.get(name) ?? []).filter(
    ({ Sid }) => !before.some((statement) => statement.Sid === Sid),
  );
  setStatements(name, [...ownStatements(declared), ...added], world);
}

function ownStatements({ properties }: Declared): Statement[] {
  const { Policy } = properties as { Policy?: PolicyDocument };
  return Policy === undefined ? [] : [Policy.Statement].flat();
}

/** A bus has one policy; each resource of this type adds a statement to it. */
export const eventBusPolicy: ResourceType = {
  properties: ['EventBusName', 'StatementId', 'Statement', 'Action', 'Principal', 'Condition'],
  create(declared, world) {
    setStatement(declared, world);
    return { ref: declared.generatedName(64) };
  },
  replacement: ['EventBusName', 'StatementId'],
  update(_, declared, world) {
    setStatement(declared, world);
  },
  delete(existing, world) {
    setStatements(busOf(existing), othersThan(existing, world), world);
  },
};

const busOf = (declared: Declared) => optionalText(declared, 'EventBusName') ?? 'default';

function othersThan(declared: Declared, { busStatements }: World): Statement[] {
  const id = text(declared, 'StatementId');
  return (busStatements.get(busOf(declared)) ?? []).filter(({ Sid }) => Sid !== id);
}

function setStatements(busName: string, statements: Statement[], world: World): void {
  const policy: PolicyDocument = { Version: '2012-10-17', Statement: statements };
  assertSupportedPolicy(policy, `policy of event bus ${busName}`, 'resource');
  world.busStatements.set(busName, statements);
  world.events.putBusPolicy(busName, policy);
}

function setStatement(declared: Declared, world: World): void {
  const { account, region } = world;
  const busName = busOf(declared);
  const { Statement, Action, Principal } = declared.properties;
  if (Statement === undefined && declared.properties.Condition !== undefined) {
    throw new SandboxLoadError(
      `${declared.logicalId}: Condition without Statement is not simulated.`,
    );
  }
  const principal = Principal === '*' ? '*' : { AWS: `arn:aws:iam::${String(Principal)}:root` };
  const statement = (Statement ?? {
    Effect: 'Allow',
    Principal: principal,
    Action,
    Resource: `arn:aws:events:${region}:${account}:event-bus/${busName}`,
  }) as Statement;
  const added = { Sid: text(declared, 'StatementId'), ...statement };
  setStatements(busName, [...othersThan(declared, world), added], world);
}
