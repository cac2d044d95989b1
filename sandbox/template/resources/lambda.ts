import type { Statement } from '../../iam/policy.ts';
import { SandboxLoadError } from '../load-error.ts';
import { object, optionalText, present, text } from '../properties.ts';
import type { Declared, ResourceType, World } from '../resource-type.ts';

export const lambdaFunction: ResourceType = {
  properties: [
    'Architectures',
    'Code',
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
  ],
  create(declared, world) {
    const { properties } = declared;
    assertNode(declared);
    const environment = (properties.Environment ?? {}) as { Variables?: Record<string, unknown> };
    const name = optionalText(declared, 'FunctionName') ?? declared.generatedName(64);
    const reserved = properties.ReservedConcurrentExecutions;
    const { arn } = world.lambda.createFunction({
      name,
      roleArn: text(declared, 'Role'),
      handler: text(declared, 'Handler'),
      code: codeOf(declared, world),
      timeoutSeconds: Number(properties.Timeout ?? 3),
      memorySize: Number(properties.MemorySize ?? 128),
      environment: Object.fromEntries(
        Object.entries(environment.Variables ?? {}).map(([key, value]) => [key, String(value)]),
      ),
      ...present({ reservedConcurrency: reserved === undefined ? undefined : Number(reserved) }),
    });
    return { ref: name, attributes: { Arn: arn } };
  },
};

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

export const permission: ResourceType = {
  properties: ['Action', 'FunctionName', 'Principal', 'SourceAccount', 'SourceArn'],
  create(declared, { lambda }) {
    const principal = text(declared, 'Principal');
    const sourceAccount = optionalText(declared, 'SourceAccount');
    const sourceArn = optionalText(declared, 'SourceArn');
    const name = text(declared, 'FunctionName');
    const found = lambda.find(name);
    const statement: Statement = {
      Sid: declared.logicalId,
      Effect: 'Allow',
      Principal: /\.amazonaws\.com$/.test(principal) ? { Service: principal } : { AWS: principal },
      Action: text(declared, 'Action'),
      Resource: name.startsWith('arn:') ? name : found.arn,
      Condition: {
        ...(sourceAccount && { StringEquals: { 'aws:SourceAccount': sourceAccount } }),
        ...(sourceArn && { ArnLike: { 'aws:SourceArn': sourceArn } }),
      },
    };
    lambda.addPermission(name, statement);
    return { ref: declared.generatedName(64) };
  },
};
