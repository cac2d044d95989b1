import type { Statement } from '../../iam/policy.ts';
import type { EventInvokeConfig } from '../../lambda/asynchronous.ts';
import { type FunctionSpec, functionNameIn } from '../../lambda/function.ts';
import { SandboxLoadError } from '../load-error.ts';
import { object, optionalText, present, text } from '../properties.ts';
import type { Declared, ResourceType, World } from '../resource-type.ts';

export const lambdaFunction: ResourceType = {
  properties: [
    'Architectures',
    'Code',
    'DeadLetterConfig',
    'Description',
    'Environment',
    'EphemeralStorage',
    'FunctionName',
    'Handler',
    'LoggingConfig',
    'MemorySize',
    'ReservedConcurrentExecutions',
    'Role',
    'Runtime',
    'Tags',
    'Timeout',
    'TracingConfig',
    'VpcConfig',
  ],
  create(declared, world) {
    const spec = specOf(declared, world);
    const { arn } = world.lambda.createFunction(spec);
    return { ref: spec.name, attributes: { Arn: arn } };
  },
  replacement: ['FunctionName'],
  update: (_, declared, world) => world.lambda.updateFunction(specOf(declared, world)),
  delete: ({ ref }, { lambda }) => lambda.deleteFunction(ref),
};

function specOf(declared: Declared, world: World): FunctionSpec {
  const { properties } = declared;
  assertNode(declared);
  const environment = (properties.Environment ?? {}) as { Variables?: Record<string, unknown> };
  const reserved = properties.ReservedConcurrentExecutions;
  const { LogGroup } = (properties.LoggingConfig ?? {}) as { LogGroup?: string };
  const { TargetArn } = (properties.DeadLetterConfig ?? {}) as { TargetArn?: string };
  return {
    name: optionalText(declared, 'FunctionName') ?? declared.generatedName(64),
    roleArn: text(declared, 'Role'),
    handler: text(declared, 'Handler'),
    code: codeOf(declared, world),
    timeoutSeconds: Number(properties.Timeout ?? 3),
    memorySize: Number(properties.MemorySize ?? 128),
    environment: Object.fromEntries(
      Object.entries(environment.Variables ?? {}).map(([key, value]) => [key, String(value)]),
    ),
    ...present({
      reservedConcurrency: reserved === undefined ? undefined : Number(reserved),
      logGroup: LogGroup,
      deadLetterArn: TargetArn,
      placement: placementOf(declared, world),
    }),
  };
}

function placementOf(declared: Declared, world: World): FunctionSpec['placement'] | undefined {
  const { VpcConfig } = declared.properties as {
    VpcConfig?: { SubnetIds?: string[]; SecurityGroupIds?: string[] };
  };
  const { SubnetIds: subnetIds = [], SecurityGroupIds: securityGroupIds = [] } = VpcConfig ?? {};
  // An empty one takes a function out of its VPC.
  if (subnetIds.length === 0) {
    return undefined;
  }
  const placement = { subnetIds, securityGroupIds };
  const what = `${declared.logicalId} (AWS::Lambda::Function): property VpcConfig`;
  switch (world.networks.knowledgeOf(placement)) {
    case 'nothing':
      world.notSimulated(`${what}: its VPC is not of this stack, every service answers`);
      break;
    case 'endpoints':
      world.notSimulated(
        `${what}: its VPC is not of this stack, only its endpoints here are known`,
      );
      break;
    default:
  }
  world.notSimulated(`${what}: connections to databases, which every process here can open`);
  return placement;
}

function assertNode(declared: Declared): void {
  const runtime = optionalText(declared, 'Runtime');
  if (!runtime?.startsWith('nodejs')) {
    throw new SandboxLoadError(
      `${declared.logicalId}: the runtime is ${runtime ?? 'a container image'}, the sandbox runs nodejs only.`,
    );
  }
}

function codeOf(declared: Declared, world: World): { folder: string } | { inline: string } {
  const { S3Key, ZipFile } = object<{ S3Key?: string; ZipFile?: string }>(declared, 'Code');
  if (ZipFile !== undefined) {
    return { inline: ZipFile };
  }
  return { folder: world.asset(String(S3Key)) };
}

