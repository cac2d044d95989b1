/**
 * One page in CloudWatch's console: is everything watched, does anything need somebody, how old is every secret
 * against its limit, and what happened lately. Made of the same metrics as the alarms; rows for every secret are
 * divided, so that fifty of them can still be told apart.
 */
import {
  Dashboard as CloudWatchDashboard,
  Color,
  GraphWidget,
  GraphWidgetView,
  type IMetric,
  type IWidget,
  LegendPosition,
  Metric,
  SingleValueWidget,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Duration, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  deploymentDimension,
  functionName,
  metricDimensions,
  metricNames,
  metricNamespace,
} from '../domain/config/names.ts';
import type { RotationConfig } from '../domain/config/rotation-config.ts';
import type { RotatingSecret } from './rotating-secret.ts';

export interface DashboardProps {
  readonly config: RotationConfig;
  /** By key. */
  readonly rotated: ReadonlyMap<string, RotatingSecret>;
  /** Names of the secrets whose rows follow a new key. */
  readonly rewritten: readonly string[];
  readonly deadLetters: string;
  readonly stateMachineArn: string;
}

interface Shown {
  readonly key: string;
  readonly name: string;
  readonly functionName: string;
  readonly cadenceDays: number;
}

/** Lines of one graph that a person tells apart. */
const secretsPerGraph = 10;
const width = 24;
const height = 6;
const day = Duration.days(1);
const hour = Duration.hours(1);

type Words = {
  title: string;
  statistic?: string;
  period?: Duration;
  label?: string;
};

export class Dashboard extends Construct {
  readonly #props: DashboardProps;
  readonly #own: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    this.#props = props;
    const { config } = props;
    this.#own = { [metricDimensions.deployment]: deploymentDimension(config) };
    const secrets = this.#secrets();
    new CloudWatchDashboard(this, 'Page', {
      // Dashboards are the account's, in no region (API_PutDashboard).
      dashboardName: functionName(config, Stack.of(this).region),
      defaultInterval: Duration.days(30),
      widgets: [
        [introduction(config)],
        [this.#now()],
        ...this.#ages(secrets),
        ...inParts(secrets).map((some) => this.#history(some)),
        this.#deliveries(),
        ...this.#rows(),
        ...this.#certificates(),
      ],
    });
  }

  #secrets(): Shown[] {
    const { config, rotated } = this.#props;
    return [...rotated].flatMap(([key, { reference, function: room }]) => {
      const secret = config.secrets[key];
      return secret === undefined || secret.kind === 'userManaged'
        ? []
        : [
            {
              key,
              name: reference.name,
              functionName: room.functionName,
              cadenceDays: secret.cadenceDays,
            },
          ];
    });
  }

