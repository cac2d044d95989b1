/** The audit log: every event of this deployment, kept for years where the bus forgets it at once. */
import { CfnRule } from 'aws-cdk-lib/aws-events';
import { CfnResourcePolicy, LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { auditLogGroupName, functionName } from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import type { Keys } from './keys.ts';
import { deliveryOf, type Messages } from './messages.ts';
import { ownEvents } from './own-events.ts';

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
    const rules = ownEvents(this, config, adopted).map((eventPattern, index) => {
      const number = index === 0 ? '' : String(index + 1);
      const rule = new CfnRule(this, `Rule${number}`, {
        description: 'Keeps the audit events of Quarterturn',
        eventPattern,
        state: 'ENABLED',
        targets: [{ id: 'Log', arn: logGroup.logGroupArn, ...deliveryOf(messages) }],
      });
      messages.deadLettersOf(rule, number === '' ? 'audit' : `audit-${number}`, 'the audit log');
      return rule.attrArn;
    });
    this.#letWrite(config, logGroup, rules.length === 1 ? rules[0] : rules);
  }

  /** EventBridge writes by a resource policy of CloudWatch Logs (eventbridge/latest/userguide/eb-use-resource-based.html). */
  #letWrite(
    config: RotationConfig,
    { logGroupArn }: LogGroup,
    rules: string | string[] | undefined,
  ): void {
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
            Condition: { ArnEquals: { 'aws:SourceArn': rules } },
          }),
        ],
      }),
    });
  }
}
