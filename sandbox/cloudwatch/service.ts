/**
 * Amazon CloudWatch: metrics of the other services and of log lines, and alarms on them.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/Welcome.html
 */
import type { SandboxClock } from '../clock.ts';
import type { MetricsPort, TopicPort } from '../ports.ts';
import type { AwsService, Operation } from '../service.ts';
import type { AlarmDefinition } from './alarm.ts';
import { AlarmDesk, type HistoryItem } from './alarm-desk.ts';
import { alarmOperations } from './alarm-operations.ts';
import { embeddedMetrics } from './embedded-metrics.ts';
import { type MetricName, type MetricPoint, MetricStore } from './metric.ts';
import { metricOperations } from './metric-operations.ts';

export interface CloudWatchSettings {
  account: string;
  region: string;
  clock: SandboxClock;
  topics: TopicPort;
}

export class CloudWatchService implements AwsService, MetricsPort {
  readonly signingName = 'monitoring';
  /** The SDK's; the `aws` command speaks rpc-v2-cbor. */
  readonly protocol = 'json-1.0';
  readonly targetPrefix = 'GraniteServiceVersion20100801';
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #settings: CloudWatchSettings;
  readonly #metrics = new MetricStore();
  readonly #alarms: AlarmDesk;

  constructor(settings: CloudWatchSettings) {
    this.#settings = settings;
    this.#alarms = new AlarmDesk({ ...settings, metrics: this.#metrics });
    this.operations = {
      ...alarmOperations(this.#alarms, settings),
      ...metricOperations(this.#metrics),
    };
  }

  count(metric: MetricName, value = 1): void {
    this.#record({ ...metric, value, unit: 'Count', at: this.#settings.clock.now() });
  }

  stand(metric: MetricName, value: number): void {
    const point: MetricPoint = { ...metric, value, at: this.#settings.clock.now() };
    this.#metrics.stand(point);
    this.#alarms.touched(metric);
  }

  /** A line that reached CloudWatch Logs. */
  logged(line: string): void {
    embeddedMetrics(line).forEach((point) => {
      this.#record(point);
    });
  }

  putAlarm(definition: AlarmDefinition): { arn: string } {
    return { arn: this.#alarms.put(definition).arn };
  }

  deleteAlarm(name: string): void {
    this.#alarms.delete(name);
  }

  /** Actions of alarms that reached nobody, and why. */
  undelivered(): readonly HistoryItem[] {
    return this.#alarms.history.filter(({ failed }) => failed !== undefined);
  }

  #record(point: MetricPoint): void {
    this.#metrics.put(point);
    this.#alarms.touched(point);
  }
}
