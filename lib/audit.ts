/** The audit log: every event of this deployment, kept for years where the bus forgets it at once. */
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnResourcePolicy, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { auditLogGroupName, functionName, secretName } from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import { auditEventSource } from '../domain/events/audit-event.ts';
import type { Keys } from './keys.ts';
import { deliveryOf, type Messages } from './messages.ts';

export interface AuditProps {
  readonly config: RotationConfig;
  readonly keys: Keys;
  readonly messages: Messages;
  /** Names of secrets that were adopted: the others have the deployment's own prefix. */
  readonly adopted: readonly string[];
}

const retention: Record<RotationConfig['auditYears'], RetentionDays> = {
  1: RetentionDays.ONE_YEAR,
  2: RetentionDays.TWO_YEARS,
  3: RetentionDays.THREE_YEARS,
  5: RetentionDays.FIVE_YEARS,
  10: RetentionDays.TEN_YEARS,
};

export class Audit extends Construct {
  /** Of the log group, as statements name it. */
  readonly logGroupArn: string;

  constructor(scope: Construct, id: string, { config, keys, messages, adopted }: AuditProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Log', {
      logGroupName: auditLogGroupName(config),
      retention: retention[config.auditYears],
      encryptionKey: keys.messages,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.logGroupArn = logGroup.logGroupArn;
    // Several deployments share the account's bus: each keeps what is about its own secrets.
    const own = { secret: { name: [{ prefix: secretName(config, '') }, ...adopted] } };
    const source = [auditEventSource];
    const rule = new CfnRule(this, 'Rule', {
      description: 'Keeps the audit events of Quarterturn',
      eventPattern: { source, detail: own },
      state: 'ENABLED',
      targets: [{ id: 'Log', arn: logGroup.logGroupArn, ...deliveryOf(messages) }],
    });
    messages.deadLettersOf(rule, 'audit', 'the audit log');
    this.#letWrite(config, logGroup, rule);

    const unmanaged = new CfnRule(this, 'UnmanagedWrites', {
      description: 'Tells security that a secret was written outside of a rotation',
      eventPattern: { source, 'detail-type': ['unmanaged-secret-write'], detail: own },
      state: 'ENABLED',
      targets: [
        {
          id: 'Security',
          arn: messages.security,
          ...deliveryOf(messages),
          inputTransformer: {
            inputPathsMap: {
              at: '$.detail.at',
              secret: '$.detail.secret.name',
              version: '$.detail.versionId',
            },
            // One JSON string: mail shows it as it is.
            inputTemplate:
              '"Secret <secret> was written outside of a rotation, noticed <at>: version <version> is AWSCURRENT. Nothing adopts it and it is not rotated until somebody looks. Who did it: aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue=<secret>. What to do: docs/alarms.md, unmanaged write."',
          },
        },
      ],
    });
    messages.deadLettersOf(unmanaged, 'unmanaged-write', 'the topic of security');
  }

  /** EventBridge writes by a resource policy of CloudWatch Logs (eventbridge/latest/userguide/eb-use-resource-based.html). */
  #letWrite(config: RotationConfig, { logGroupArn }: LogGroup, rule: CfnRule): void {
    const statement = (action: string, condition: object) => ({
      Effect: 'Allow',
      Principal: { Service: ['delivery.logs.amazonaws.com', 'events.amazonaws.com'] },
      Action: action,
      Resource: logGroupArn,
      ...condition,
    });
    new CfnResourcePolicy(this, 'Policy', {
      policyName: functionName(config, 'audit'),
      policyDocument: Stack.of(this).toJsonString({
        Version: '2012-10-17',
        Statement: [
          statement('logs:CreateLogStream', {}),
          statement('logs:PutLogEvents', {
            Condition: { ArnEquals: { 'aws:SourceArn': rule.attrArn } },
          }),
        ],
      }),
    });
  }
}
