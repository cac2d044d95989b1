/**
 * What is watched, and what whoever is woken by it reads. Every alarm has a section of its name in
 * `docs/alarms.md`; its description says in a few lines what that section says in full.
 */
import {
  deploymentDimension,
  metricDimensions,
  metricNames,
  metricNamespace,
  type Scope,
} from '../domain/config/names.ts';

export interface AlarmDefinition {
  /** Name of its section in `docs/alarms.md`, and first part of its own. */
  readonly section: string;
  /** Which of several: a secret's key, a function, a rule. */
  readonly of?: string;
  readonly namespace: string;
  readonly metric: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly statistic: 'Sum' | 'Minimum' | 'Maximum';
  /** Seconds. */
  readonly period: number;
  readonly comparison: 'GreaterThanOrEqualToThreshold' | 'LessThanThreshold';
  readonly threshold: number;
  /** What no data means. */
  readonly missing: 'breaching' | 'notBreaching';
  readonly description: string;
  /** Who is woken. @default on-call */
  readonly tells?: 'security';
}

const minute = 60;
const hour = 3600;

/** One or more of what should never happen. */
export const any = {
  statistic: 'Sum',
  period: minute,
  comparison: 'GreaterThanOrEqualToThreshold',
  threshold: 1,
  missing: 'notBreaching',
} as const;

export interface WatchedSecret {
  readonly key: string;
  readonly name: string;
  readonly functionName: string;
  readonly armed: boolean;
  readonly leadDays: number;
}

export function secretAlarms(scope: Scope, secret: WatchedSecret): AlarmDefinition[] {
  const { key, name, functionName, leadDays } = secret;
  const lambda = { namespace: 'AWS/Lambda', dimensions: { FunctionName: functionName }, of: key };
  const see = `See: aws secretsmanager describe-secret --secret-id ${name}; npx quarterturn status.`;
  return [
    {
      ...any,
      ...lambda,
      section: 'step-failed',
      metric: 'Errors',
      description: `A step of rotating ${name} failed. AWSCURRENT is untouched and applications keep working; Secrets Manager repeats the step by itself. Wait for OK. If it comes again: read the log of function ${functionName} (it names the cause and what to do), mend the cause, then let it be repeated or run npx quarterturn rotate ${key}. ${see}`,
    },
    {
      ...any,
      ...lambda,
      section: 'throttled',
      metric: 'Throttles',
      description: `Lambda refused to run ${functionName}: the account's concurrency is used up. The rotation of ${name} waits and is repeated. See: aws lambda get-account-settings; find what uses the concurrency, or raise the quota. ${see}`,
    },
    // A secret that nobody armed yet is reported, and rotated by nobody: its age is no alarm.
    ...(secret.armed
      ? [
          {
            section: 'near-limit',
            of: key,
            namespace: metricNamespace,
            metric: metricNames.daysToLimit,
            dimensions: {
              [metricDimensions.deployment]: deploymentDimension(scope),
              [metricDimensions.secret]: name,
            },
            statistic: 'Minimum',
            period: hour,
            comparison: 'LessThanThreshold',
            threshold: daysLeft(leadDays),
            missing: 'breaching',
            description: `${name} has less than ${daysLeft(leadDays)} days to its limit and was not rotated, or its age cannot be told (no data). npx quarterturn status says why: on hold, rotation switched off, a rotation that failed, an unmanaged write, a lost date label. Remove the cause, then run npx quarterturn rotate ${key}.`,
          } as const,
        ]
      : []),
  ];
}

/** The cadence asks `leadDays` before the limit: half of that time is gone, half is left to act in. */
export const daysLeft = (leadDays: number): number => leadDays / 2;

/** Functions besides those that rotate. */
export function functionAlarms(
  functions: readonly { part: string; functionName: string; asynchronous: boolean }[],
): AlarmDefinition[] {
  return functions.flatMap(({ part, functionName, asynchronous }) => {
    const lambda = {
      namespace: 'AWS/Lambda',
      dimensions: { FunctionName: functionName },
      of: part,
    };
    const throttled: AlarmDefinition = {
      ...any,
      ...lambda,
      section: 'throttled',
      metric: 'Throttles',
      description: `Lambda refused to run ${functionName}: the account's concurrency is used up. It is tried again by itself. See: aws lambda get-account-settings; find what uses the concurrency, or raise the quota.`,
    };
    const lost: AlarmDefinition = {
      ...any,
      ...lambda,
      section: 'dead-letter-lost',
      metric: 'DeadLetterErrors',
      description: `An event that ${functionName} failed on could not be put into the dead-letter queue: role, queue or key refuse it. What the event asked for is caught up with within the hour. Run npx quarterturn status, then cdk diff: somebody changed the queue's policy or the key's.`,
    };
    return asynchronous ? [throttled, lost] : [throttled];
  });
}

