/** What is watched where the configuration names certificates. Its section stands in `docs/alarms.md`. */
import {
  deploymentDimension,
  metricDimensions,
  metricNames,
  metricNamespace,
  type Scope,
} from '../domain/config/names.ts';
import type { AlarmDefinition } from './alarm-definitions.ts';

/** Whoever renews by hand has had three reminders by then. */
const days = 7;
/** Two looks: one that fails makes no gap, and a renewal ends the alarm within that time. */
const twoLooks = 43_200;

export const certificateAlarms = (scope: Scope): AlarmDefinition[] => [
  {
    section: 'certificate-ends',
    namespace: metricNamespace,
    metric: metricNames.certificateDaysLeft,
    dimensions: { [metricDimensions.deployment]: deploymentDimension(scope) },
    statistic: 'Minimum',
    period: twoLooks,
    comparison: 'LessThanThreshold',
    threshold: days,
    missing: 'breaching',
    description: `A certificate ends in less than ${days} days, has ended, or nobody has found out for twelve hours when each one ends. npx quarterturn status names it and what is wrong. Renew it where it is issued, put the new one in its place, and have it looked at again: aws lambda invoke. After the first deployment it is in alarm until the first look.`,
  },
];
