/** What the watch, and the end of a rotation, say to somebody. Sections stand in `docs/alarms.md`, as those of every alarm. */
import {
  deploymentDimension,
  metricDimensions,
  metricNames,
  metricNamespace,
  type Scope,
} from '../domain/config/names.ts';
import type { AlarmDefinition } from './alarm-definitions.ts';

export interface WatchAlarmsProps {
  /** Does any secret log in to a database? */
  readonly logins: boolean;
  /** A published key waits that long for its readers: no rotation takes less. */
  readonly longestWaitSeconds: number;
  /** What restarts, looks and pauses of consumers may take; 0: there are none. */
  readonly rolloutSeconds: number;
}

/** Two looks: one that comes a minute late makes no gap, and what was seen is told within a minute all the same. */
const twoLooks = 600;
const hour = 3600;

export function watchAlarms(
  scope: Scope,
  { logins, longestWaitSeconds, rolloutSeconds }: WatchAlarmsProps,
): AlarmDefinition[] {
  const own = {
    namespace: metricNamespace,
    dimensions: { [metricDimensions.deployment]: deploymentDimension(scope) },
    period: twoLooks,
  };
  /** Every look says how many there are, none included: no data is the business of `watch-silent`. */
  const seen = {
    ...own,
    statistic: 'Maximum',
    comparison: 'GreaterThanOrEqualToThreshold',
    threshold: 1,
    missing: 'notBreaching',
  } as const;
  const slow = longestWaitSeconds + rolloutSeconds + hour;
  const asked = [
    `readers' caches ask for ${Math.round(longestWaitSeconds / 60)}`,
    ...(rolloutSeconds > 0 ? [`consumers for ${Math.round(rolloutSeconds / 60)}`] : []),
  ].join(', ');
  return [
    {
      ...own,
      section: 'watch-silent',
      metric: metricNames.watchHeartbeat,
      statistic: 'Sum',
      comparison: 'LessThanThreshold',
      threshold: 1,
      missing: 'breaching',
      description:
        'The watch has not seen every secret for half an hour: rotations that end half-way, lost logins and unmanaged writes would be told by nobody. See its log (it names the secret it could not look at, and why), aws events list-rules, and npx quarterturn status. Run it by hand: aws lambda invoke; it changes nothing twice. After the first deployment it is in alarm until the first look.',
    },
    {
      ...seen,
      section: 'rotation-stuck',
      metric: metricNames.rotationsStuck,
      description:
        'A rotation failed, or has not ended after nine minutes, and AWSCURRENT has not moved: applications go on with the value they have. npx quarterturn status names the secret, the step and its error. Secrets Manager repeats it by itself. Remove the cause; if it is not repeated, take AWSPENDING off the version as docs/alarms.md shows and run npx quarterturn rotate.',
    },
    {
      ...seen,
      section: 'unmanaged-write',
      metric: metricNames.unmanagedWrites,
      description:
        'AWSCURRENT of a secret is a version that no rotation made. Nothing adopts it, and the secret is not rotated by schedule. npx quarterturn status names it; aws cloudtrail lookup-events says who wrote it. Then run npx quarterturn rotate, which makes a value that nobody has seen.',
    },
    ...(logins
      ? [
          {
            ...seen,
            section: 'login-lost',
            metric: metricNames.loginsLost,
            description:
              'While a rotation is stuck, the database does not let AWSCURRENT in, or does not answer: open sessions go on, new ones fail. The log of the watch says which secret and why: the pending value works in its place until the rotation is repeated, the role was closed, the server is away. npx quarterturn status; then see login-lost in docs/alarms.md.',
          },
          {
            ...seen,
            section: 'login-restored',
            metric: metricNames.loginsRestored,
            description:
              'A rotation that ended half-way had left a database secret without a login, and its verifier was set again: AWSCURRENT logs in, or, where it is compromised, the pending value. Logins failed until then. npx quarterturn status names the rotation; find its cause before it is repeated.',
          },
        ]
      : []),
    {
      ...seen,
      section: 'slow-rotation',
      metric: metricNames.timeToRotate,
      period: hour,
      threshold: slow,
      description: `A rotation took more than ${Math.round(slow / 60)} minutes from its first step until the new value was in use everywhere; ${asked} of them. It is done, and nothing is to be repaired. The next one may not end in time: npx quarterturn status, then the history of the execution of AfterRotation says where the time went.`,
    },
  ];
}
