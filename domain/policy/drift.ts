/**
 * Was a secret changed behind the deployment's back? Compared with what the deployment made of it: its function,
 * and Secrets Manager's own rule, which rotates where the schedule does not and is what Security Hub looks at.
 */

const hour = 60 * 60_000;
/**
 * A deployment changes rule and manifest one after the other; what was touched so lately is looked at again at the
 * next tick.
 */
const settling = hour;

/** What Secrets Manager tells of a secret beside its labels. */
export interface ServiceFacts {
  readonly rotationFunctionArn?: string | undefined;
  /** `function`: its name in the manifest; `region`: the deployment's. */
  readonly expected: { readonly function: string; readonly region: string };
  readonly rule?:
    | {
        readonly scheduleExpression?: string | undefined;
        readonly automaticallyAfterDays?: number | undefined;
        readonly duration?: string | undefined;
      }
    | undefined;
  readonly lastChanged?: Date | undefined;
  /** Scheduled for deletion since. */
  readonly deletedAt?: Date | undefined;
  /** The region of the primary, where the secret is replicated. */
  readonly primaryRegion?: string | undefined;
}

export interface Remark {
  readonly code:
    | 'functionChanged'
    | 'ruleMissing'
    | 'ruleChanged'
    | 'scheduledForDeletion'
    | 'isReplica'
    /** Window or freezes keep it from rotating before its limit. */
    | 'shutOut';
  readonly message: string;
}

export interface DriftFacts {
  readonly armed: boolean;
  readonly rotationEnabled: boolean;
  /** Absent: no rule of the service rotates it, its owners do. */
  readonly cadenceDays?: number | undefined;
  readonly service?: ServiceFacts | undefined;
  readonly now: Date;
}

/** One day short of the limit, in a window of four hours: what the deployment writes (lib/rotating-secret.ts). */
export const ownRule = (cadenceDays: number): { scheduleExpression: string; duration: string } => ({
  scheduleExpression: `rate(${cadenceDays - 1} days)`,
  duration: '4h',
});

export function driftOf({
  armed,
  rotationEnabled,
  cadenceDays,
  service,
  now,
}: DriftFacts): Remark[] {
  if (service === undefined) return [];
  const { deletedAt, primaryRegion, expected } = service;
  if (deletedAt !== undefined) {
    return [
      remark(
        'scheduledForDeletion',
        `is scheduled for deletion since ${deletedAt.toISOString()}, nobody can read it and nothing rotates it: aws secretsmanager restore-secret, or take it out of the configuration`,
      ),
    ];
  }
  if (primaryRegion !== undefined && primaryRegion !== expected.region) {
    return [
      remark(
        'isReplica',
        `is a replica of the secret in ${primaryRegion} and rotates there alone; expected the primary in ${expected.region}`,
      ),
    ];
  }
  // Before it is armed its function and its rule are its owners'; switched off is a finding of its own.
  const settled =
    service.lastChanged === undefined || now.getTime() - service.lastChanged.getTime() >= settling;
  if (!armed || !rotationEnabled || !settled) return [];
  return [...functionDrift(service), ...ruleDrift(service, cadenceDays)];
}

function functionDrift({ rotationFunctionArn, expected }: ServiceFacts): Remark[] {
  const [, , service, region, , kind, name] = (rotationFunctionArn ?? '').split(':');
  const isOurs =
    service === 'lambda' &&
    kind === 'function' &&
    name === expected.function &&
    region === expected.region;
  return isOurs
    ? []
    : [
        remark(
          'functionChanged',
          `is rotated by ${rotationFunctionArn ?? 'no function'}; expected ${expected.function}. Whoever changed it is handed the next value: find out who (CloudTrail, RotateSecret), then deploy the stack again`,
        ),
      ];
}

function ruleDrift({ rule }: ServiceFacts, cadenceDays: number | undefined): Remark[] {
  if (cadenceDays === undefined) return unexpectedRule(rule);
  const own = ownRule(cadenceDays);
  const expected = `${own.scheduleExpression} within ${own.duration}`;
  if (rule === undefined || Object.values(rule).every((member) => member === undefined)) {
    return [
      remark(
        'ruleMissing',
        `has no rotation rule of Secrets Manager's own; expected ${expected}, which rotates where the schedule cannot. Deploy the stack again`,
      ),
    ];
  }
  const { scheduleExpression, automaticallyAfterDays, duration } = rule;
  // The service computes the days from the expression anew after each rotation (API_RotationRulesType).
  const sameRate =
    scheduleExpression === undefined
      ? automaticallyAfterDays === cadenceDays - 1
      : scheduleExpression === own.scheduleExpression;
  if (sameRate && duration === own.duration) return [];
  const rate = scheduleExpression ?? `${automaticallyAfterDays} days`;
  return [
    remark(
      'ruleChanged',
      `is rotated by Secrets Manager's own rule ${rate} within ${duration ?? 'the whole day'}; expected ${expected}. Deploy the stack again`,
    ),
  ];
}

/** It would find an inbox nobody wrote, fail, and be told as a failure. */
function unexpectedRule(rule: ServiceFacts['rule']): Remark[] {
  const rate = rule?.scheduleExpression ?? rule?.automaticallyAfterDays;
  return rate === undefined
    ? []
    : [
        remark(
          'ruleChanged',
          `has the rotation rule ${rate}${typeof rate === 'number' ? ' days' : ''} of Secrets Manager's own; expected none: it rotates when its owners have put a value into its inbox, and every other rotation of it fails. Find out who set the rule (CloudTrail, RotateSecret)`,
        ),
      ];
}

const remark = (code: Remark['code'], message: string): Remark => ({ code, message });