  /** What is so at this moment: numbers, zero where all is well and one where something beats. */
  #now(): IWidget {
    const { config } = this.#props;
    const latest = (name: string, label: string) =>
      this.#metric(name, { statistic: Stats.MAXIMUM, period: hour, label });
    const logins = Object.values(config.secrets).some(({ kind }) => kind === 'database');
    return new SingleValueWidget({
      title: 'Now: the first two beat, the others are zero',
      width,
      height: 4,
      metrics: [
        this.#metric(metricNames.heartbeat, { period: hour, label: 'Cadence, runs an hour' }),
        this.#metric(metricNames.watchHeartbeat, { period: hour, label: 'Watch, looks an hour' }),
        latest(metricNames.findings, 'Findings'),
        latest(metricNames.rotationsStuck, 'Rotations stuck'),
        latest(metricNames.unmanagedWrites, 'Unmanaged writes'),
        ...(logins ? [latest(metricNames.loginsLost, 'Logins lost')] : []),
      ],
    });
  }

  /** Age against limit: one graph for each limit, with the limit as a line. What is above it is overdue. */
  #ages(secrets: readonly Shown[]): IWidget[][] {
    const limits = [...new Set(secrets.map(({ cadenceDays }) => cadenceDays))].sort(
      (one, other) => one - other,
    );
    return limits.flatMap((limit) =>
      inParts(secrets.filter(({ cadenceDays }) => cadenceDays === limit)).map((some) => [
        graph(
          { title: `Age in days of secrets that rotate every ${limit}; above the line: overdue` },
          some.map(({ key, name }) =>
            this.#metric(metricNames.materialAgeDays, {
              of: name,
              statistic: Stats.MAXIMUM,
              period: hour,
              label: key,
            }),
          ),
          {
            width,
            leftAnnotations: [{ value: limit, label: `limit: ${limit} days`, color: Color.RED }],
            leftYAxis: { min: 0 },
          },
        ),
      ]),
    );
  }

  /** Of the same secrets side by side: steps that failed, and how long rotations took. */
  #history(secrets: readonly Shown[]): IWidget[] {
    const failures = secrets.map(
      (secret) =>
        new Metric({
          namespace: 'AWS/Lambda',
          metricName: 'Errors',
          dimensionsMap: { FunctionName: secret.functionName },
          statistic: Stats.SUM,
          period: day,
          label: secret.key,
        }),
    );
    const durations = secrets.map(({ key, name }) =>
      this.#metric(metricNames.timeToRotate, {
        of: name,
        statistic: Stats.MAXIMUM,
        period: day,
        label: key,
      }),
    );
    const title = 'Seconds from the first step until the new value was in use everywhere';
    return [
      graph({ title: 'Steps that failed, a day' }, failures, { stacked: true }),
      graph({ title }, durations, { leftYAxis: { min: 0 } }),
    ];
  }

  /** What follows a rotation, and what never arrived. */
  #deliveries(): IWidget[] {
    const { deadLetters, stateMachineArn } = this.#props;
    const ended = (metricName: string, label: string) =>
      new Metric({
        namespace: 'AWS/States',
        metricName,
        dimensionsMap: { StateMachineArn: stateMachineArn },
        statistic: Stats.SUM,
        period: day,
        label,
      });
    const waiting = new Metric({
      namespace: 'AWS/SQS',
      metricName: 'ApproximateNumberOfMessagesVisible',
      dimensionsMap: { QueueName: deadLetters },
      statistic: Stats.MAXIMUM,
      period: hour,
      label: 'waiting',
    });
    return [
      graph({ title: 'AfterRotation, executions a day' }, [
        ended('ExecutionsSucceeded', 'finished'),
        ended('ExecutionsFailed', 'stopped'),
        ended('ExecutionsTimedOut', 'timed out'),
        ended('ExecutionsAborted', 'aborted'),
      ]),
      graph({ title: 'Dead letters' }, [waiting], { leftYAxis: { min: 0 } }),
    ];
  }

  #rows(): IWidget[][] {
    const { rewritten } = this.#props;
    if (rewritten.length === 0) {
      return [];
    }
    const unproven = rewritten.map(
      (name) =>
        new Metric({
          namespace: metricNamespace,
          metricName: metricNames.reencryptionUnproven,
          dimensionsMap: { [metricDimensions.secret]: name },
          statistic: Stats.MAXIMUM,
          period: hour,
          label: `${name} unproven`,
        }),
    );
    const stalled = this.#metric(metricNames.reencryptionStalled, {
      statistic: Stats.MAXIMUM,
      period: hour,
      label: 'standing still',
    });
    const title = 'Re-encryption of rows';
    return [[graph({ title }, [stalled, ...unproven], { width, leftYAxis: { min: 0 } })]];
  }

  #certificates(): IWidget[][] {
    if (!this.#props.config.certificates?.length) {
      return [];
    }
    const left = this.#metric(metricNames.certificateDaysLeft, {
      statistic: Stats.MINIMUM,
      period: day,
      label: 'days left',
    });
    const title = 'Days until the first certificate ends';
    return [[graph({ title }, [left], { width, leftYAxis: { min: 0 } })]];
  }

  #metric(metricName: string, { of, ...words }: Omit<Words, 'title'> & { of?: string }): Metric {
    return new Metric({
      namespace: metricNamespace,
      metricName,
      dimensionsMap: { ...this.#own, ...(of !== undefined && { [metricDimensions.secret]: of }) },
      statistic: Stats.SUM,
      ...words,
    });
  }
}

function introduction({ name, environment }: RotationConfig): TextWidget {
  return new TextWidget({
    width,
    height: 3,
    markdown: [
      `# Quarterturn: ${name}, ${environment}`,
      'Made by the stack: a change in the console is gone with the next deployment. What each alarm means and asks for: `docs/alarms.md`. Every secret with its age, next date and findings: `npx quarterturn status`.',
    ].join('\n'),
  });
}

function graph(
  { title }: Words,
  left: IMetric[],
  more: Partial<ConstructorParameters<typeof GraphWidget>[0]> = {},
): GraphWidget {
  return new GraphWidget({
    title,
    width: width / 2,
    height,
    left,
    view: GraphWidgetView.TIME_SERIES,
    legendPosition: LegendPosition.RIGHT,
    ...more,
  });
}

function inParts(secrets: readonly Shown[]): Shown[][] {
  const parts: Shown[][] = [];
  for (let start = 0; start < secrets.length; start += secretsPerGraph) {
    parts.push(secrets.slice(start, start + secretsPerGraph));
  }
  return parts;
}
