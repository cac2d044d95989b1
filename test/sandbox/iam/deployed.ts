/**
 * The policies of the product's whole template, as the sandbox holds them once it has loaded it: of identities as IAM
 * has them, of resources as each service hands them to IAM with a request.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isWildcardOnlyAction } from '@cloud-copilot/iam-simulate';
import type { PolicyDocument } from '../../../sandbox/iam/policy.ts';
import { asList } from '../../../sandbox/iam/wildcard.ts';
import type { AccessCheck, Caller } from '../../../sandbox/service.ts';
import type { Template } from '../../../sandbox/template/assembly.ts';
import { loadStack } from '../../../sandbox/template/load.ts';
import { everything } from '../../lib/everything.ts';
import { synthesize } from '../../lib/synthesized.ts';
import { startAccount } from '../account.ts';

export const ACCOUNT = '000000000000';

export interface Identity {
  caller: Caller;
  /** ARN of the role or user. */
  arn: string;
  policies: readonly PolicyDocument[];
}

/** A resource with a policy of its own. */
export interface Guarded {
  arn: string;
  policy: PolicyDocument;
  /** Identity policies count only where this one says so: keys, roles. */
  required: boolean;
}

const deployment: Caller = {
  ...{
    arn: 'cloudformation.amazonaws.com',
    kind: 'service',
    service: 'cloudformation.amazonaws.com',
  },
};
export const ADMINISTRATOR = { Effect: 'Allow', Action: '*', Resource: '*' } as const;

