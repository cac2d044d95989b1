/**
 * What an alarm makes of its metric.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html,
 * "Configuring how CloudWatch alarms treat missing data"
 */
import type { MetricName, Statistic } from './metric.ts';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export type MissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';

export interface AlarmDefinition {
  name: string;
  description?: string;
  metric: MetricName;
  statistic: Statistic;
  /** Seconds. */
  period: number;
  evaluationPeriods: number;
  datapointsToAlarm: number;
  threshold: number;
  comparison: Comparison;
  treatMissingData: MissingData;
  actionsEnabled: boolean;
  /** ARNs of topics. */
  actions: Readonly<Record<AlarmState, readonly string[]>>;
}

export const COMPARISONS = {
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
} as const;
export type Comparison = keyof typeof COMPARISONS;

/**
 * CloudWatch looks at more periods than it evaluates, so that one late point is no missing one. How many more
 * it does not say; its examples show three evaluated of five.
 */
export const periodsLookedAt = (alarm: AlarmDefinition): number => alarm.evaluationPeriods + 2;

export interface Evaluation {
  state: AlarmState;
  reason: string;
}

/**
 * @param values one a period, the newest first; undefined: no point in that period
 * @param current kept where missing data is ignored
 */
export function evaluate(
  alarm: AlarmDefinition,
  values: readonly (number | undefined)[],
  current: AlarmState,
): Evaluation {
  const { evaluationPeriods, datapointsToAlarm, comparison, threshold } = alarm;
  const recent = values.slice(0, evaluationPeriods);
  const real = (recent.includes(undefined) ? values : recent)
    .filter((value) => value !== undefined)
    .slice(0, evaluationPeriods);
  const breaching = real.filter((value) => COMPARISONS[comparison](value, threshold)).length;
  const missing = evaluationPeriods - real.length;
  const state = judge(alarm, { breaching, real: real.length, missing }, current);
  const points =
    real.length === 0 ? 'no datapoints were received' : `datapoints [${real.join(', ')}]`;
  const reason =
    `Threshold ${state === 'ALARM' ? 'Crossed' : 'not crossed'}: ${points} for ${evaluationPeriods} ` +
    `period(s) of ${alarm.period} s; ${datapointsToAlarm} must be ${comparison} ${threshold}` +
    (missing > 0 ? `; ${missing} missing, treated as [${alarm.treatMissingData}].` : '.');
  return { state, reason };
}

function judge(
  { datapointsToAlarm, treatMissingData }: AlarmDefinition,
  { breaching, real, missing }: { breaching: number; real: number; missing: number },
  current: AlarmState,
): AlarmState {
  if (breaching >= datapointsToAlarm) {
    return 'ALARM';
  }
  if (missing === 0) {
    return 'OK';
  }
  switch (treatMissingData) {
    case 'breaching':
      return breaching + missing >= datapointsToAlarm ? 'ALARM' : 'OK';
    case 'notBreaching':
      return 'OK';
    case 'ignore':
      return real > breaching ? 'OK' : current;
    case 'missing':
      return real === 0 ? 'INSUFFICIENT_DATA' : real > breaching ? 'OK' : 'ALARM';
  }
}
