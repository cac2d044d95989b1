/**
 * Findings of compliance packs (cdk-nag: AWS Solutions, HIPAA Security, NIST 800-53 R5, PCI DSS 3.2.1,
 * Serverless) that are accepted, each with its reason. They are recorded on the constructs they are about, so
 * that a team that runs these packs over its own app meets no finding of ours; `docs/compliance.md` lists them.
 */
import { Stack, Token, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { isRolledOut } from '../domain/config/consumer-schema.ts';
import { isReencrypted } from '../domain/config/manifest.ts';
import {
  afterRotationMachineName,
  emergencyMachineName,
  functionName,
  reencryptionMachineName,
  rolloutMachineName,
  secretName,
} from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { trailFolder } from './access-audit.ts';
import { fewSecrets } from './emergency-statements.ts';
import { workLabel } from './reencryption-workers.ts';

export interface Acknowledgement {
  /** The findings, as the packs name them. */
  readonly findings: readonly string[];
  /** The constructs, by their path below the `Quarterturn` construct. */
  readonly at: RegExp;
  readonly reason: string;
}

/** The packs that state one rule under the same name. */
const inPacks = (rule: string, ...packs: ('HIPAA' | 'NIST' | 'PCI')[]) =>
  packs.map(
    (pack) =>
      `${{ HIPAA: 'HIPAA.Security', NIST: 'NIST.800.53.R5', PCI: 'PCI.DSS.321' }[pack]}-${rule}`,
  );

const everyFunction =
  /\/(Function|Tasks|In-[a-z0-9]+|Operator|Rotation|GitHub|Posture)\/Function\/Resource$/;
const policiesOfRoles = /\/Policy\d*$/;

/** What the packs find in a deployment of this configuration, and why it stays. */
export function acknowledgementsOf(
  scope: IConstruct,
  config: RotationConfig,
): readonly Acknowledgement[] {
  const bucket = scope.node.tryFindChild('Escrow')?.node.tryFindChild('Bucket');
  const { region } = Stack.of(scope);
  const inRegion = Token.isUnresolved(region) ? '<AWS::Region>' : region;
  const executions = (of: string) =>
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:${inRegion}:<AWS::AccountId>:execution:${of}]`;
  const executionsOfOne = 'The executions of one state machine; each has a name of its own.';
  const rowsFollow = Object.values(config.secrets).some(isReencrypted);
  const encryption = Object.keys(config.secrets).filter(
    (key) => config.secrets[key]?.kind === 'encryption',
  );
  return [
    {
      findings: inPacks('LambdaConcurrency', 'HIPAA', 'NIST'),
      at: everyFunction,
      reason:
        'Reserved concurrency is taken from the account: where the quota is small a deployment fails, and a reservation of one throttles the retry of a rotation. One rotation at a time is kept by compare-and-swap and by a lock in the database.',
    },
    {
      findings: inPacks('LambdaInsideVPC', 'HIPAA', 'NIST', 'PCI'),
      at: everyFunction,
      reason:
        'Only functions that open a database connection are placed in a VPC. The others call AWS alone: a VPC would add paths and take none away.',
    },
    {
      findings: [...inPacks('LambdaDLQ', 'HIPAA', 'NIST'), 'Serverless-LambdaDLQ'],
      at: everyFunction,
      reason:
        'It is called synchronously: the caller hears of the failure and repeats the call. Functions that are called asynchronously have a dead-letter queue.',
    },
    {
      findings: ['AwsSolutions-IAM5[Resource::*]'],
      at: /(\/Policy\d*|^Operator\d*)$/,
      reason:
        'These actions know no resource: kms:GenerateRandom, secretsmanager:ListSecrets, cloudtrail:LookupEvents, ecs:DescribeTaskDefinition, application-autoscaling:DescribeScalableTargets, X-Ray, the delivery of logs by Step Functions, and the network interfaces Lambda makes for a function in a VPC.',
    },
    {
      findings: [`${afterRotationMachineName(config)}:*`].map(executions),
      at: /^((Cadence|Emergency)\/Function\/Policy|Operator\d*|Triggers\/(Function\/Policy|Gate))/,
      reason: executionsOfOne,
    },
    {
      findings: [`${emergencyMachineName(config)}:*`].map(executions),
      at: /^((Emergency|Triggers)\/Function\/Policy|Operator\d*|EmergencyPolicy\d*)/,
      reason: executionsOfOne,
    },
    ...reportsOfIncidents(scope),
    ...(Object.keys(config.secrets).length > fewSecrets
      ? [
          {
            findings: [
              `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:${inRegion}:<AWS::AccountId>:secret:${secretName(config, '*')}]`,
            ],
            at: /^Emergency\/Function\/Policy/,
            reason:
              'More than thirty secrets, told by the prefix the new ones of a deployment have in common: described, and rotated where their own function may be invoked, too.',
          },
        ]
      : []),
    {
      findings: ['role', 'user'].map(
        (kind) =>
          `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iam::<AWS::AccountId>:${kind}/*]`,
      ),
      at: /^EmergencyPolicy\d*$/,
      reason:
        'Whoever leaves may be any role or user of the account: which secrets it could read is asked of IAM itself, whose simulation performs nothing.',
    },
    ...(config.triggers?.gitHub
      ? [
          {
            findings: inPacks('LambdaFunctionPublicAccessProhibited', 'HIPAA', 'NIST', 'PCI'),
            at: /^Triggers\/Url(Permission|Invoke)$/,
            reason:
              'GitHub signs its deliveries and has no AWS credentials: anybody may reach the address, and a request without a valid signature ends there. The function behind it can report an exposure, which is limited and told, and read the one secret that verifies signatures.',
          },
        ]
      : []),
    {
      findings: [
        `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:lambda:${inRegion}:<AWS::AccountId>:function:${functionName(config, '*')}]`,
      ],
      at: /^(AccessAudit|Emergency)\/Function\/Policy/,
      reason:
        'The functions of this deployment, whose names begin so: which role each runs as tells its own reads from those of others, and a drill what they may do. Looking changes nothing, and a configuration holds no value.',
    },
    ...(config.trail
      ? [
          {
            findings: [
              `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::${config.trail.bucket}/${trailFolder(config.trail)}/<AWS::AccountId>/CloudTrail/*]`,
            ],
            at: /^AccessAudit\/Function\/Policy/,
            reason:
              'Log files of this account, which the trail names itself; only Athena reads them for the function.',
          },
        ]
      : []),
    ...(config.consumers.some(isRolledOut)
      ? [
          {
            findings: [executions(`${rolloutMachineName(config)}:*`)],
            at: /^(AfterRotation\/Machine\/Policy|Emergency\/(Machine|Function)\/Policy|Operator\d*)/,
            reason: executionsOfOne,
          },
          ...patternsOfRestarts(config, inRegion),
        ]
      : []),
    ...(rowsFollow
      ? [
          {
            findings: [executions(`${reencryptionMachineName(config)}:*`)],
            at: /^(Cadence\/Function\/Policy|Reencryption\/Policy|Operator\d*)/,
            reason: executionsOfOne,
          },
          {
            findings: [executions(`${reencryptionMachineName(config)}/${workLabel}:*`)],
            at: /^Reencryption\/Policy/,
            reason: 'The workers of one state machine; each is an execution with an id of its own.',
          },
          {
            findings: ['AwsSolutions-L1', 'Serverless-LambdaLatestVersion'],
            at: /^Rows-\w+\/Function\/Function\/Resource$/,
            reason:
              'The throughput of re-encryption was measured on Node.js 22, which Lambda supports; a newer one waits for a measurement of its own.',
          },
        ]
      : []),
    ...encryption.map((key) => ({
      findings: [
        `AwsSolutions-IAM5[Resource::<${bucket === undefined ? '' : Stack.of(scope).getLogicalId(bucket as never)}.Arn>/${key}/*]`,
      ],
      at: policiesOfRoles,
      reason: 'The copies of one secret; each version is an object of its own.',
    })),
    {
      findings: ['AwsSolutions-S1', ...inPacks('S3BucketLoggingEnabled', 'HIPAA', 'NIST', 'PCI')],
      at: /^Escrow\/Bucket$/,
      reason:
        'Every read of a copy needs kms:Decrypt on a key of its own with the object in the encryption context, which CloudTrail records; an access log would need a second bucket to protect.',
    },
    {
      findings: inPacks('S3BucketReplicationEnabled', 'HIPAA', 'NIST', 'PCI'),
      at: /^Escrow\/Bucket$/,
      reason:
        'It is the second copy. A third one in another region holds the same keys in one more place, and is for the team to decide.',
    },
    {
      findings: ['AwsSolutions-SMG4', ...inPacks('SecretsManagerRotationEnabled', 'HIPAA', 'NIST')],
      at: /^Secret-\w+\/(Secret|Inbox)$/,
      reason:
        'A user-managed secret: its owners change it, or put its next value into its inbox. No rule of the service rotates it; it is in the inventory, and its owners are reminded of its age.',
    },
    {
      findings: inPacks('DynamoDBInBackupPlan', 'HIPAA', 'NIST'),
      at: /^Control\/Table$/,
      reason:
        'Point-in-time recovery covers 35 days and deletion protection is on. A record is needed for the length of one rotation; evidence is kept in the audit log.',
    },
    {
      findings: inPacks('VPCDefaultSecurityGroupClosed', 'HIPAA', 'NIST', 'PCI'),
      at: /^Networks\/\w+Vpc\/Vpc$/,
      reason:
        'CloudFormation cannot change the default security group without a function that may edit every group of the account. Nothing here uses it.',
    },
    {
      findings: ['Serverless-SNSRedrivePolicy'],
      at: /^Messages\/(OnCall|Security|Support|Product)\/(Email|Endpoint)\d+$/,
      reason:
        'A message that a mailbox or an endpoint did not take would be reported to the same one. Alarms stay in alarm, and status shows what they are about.',
    },
    {
      findings: ['Serverless-SQSRedrivePolicy'],
      at: /^Messages\/DeadLetters$/,
      reason: 'It is the dead-letter queue, and an alarm watches its depth.',
    },
  ];
}

/** Records on each construct below `scope` what is accepted of it. */
export function acknowledgeFindings(scope: IConstruct, config: RotationConfig): void {
  const accepted = acknowledgementsOf(scope, config);
  const start = scope.node.path.length + 1;
  for (const construct of scope.node.findAll()) {
    const path = construct.node.path.slice(start);
    for (const { findings, reason } of accepted.filter(({ at }) => at.test(path))) {
      for (const id of findings) {
        Validations.of(construct).acknowledge({ id, reason });
      }
    }
  }
}

