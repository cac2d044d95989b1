/**
 * Metrics embedded in log lines: CloudWatch Logs takes them out of every line of this format.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
import type { MetricPoint } from './metric.ts';

interface Directive {
  Namespace: string;
  Dimensions: readonly (readonly string[])[];
  Metrics: readonly { Name: string; Unit?: string }[];
}

/** @returns the metrics of a line; none when it is not of that format, or not right */
export function embeddedMetrics(line: string): MetricPoint[] {
  if (!line.includes('"_aws"')) {
    return [];
  }
  let root: Record<string, unknown>;
  try {
    root = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return [];
  }
  const { Timestamp, CloudWatchMetrics } = (root._aws ?? {}) as {
    Timestamp?: number;
    CloudWatchMetrics?: readonly Directive[];
  };
  if (typeof Timestamp !== 'number' || !Array.isArray(CloudWatchMetrics)) {
    return [];
  }
  const at = new Date(Timestamp);
  return (CloudWatchMetrics as readonly Directive[]).flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = Object.fromEntries(names.map((name) => [name, root[name]]));
      // "All dimension values must be strings": otherwise the metrics of the set are dropped.
      if (!Object.values(dimensions).every((value) => typeof value === 'string')) {
        return [];
      }
      return Metrics.flatMap(({ Name, Unit }) =>
        [root[Name]].flat().flatMap((value) =>
          typeof value === 'number'
            ? {
                namespace: Namespace,
                name: Name,
                dimensions: dimensions as Record<string, string>,
                value,
                at,
                ...(Unit === undefined ? {} : { unit: Unit }),
              }
            : [],
        ),
      );
    }),
  );
}
