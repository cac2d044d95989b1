import {
  type AlarmDefinition,
  COMPARISONS,
  type Comparison,
  type MissingData,
} from '../../cloudwatch/alarm.ts';
import { STATISTICS, type Statistic } from '../../cloudwatch/metric.ts';
import { SandboxLoadError } from '../load-error.ts';
import { flag, list, optionalText, present, text } from '../properties.ts';
import type { Declared, ResourceType } from '../resource-type.ts';

/** An alarm on one metric; an expression (Metrics) or a percentile is refused, not ignored. */
export const alarm: ResourceType = {
  properties: [
    'ActionsEnabled',
    'AlarmActions',
    'AlarmDescription',
    'AlarmName',
    'ComparisonOperator',
    'DatapointsToAlarm',
    'Dimensions',
    'EvaluationPeriods',
    'InsufficientDataActions',
    'MetricName',
    'Namespace',
    'OKActions',
    'Period',
    'Statistic',
    'Tags',
    'Threshold',
    'TreatMissingData',
  ],
  create(declared, { cloudwatch }) {
    const definition = definitionOf(declared);
    const { arn } = cloudwatch.putAlarm(definition);
    return { ref: definition.name, attributes: { Arn: arn } };
  },
  replacement: ['AlarmName'],
  update(_, declared, { cloudwatch }) {
    cloudwatch.putAlarm(definitionOf(declared));
  },
  delete({ ref }, { cloudwatch }) {
    cloudwatch.deleteAlarm(ref);
  },
};

function definitionOf(declared: Declared): AlarmDefinition {
  for (const property of ['Metrics', 'ThresholdMetricId', 'ExtendedStatistic']) {
    if (declared.properties[property] !== undefined) {
      throw new SandboxLoadError(`${declared.logicalId}: ${property} is not simulated.`);
    }
  }
  const evaluationPeriods = whole(declared, 'EvaluationPeriods');
  const period = whole(declared, 'Period');
  if (period % 60 !== 0) {
    throw new SandboxLoadError(
      `${declared.logicalId}: Period is ${period}; the sandbox evaluates whole minutes.`,
    );
  }
  const datapoints = declared.properties.DatapointsToAlarm;
  const datapointsToAlarm = datapoints === undefined ? evaluationPeriods : Number(datapoints);
  const dimensions = list<{ Name: string; Value: string }>(declared, 'Dimensions');
  return {
    name: optionalText(declared, 'AlarmName') ?? declared.generatedName(255),
    metric: {
      namespace: text(declared, 'Namespace'),
      name: text(declared, 'MetricName'),
      dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, Value])),
    },
    statistic: oneOf<Statistic>(declared, 'Statistic', STATISTICS),
    period,
    evaluationPeriods,
    datapointsToAlarm,
    threshold: Number(text(declared, 'Threshold')),
    comparison: oneOf(declared, 'ComparisonOperator', Object.keys(COMPARISONS) as Comparison[]),
    treatMissingData:
      declared.properties.TreatMissingData === undefined
        ? 'missing'
        : oneOf<MissingData>(declared, 'TreatMissingData', [
            'missing',
            'ignore',
            'breaching',
            'notBreaching',
          ]),
    actionsEnabled: flag(declared, 'ActionsEnabled', true),
    actions: {
      ALARM: topics(declared, 'AlarmActions'),
      OK: topics(declared, 'OKActions'),
      INSUFFICIENT_DATA: topics(declared, 'InsufficientDataActions'),
    },
    ...present({ description: optionalText(declared, 'AlarmDescription') }),
  };
}

function topics(declared: Declared, property: string): readonly string[] {
  const arns = list<string>(declared, property);
  const other = arns.find((arn) => !arn.startsWith('arn:aws:sns:'));
  if (other !== undefined) {
    throw new SandboxLoadError(
      `${declared.logicalId}: ${property} names ${other}; the sandbox simulates topics as actions.`,
    );
  }
  return arns;
}

function whole(declared: Declared, property: string): number {
  const value = Number(text(declared, property));
  if (!Number.isInteger(value) || value < 1) {
    throw new SandboxLoadError(
      `${declared.logicalId}: ${property} is ${value}, expected 1 or more.`,
    );
  }
  return value;
}

function oneOf<T extends string>(declared: Declared, property: string, allowed: readonly T[]): T {
  const value = text(declared, property);
  if (!(allowed as readonly string[]).includes(value)) {
    throw new SandboxLoadError(
      `${declared.logicalId}: ${property} is ${value}, expected ${allowed.join(', ')}.`,
    );
  }
  return value as T;
}