/** Of the bucket of reports, and of who stores and reads them. */
function reportsOfIncidents(scope: IConstruct): Acknowledgement[] {
  const bucket = scope.node.tryFindChild('Emergency')?.node.tryFindChild('Reports');
  const made = bucket?.node.tryFindChild('Bucket');
  if (made === undefined) return [];
  const at = /^Emergency\/Reports\/Bucket$/;
  return [
    {
      findings: [
        `AwsSolutions-IAM5[Resource::<${Stack.of(scope).getLogicalId(made as never)}.Arn>/*]`,
      ],
      at: /^(Emergency\/Function\/Policy|EmergencyPolicy)\d*$/,
      reason: 'Reports of incidents; each emergency has objects of its own.',
    },
    {
      findings: ['AwsSolutions-S1', ...inPacks('S3BucketLoggingEnabled', 'HIPAA', 'NIST', 'PCI')],
      at,
      reason:
        'Every read of a report needs kms:Decrypt with the object in the encryption context, which CloudTrail records; an access log would need a second bucket to protect.',
    },
    {
      findings: inPacks('S3BucketReplicationEnabled', 'HIPAA', 'NIST', 'PCI'),
      at,
      reason:
        'Reports hold names, times and counts, no value. They cannot be deleted before their time; a second place for them is for the team to decide.',
    },
  ];
}

/** Of the rollout function, where consumers are of that sort. */
function patternsOfRestarts(config: RotationConfig, region: string): Acknowledgement[] {
  const services = config.consumers.flatMap(({ restart }) =>
    restart?.by === 'ecs' ? [restart] : [],
  );
  const of = (service: string, resource: string) =>
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:${service}:${region}:<AWS::AccountId>:${resource}]`;
  return [
    ...(services.length > 0
      ? [
          {
            findings: [of('application-autoscaling', 'scalable-target/*')],
            at: /^Rollout\/Function\/Policy/,
            reason:
              'The ARN of a scalable target ends in an id that the service makes. Conditions say what it scales: the count of ECS services, and Application Auto Scaling asks for the right to update that service as well.',
          },
        ]
      : []),
    ...(services.some(({ codeDeploy }) => codeDeploy !== undefined)
      ? [
          {
            findings: [of('codedeploy', 'deploymentconfig:*')],
            at: /^Rollout\/Function\/Policy/,
            reason:
              'Which configuration a deployment group uses is its own to say; reading one changes nothing.',
          },
        ]
      : []),
  ];
}
