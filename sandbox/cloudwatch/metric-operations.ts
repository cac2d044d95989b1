/** GetMetricStatistics, ListMetrics. */
import { type Operation, ServiceException } from '../service.ts';
import { type MetricName, type MetricStore, STATISTICS, type Statistic } from './metric.ts';

/** AWS's own limit on one answer. */
const MOST_DATAPOINTS = 1440;

interface Dimension {
  Name: string;
  Value?: string;
}

export function metricOperations(store: MetricStore): Record<string, Operation> {
  return {
    GetMetricStatistics: {
      authorize: () => [{ action: 'cloudwatch:GetMetricStatistics', resource: '*' }],
      run: async (input) => statisticsOf(store, input),
    },
    ListMetrics: {
      authorize: () => [{ action: 'cloudwatch:ListMetrics', resource: '*' }],
      run: async ({ Namespace, MetricName, Dimensions }) => ({
        Metrics: store
          .all()
          .filter(({ namespace }) => Namespace === undefined || namespace === Namespace)
          .filter(({ name }) => MetricName === undefined || name === MetricName)
          .filter(({ dimensions }) =>
            ((Dimensions ?? []) as Dimension[]).every(
              ({ Name, Value }) =>
                Object.hasOwn(dimensions, Name) &&
                (Value === undefined || dimensions[Name] === Value),
            ),
          )
          .map(({ namespace, name, dimensions }) => ({
            Namespace: namespace,
            MetricName: name,
            Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
          })),
      }),
    },
  };
}

function statisticsOf(store: MetricStore, input: Record<string, unknown>): object {
  const { Namespace, MetricName: name, Dimensions, Period, Statistics } = input;
  const metric: MetricName = {
    namespace: String(Namespace),
    name: String(name),
    dimensions: Object.fromEntries(
      ((Dimensions ?? []) as Dimension[]).map(({ Name, Value }) => [Name, Value ?? '']),
    ),
  };
  const [start, end] = [instant(input.StartTime), instant(input.EndTime)];
  const period = Number(Period) * 1000;
  if (!(start < end)) {
    throw invalid('The parameter StartTime must be less than the parameter EndTime.');
  }
  if (!(period > 0) || period % 60_000 !== 0) {
    throw invalid('The parameter Period must be a multiple of 60.');
  }
  if ((end - start) / period > MOST_DATAPOINTS) {
    throw invalid(
      `You have requested up to ${Math.ceil((end - start) / period)} datapoints, which exceeds the limit of ${MOST_DATAPOINTS}.`,
    );
  }
  const wanted = (Statistics ?? []) as Statistic[];
  if (wanted.length === 0 || !wanted.every((statistic) => STATISTICS.includes(statistic))) {
    throw invalid(`The parameter Statistics must be one or more of ${STATISTICS.join(', ')}.`);
  }
  const datapoints: object[] = [];
  for (let from = Math.floor(start / 60_000) * 60_000; from < end; from += period) {
    const values = wanted.map((statistic): [string, number | undefined] => [
      statistic,
      store.statistic(metric, statistic, from, Math.min(from + period, end)),
    ]);
    if (values.every(([, value]) => value !== undefined)) {
      const Timestamp = new Date(from);
      datapoints.push({ Timestamp, Unit: store.unitOf(metric), ...Object.fromEntries(values) });
    }
  }
  return { Label: metric.name, Datapoints: datapoints };
}

/** Epoch seconds in JSON, a Date from CBOR. */
function instant(value: unknown): number {
  return value instanceof Date ? value.getTime() : Number(value) * 1000;
}

function invalid(message: string): ServiceException {
  return new ServiceException('InvalidParameterValueException', message);
}