export const eventInvokeConfig: ResourceType = {
  properties: ['FunctionName', 'Qualifier', 'MaximumRetryAttempts', 'DestinationConfig'],
  create(declared, { lambda }) {
    const { name } = lambda.find(text(declared, 'FunctionName')).spec;
    lambda.asynchronous.configure(name, configOf(declared));
    return { ref: declared.generatedName(64) };
  },
  replacement: ['FunctionName', 'Qualifier'],
  update({ properties }, declared, { lambda }) {
    const { name } = lambda.find(String(properties.FunctionName)).spec;
    lambda.asynchronous.configure(name, configOf(declared));
  },
  delete({ properties }, { lambda }) {
    lambda.asynchronous.configure(functionNameIn(String(properties.FunctionName)), undefined);
  },
};

function configOf({ logicalId, properties }: Declared): EventInvokeConfig {
  const { OnFailure, OnSuccess } = (properties.DestinationConfig ?? {}) as {
    OnFailure?: { Destination: string };
    OnSuccess?: object;
  };
  if (OnSuccess !== undefined || !(OnFailure?.Destination.startsWith('arn:aws:sqs:') ?? true)) {
    throw new SandboxLoadError(
      `${logicalId}: the sandbox simulates queues as destinations, on failure only.`,
    );
  }
  const attempts = properties.MaximumRetryAttempts;
  return present({
    maximumRetryAttempts: attempts === undefined ? undefined : Number(attempts),
    onFailure: OnFailure?.Destination,
  });
}

const permissionProperties = [
  ...['Action', 'FunctionName', 'Principal', 'SourceAccount', 'SourceArn'],
  ...['FunctionUrlAuthType', 'InvokedViaFunctionUrl'],
];

export const permission: ResourceType = {
  properties: permissionProperties,
  create(declared, { lambda }) {
    const principal = text(declared, 'Principal');
    const sourceAccount = optionalText(declared, 'SourceAccount');
    const sourceArn = optionalText(declared, 'SourceArn');
    const authType = optionalText(declared, 'FunctionUrlAuthType');
    const viaUrl = String(declared.properties.InvokedViaFunctionUrl) === 'true';
    const name = text(declared, 'FunctionName');
    const found = lambda.find(name);
    const statement: Statement = {
      Sid: declared.generatedName(64),
      Effect: 'Allow',
      Principal: /\.amazonaws\.com$/.test(principal) ? { Service: principal } : { AWS: principal },
      Action: text(declared, 'Action'),
      Resource: name.startsWith('arn:') ? name : found.arn,
      Condition: {
        StringEquals: {
          ...(sourceAccount && { 'aws:SourceAccount': sourceAccount }),
          ...(authType && { 'lambda:FunctionUrlAuthType': authType }),
        },
        ...(viaUrl && { Bool: { 'lambda:InvokedViaFunctionUrl': 'true' } }),
        ...(sourceArn && { ArnLike: { 'aws:SourceArn': sourceArn } }),
      },
    };
    lambda.addPermission(name, statement);
    return { ref: declared.generatedName(64) };
  },
  replacement: permissionProperties,
  delete({ ref, properties }, { lambda }) {
    lambda.removePermission(String(properties.FunctionName), ref);
  },
};

/** A function's own address; whoever may call it is in the function's policy. */
export const functionUrl: ResourceType = {
  properties: ['AuthType', 'InvokeMode', 'TargetFunctionArn'],
  create(declared, { lambda }) {
    assertUrl(declared);
    const { url, arn } = lambda.urls.create(text(declared, 'TargetFunctionArn'));
    return { ref: arn, attributes: { FunctionArn: arn, FunctionUrl: url } };
  },
  replacement: ['TargetFunctionArn'],
  update(_, declared) {
    assertUrl(declared);
  },
  delete({ properties }, { lambda }) {
    lambda.urls.remove(functionNameIn(String(properties.TargetFunctionArn)));
  },
};

function assertUrl(declared: Declared): void {
  const authType = text(declared, 'AuthType');
  const mode = optionalText(declared, 'InvokeMode') ?? 'BUFFERED';
  if (authType !== 'NONE' || mode !== 'BUFFERED') {
    throw new SandboxLoadError(
      `${declared.logicalId}: a function URL with AuthType ${authType} and InvokeMode ${mode} is not simulated, NONE and BUFFERED are.`,
    );
  }
}