export async function deployed() {
  const { text } = synthesize(everything);
  const account = await startAccount();
  const { services } = account;
  const { iam, bySigningName, networks } = services;
  const folder = mkdtempSync(join(tmpdir(), 'quarterturn-functions-'));
  writeFileSync(join(folder, 'index.mjs'), '');
  const template = JSON.parse(text) as Template;
  const functions = Object.values(template.Resources).filter(
    ({ Type }) => Type === 'AWS::Lambda::Function',
  );
  const keyOf = ({ Properties }: (typeof functions)[number]) =>
    (Properties as { Code: { S3Key: string } }).Code.S3Key;
  const { resources } = await loadStack(
    {
      ...{ name: 'pharmacy', account: '111122223333', region: 'eu-west-1', template },
      terminationProtection: false,
      assets: new Map(functions.map((it) => [keyOf(it), folder])),
    },
    { account: ACCOUNT, region: 'eu-west-1', ...services },
  );
  const all = (type: string) => [...resources.values()].filter((it) => it.type === type);

  const roles: Identity[] = all('AWS::IAM::Role').map(({ attributes: { Arn = '' } }) => ({
    caller: iam.callerOfRole(Arn, 'session'),
    arn: Arn,
    policies: iam.policiesOf(Arn).policies.map(({ document }) => document),
  }));
  // People and applications hold what the template leaves to be attached; each policy is one of each's here.
  const unattached = all('AWS::IAM::ManagedPolicy').filter(({ physicalId }) => {
    const { roles: held, users } = iam.holdersOf(physicalId);
    return held.length + users.length === 0;
  });
  const user = (name: string, own: readonly PolicyDocument[], managed: readonly string[]) => {
    const { arn } = iam.putUser(name, own, managed);
    const policies = iam.policiesOf(arn).policies.map(({ document }) => document);
    return { caller: { arn, kind: 'user' }, arn, policies } satisfies Identity;
  };
  const role = (name: string, managed: readonly string[]): Identity => {
    const { arn } = iam.putRole(name, [], managed);
    const policies = iam.policiesOf(arn).policies.map(({ document }) => document);
    return { caller: iam.callerOfRole(arn, 'session'), arn, policies };
  };
  // Its role is spared the question for MFA that the policy puts to everybody else who holds it.
  const emergency = roles.find(({ arn }) => arn.endsWith('-emergency-role'));
  const ofEmergency = all('AWS::IAM::ManagedPolicy').filter(({ physicalId }) =>
    iam.holdersOf(physicalId).roles.some(({ arn }) => arn === emergency?.arn),
  );
  const applications = [
    ...unattached.map(({ physicalId }, index) => role(`application-${index}`, [physicalId])),
    ...ofEmergency.map(({ physicalId }, index) => role(`responder-${index}`, [physicalId])),
    ...ofEmergency.map(({ physicalId }, index) => user(`commander-${index}`, [], [physicalId])),
  ];
  const users: Identity[] = [
    ...unattached.map(({ physicalId }, index) => user(`person-${index}`, [], [physicalId])),
    user('stranger', [], []),
    // Whom policies of the template name, and who holds nothing else.
    user('incident-commander', [], []),
    ...['recovery', 'break-glass', 'scanner', 'vendor-keys'].map((name) => role(name, [])),
    user('administrator', [{ Statement: ADMINISTRATOR }], []),
  ];

  const asked = (service: string, operation: string, input: object): AccessCheck => {
    const [check] =
      bySigningName
        .get(service)
        ?.operations[operation]?.authorize(input as Record<string, unknown>, deployment) ?? [];
    if (check === undefined) throw new Error(`${service} asks nothing for ${operation}`);
    return check;
  };
  const placement = {
    subnetIds: all('AWS::EC2::Subnet').map(({ physicalId }) => physicalId),
    securityGroupIds: all('AWS::EC2::SecurityGroup').map(({ physicalId }) => physicalId),
  };
  const endpoint = (service: string): Guarded => {
    const way = networks.passage(placement, service);
    const policy = way.reaches ? way.policy : undefined;
    if (policy === undefined) throw new Error(`no policy of an endpoint on the way to ${service}`);
    return { arn: `endpoint of ${service}`, policy, required: true };
  };
  const guarded: Guarded[] = [
    ...all('AWS::IAM::Role').map(({ attributes: { Arn } }) =>
      asked('sts', 'AssumeRole', { RoleArn: Arn, RoleSessionName: 'test' }),
    ),
    ...all('AWS::SecretsManager::Secret').map(({ physicalId }) =>
      asked('secretsmanager', 'DescribeSecret', { SecretId: physicalId }),
    ),
    ...all('AWS::KMS::Key').map(({ physicalId }) =>
      asked('kms', 'DescribeKey', { KeyId: physicalId }),
    ),
    ...all('AWS::SNS::Topic').map(({ physicalId }) =>
      asked('sns', 'Publish', { TopicArn: physicalId }),
    ),
    ...all('AWS::SQS::Queue').map(({ physicalId }) =>
      asked('sqs', 'SendMessage', { QueueUrl: physicalId }),
    ),
    ...all('AWS::S3::Bucket').map(({ physicalId }) =>
      asked('s3', 'ListObjectsV2', { Bucket: physicalId, headers: {} }),
    ),
    ...all('AWS::Events::EventBus').map(({ physicalId }) =>
      asked('events', 'PutEvents', { Entries: [{ EventBusName: physicalId }] }),
    ),
    ...all('AWS::Lambda::Function').map(({ physicalId }) =>
      asked('lambda', 'Invoke', { FunctionName: physicalId }),
    ),
  ].flatMap(({ resource, resourcePolicy, resourcePolicyRequired = false }) =>
    resourcePolicy === undefined
      ? []
      : [{ arn: resource, policy: resourcePolicy, required: resourcePolicyRequired }],
  );
  const actions = actionsIn([...roles, ...users], guarded);
  const endpoints = ['secretsmanager', 'kms', 'dynamodb', 's3'].map(endpoint);
  return {
    iam,
    clock: account.clock,
    identities: [...roles, ...users, ...applications],
    applications,
    guarded,
    endpoints,
    actions,
    /** Those that know no resource: they are asked for on "*". */
    wildcardOnly: await wildcardOnly(actions),
    template,
    async stop() {
      await account.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Every action that a policy names, and neighbours that none does. */
function actionsIn(identities: readonly Identity[], guarded: readonly Guarded[]): string[] {
  const policies = [...identities.flatMap((it) => it.policies), ...guarded.map((it) => it.policy)];
  const named = policies
    .flatMap(({ Statement: it }) => asList(it))
    .flatMap(({ Action }) => asList(Action))
    .filter((it) => !it.includes('*'));
  const neighbours = [
    ...['secretsmanager:TagResource', 'secretsmanager:RestoreSecret', 'kms:UpdateAlias'],
    ...['sqs:ReceiveMessage', 's3:GetBucketPolicy', 'dynamodb:Scan', 'lambda:GetFunction'],
  ];
  return [...new Set([...named, ...neighbours])].sort();
}

async function wildcardOnly(actions: readonly string[]): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (const action of actions) {
    const [service = '', name = ''] = action.split(':');
    if (await isWildcardOnlyAction(service, name)) found.add(action);
  }
  return found;
}

export type Deployed = Awaited<ReturnType<typeof deployed>>;
