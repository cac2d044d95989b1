/**
 * The door to CloudWatch metrics: one line in the embedded metric format on standard output, which CloudWatch
 * Logs turns into metrics (AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * No call, so no right, no endpoint and no failure of its own; written past `console`, whose lines Lambda
 * begins with a time and a request id.
 */
import { metricNamespace } from '../domain/config/names.ts';

/** Numbers under the exact dimensions by which an alarm finds them. */
export interface MetricValues {
  readonly dimensions: Readonly<Record<string, string>>;
  /** By metric name. */
  readonly values: Readonly<Record<string, number>>;
  readonly at: Date;
}

export interface MetricsDoor {
  emit(metrics: MetricValues): void;
}

export function embeddedMetrics(
  write: (line: string) => void = (line) => void process.stdout.write(line),
): MetricsDoor {
  return {
    emit({ dimensions, values, at }) {
      const metric = {
        Namespace: metricNamespace,
        Dimensions: [Object.keys(dimensions)],
        Metrics: Object.keys(values).map((Name) => ({ Name })),
      };
      const _aws = { Timestamp: at.getTime(), CloudWatchMetrics: [metric] };
      write(`${JSON.stringify({ _aws, ...dimensions, ...values })}\n`);
    },
  };
}
