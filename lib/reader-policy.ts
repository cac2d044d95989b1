/** Managed policies for people and applications: readers of values, and operators who never read one. */
import type { CfnManagedPolicy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import {
  deploymentDimension,
  operatorPolicyName,
  readerPolicyName,
  tagKeys,
} from '../domain/config/names.ts';
import type { Deployment, SecretReference } from './deployment.ts';
import { managedPolicies } from './managed-policies.ts';
import type { ReencryptionParts } from './reencryption-machine.ts';
import { allow, findDeployments, readValues, startRotations, useKeyOf } from './statements.ts';
import type { MachineArns } from './workflow.ts';

/** What one consumer's role is given: its secrets, under the labels applications use. */
export function readerPolicy(
  scope: Construct,
  id: string,
  deployment: Deployment,
  consumer: string,
  secrets: readonly SecretReference[],
): CfnManagedPolicy[] {
  return managedPolicies(scope, id, {
    name: readerPolicyName(deployment.config, consumer),
    roles: deployment.consumerRoles.get(consumer) ?? [],
    statements: [
      readValues('ReadValues', secrets, ['AWSCURRENT', 'AWSPREVIOUS']),
      allow(
        'Describe',
        ['secretsmanager:DescribeSecret'],
        secrets.map(({ arn }) => arn),
      ),
      useKeyOf('UseKey', secrets, ['kms:Decrypt']),
    ],
  });
}

export interface Rotated {
  readonly reference: SecretReference;
  readonly function: { readonly functionArn: string };
  /** Taken over where it stands, by `quarterturn adopt`. */
  readonly adopted: boolean;
  /** Where its owners put the next value. */
  readonly inbox: SecretReference | undefined;
}

export interface OperatorPolicyProps {
  readonly rotated: readonly Rotated[];
  readonly reencryption: ReencryptionParts | undefined;
  readonly manifestParameterArns: readonly string[];
  /** AfterRotation. */
  readonly machine: MachineArns;
  /** The machine of emergencies: they are looked at, and started with another policy. */
  readonly emergency: MachineArns;
  /** What gets one consumer to a new value; absent: nothing does. */
  readonly rollout: MachineArns | undefined;
  readonly operatorFunctionArns: readonly string[];
  readonly auditLogArn: string;
  /** Topics of all audiences. */
  readonly topicArns: readonly string[];
}

/** On-call: looks at everything, starts a rotation with an intent, reads no value. */
export function operatorPolicy(
  scope: Construct,
  id: string,
  deployment: Deployment,
  props: OperatorPolicyProps,
): CfnManagedPolicy[] {
  const { rotated, reencryption, manifestParameterArns, rollout } = props;
  const invoked = [...props.operatorFunctionArns, ...(reencryption?.functionArns ?? [])];
  const secrets = rotated.map(({ reference }) => reference);
  return managedPolicies(scope, id, {
    name: operatorPolicyName(deployment.config),
    roles: deployment.operatorRoles,
    statements: [
      ...startRotations(
        secrets,
        rotated.map((secret) => secret.function.functionArn),
      ),
      allow(
        'Describe',
        [
          'secretsmanager:DescribeSecret',
          'secretsmanager:GetResourcePolicy',
          'secretsmanager:ListSecretVersionIds',
        ],
        [...secrets, ...rotated.flatMap(({ inbox }) => inbox ?? [])].map(({ arn }) => arn),
      ),
      // Knows no resource.
      allow('List', ['secretsmanager:ListSecrets'], ['*']),
      allow('ReadManifest', ['ssm:GetParameter'], manifestParameterArns),
      findDeployments(scope),
      ...(invoked.length > 0 ? [allow('InvokeOperators', ['lambda:InvokeFunction'], invoked)] : []),
      ...adoption(rotated.filter(({ adopted }) => adopted).map(({ reference }) => reference)),
      // Who was asked to confirm an address, and did not: it hears no alarm.
      allow('LookAtSubscriptions', ['sns:ListSubscriptionsByTopic'], props.topicArns),
      // The past, for `quarterturn report`: every event of this deployment, and no value.
      allow('ReadAuditLog', ['logs:FilterLogEvents'], [props.auditLogArn]),
      // One that was lost, or whose reason to stop is gone: its first task takes nothing that is another's.
      allow('ResumeAfterRotation', ['states:StartExecution'], [props.machine.arn]),
      allow(
        'LookAtAfterRotations',
        ['states:DescribeExecution'],
        [props.machine.executions, props.emergency.executions],
      ),
      ...(rollout
        ? [
            allow(
              'LookAtRollouts',
              ['states:DescribeExecution', 'states:ListExecutions'],
              [rollout.arn, rollout.executions],
            ),
          ]
        : []),
      ...(reencryption
        ? [
            allow('ResumeReencryption', ['states:StartExecution'], [reencryption.machine.arn]),
            allow(
              'LookAtReencryptions',
              ['states:DescribeExecution', 'states:ListExecutions'],
              [reencryption.machine.arn, reencryption.machine.executions],
            ),
          ]
        : []),
      ...deployment.controlTable.statements(
        {
          secretNames: secrets.map(({ name }) => name),
          isEverySecret: true,
          read: [
            ...(['intent.*', 'rotation', 'after', 'lease', 'compromised', 'hold'] as const),
            ...(['adopted', 'notice'] as const),
          ],
          // A rollback puts its secret on hold; a person ends that. Emergencies are their machine's to ask for.
          write: ['intent.planned', 'intent.rollback', 'adopted', 'hold'],
        },
        {
          secretNames: rollout === undefined ? [] : secrets.map(({ name }) => name),
          isEverySecret: true,
          read: ['rollout', 'failed'],
        },
        {
          secretNames: rollout === undefined ? [] : [deploymentDimension(deployment.config)],
          read: ['lock', 'counts'],
        },
        { secretNames: [deploymentDimension(deployment.config)], read: ['emergency', 'drilled'] },
        {
          secretNames: deployment.config.certificates?.length
            ? [deploymentDimension(deployment.config)]
            : [],
          read: ['certificate'],
        },
        {
          secretNames: reencryption?.secretNames ?? [],
          read: ['reencryption', 'consumers', 'zero'],
          write: ['consumers'],
        },
      ),
    ],
  });
}

/** The tags `quarterturn adopt` leaves on an existing secret. */
function adoption(secrets: readonly SecretReference[]): PolicyStatement[] {
  if (secrets.length === 0) {
    return [];
  }
  const arns = secrets.map(({ arn }) => arn);
  return [
    allow('TagAdopted', ['secretsmanager:TagResource'], arns, {
      'ForAllValues:StringEquals': { 'aws:TagKeys': Object.values(tagKeys) },
    }),
  ];
}