export function ruleAlarms(ruleName: string, of: string, what: string): AlarmDefinition[] {
  const rule = { namespace: 'AWS/Events', dimensions: { RuleName: ruleName }, of };
  return [
    {
      ...any,
      ...rule,
      section: 'rule-failed',
      metric: 'FailedInvocations',
      description: `EventBridge could not deliver to ${what}, and the event is lost. Run npx quarterturn status (lost AfterRotations are started again within the hour), then cdk diff: somebody changed a permission or removed the target.`,
    },
    {
      ...any,
      ...rule,
      section: 'dead-letter-lost',
      of: `rule-${of}`,
      metric: 'InvocationsFailedToBeSentToDlq',
      description: `An event for ${what} could be delivered neither there nor to the dead-letter queue: queue or key refuse EventBridge. Run npx quarterturn status, then cdk diff: somebody changed the queue's policy or the key's.`,
    },
  ];
}

export function deploymentAlarms(
  scope: Scope,
  { queueName, stateMachineArn }: { queueName: string; stateMachineArn: string },
): AlarmDefinition[] {
  const own = {
    namespace: metricNamespace,
    dimensions: { [metricDimensions.deployment]: deploymentDimension(scope) },
    period: hour,
  };
  const ended = (section: string, metric: string, how: string): AlarmDefinition => ({
    ...any,
    section,
    metric,
    namespace: 'AWS/States',
    dimensions: { StateMachineArn: stateMachineArn },
    description: `An AfterRotation ${how}. The new value is AWSCURRENT and works; what follows it (activation of a new key, retirement of a leaked role, the audit event) is not done. See: aws stepfunctions list-executions --state-machine-arn ${stateMachineArn} --max-items 5; npx quarterturn status. Remove the cause, then resume it as docs/events.md says, or roll back.`,
  });
  return [
    {
      ...own,
      section: 'cadence-silent',
      metric: metricNames.heartbeat,
      statistic: 'Sum',
      comparison: 'LessThanThreshold',
      threshold: 1,
      missing: 'breaching',
      description:
        "The cadence has not finished a run for hours: no secret is rotated by schedule, and nobody else would say so. Only Secrets Manager's own rules are left, a day before each limit. See: npx quarterturn status; aws events list-rules; the log of the cadence function. Run it by hand: aws lambda invoke. After the first deployment it is in alarm until the first run.",
    },
    {
      ...own,
      section: 'findings',
      metric: metricNames.findings,
      statistic: 'Maximum',
      comparison: 'GreaterThanOrEqualToThreshold',
      threshold: 1,
      missing: 'notBreaching',
      description:
        'The cadence found a secret that needs a person: overdue, written outside of a rotation, rotation switched off, a rotation or an AfterRotation that does not end. npx quarterturn status names the secret and the reason.',
    },
    {
      ...any,
      section: 'dead-letters',
      namespace: 'AWS/SQS',
      metric: 'ApproximateNumberOfMessagesVisible',
      dimensions: { QueueName: queueName },
      statistic: 'Maximum',
      description: `An event was not delivered, or a function failed on it three times. It waits in queue ${queueName} for 14 days. Read it: aws sqs receive-message --queue-url $(aws sqs get-queue-url --queue-name ${queueName} --output text) --message-attribute-names All. The attributes say which rule or what error. Run npx quarterturn status; when nothing is open, delete the message: the alarm ends.`,
    },
    ended('after-rotation-failed', 'ExecutionsFailed', 'stopped'),
    ended(
      'after-rotation-timed-out',
      'ExecutionsTimedOut',
      "did not end within two hours beyond the longest readers' cache",
    ),
    ended('after-rotation-aborted', 'ExecutionsAborted', 'was stopped by somebody'),
  ];
}
