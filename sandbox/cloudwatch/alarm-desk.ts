/**
 * The alarms, evaluated on the sandbox's clock at the end of each minute in which an answer can change: when a
 * point arrives, and when one moves into the next period or out of sight.
 */
import type { SandboxClock } from '../clock.ts';
import type { TopicPort } from '../ports.ts';
import type { Caller } from '../service.ts';
import { type AlarmDefinition, type AlarmState, evaluate, periodsLookedAt } from './alarm.ts';
import { isSameMetric, type MetricName, type MetricStore, MINUTE, minuteOf } from './metric.ts';

export interface Alarm {
  arn: string;
  definition: AlarmDefinition;
  state: AlarmState;
  reason: string;
  updated: Date;
}

/** As DescribeAlarmHistory tells it. */
export interface HistoryItem {
  alarmName: string;
  time: Date;
  type: 'StateUpdate' | 'Action' | 'ConfigurationUpdate';
  summary: string;
  /** Of an action that reached nobody. */
  failed?: { topicArn: string; error: string };
}

export interface AlarmDeskSettings {
  account: string;
  region: string;
  clock: SandboxClock;
  topics: TopicPort;
  metrics: MetricStore;
}

interface Timer {
  at: number;
  cancel: () => void;
}

export class AlarmDesk {
  readonly history: HistoryItem[] = [];
  readonly #settings: AlarmDeskSettings;
  readonly #alarms = new Map<string, Alarm>();
  readonly #timers = new Map<Alarm, Timer>();

  constructor(settings: AlarmDeskSettings) {
    this.#settings = settings;
  }

  /** Makes the alarm, or gives one that stands a new definition; its state stays until it is evaluated. */
  put(definition: AlarmDefinition): Alarm {
    const { account, region, clock } = this.#settings;
    const now = clock.now();
    const existing = this.#alarms.get(definition.name);
    const alarm: Alarm = existing ?? {
      arn: `arn:aws:cloudwatch:${region}:${account}:alarm:${definition.name}`,
      definition,
      state: 'INSUFFICIENT_DATA',
      reason: 'Unchecked: Initial alarm creation',
      updated: now,
    };
    alarm.definition = definition;
    this.#alarms.set(definition.name, alarm);
    const verb = existing === undefined ? 'created' : 'updated';
    this.#note(alarm, 'ConfigurationUpdate', `Alarm "${definition.name}" ${verb}`);
    this.#evaluateBy(alarm, minuteOf(now) + MINUTE);
    return alarm;
  }

  delete(name: string): void {
    const alarm = this.#alarms.get(name);
    if (alarm !== undefined) {
      this.#timers.get(alarm)?.cancel();
      this.#timers.delete(alarm);
      this.#alarms.delete(name);
    }
  }

  all(): Alarm[] {
    return [...this.#alarms.values()];
  }

  find(name: string): Alarm | undefined {
    return this.#alarms.get(name);
  }

  /** A point of this metric arrived. */
  touched(metric: MetricName): void {
    const next = minuteOf(this.#settings.clock.now()) + MINUTE;
    for (const alarm of this.#alarms.values()) {
      if (isSameMetric(alarm.definition.metric, metric)) {
        this.#evaluateBy(alarm, next);
      }
    }
  }

  setState(alarm: Alarm, state: AlarmState, reason: string): void {
    const old = alarm.state;
    if (old === state) {
      return;
    }
    alarm.state = state;
    alarm.reason = reason;
    alarm.updated = this.#settings.clock.now();
    this.#note(alarm, 'StateUpdate', `Alarm updated from ${old} to ${state}`);
    if (alarm.definition.actionsEnabled) {
      for (const topicArn of alarm.definition.actions[state]) {
        this.#act(alarm, old, topicArn);
      }
    }
  }

  /** At this instant, unless it will be sooner in any case. */
  #evaluateBy(alarm: Alarm, at: number): void {
    const planned = this.#timers.get(alarm);
    if (planned !== undefined && planned.at <= at) {
      return;
    }
    planned?.cancel();
    const { clock } = this.#settings;
    const label = `evaluation of ${alarm.definition.name}`;
    // As a schedule: what "comes to rest" does not wait for the hours an alarm looks at.
    const cancel = clock.at(new Date(at), label, async () => this.#evaluate(alarm), {
      recurring: true,
    });
    this.#timers.set(alarm, { at, cancel });
  }

  #evaluate(alarm: Alarm): void {
    this.#timers.delete(alarm);
    const { clock, metrics } = this.#settings;
    const { definition } = alarm;
    const end = minuteOf(clock.now());
    const period = definition.period * 1000;
    const values = Array.from({ length: periodsLookedAt(definition) }, (_, index) =>
      metrics.statistic(
        definition.metric,
        definition.statistic,
        end - (index + 1) * period,
        end - index * period,
      ),
    );
    const { state, reason } = evaluate(definition, values, alarm.state);
    this.setState(alarm, state, reason);
    const next = this.#nextChange(definition, end);
    if (next !== undefined) {
      this.#evaluateBy(alarm, next);
    }
  }

  /** When the first of the points in sight leaves its period. */
  #nextChange(definition: AlarmDefinition, end: number): number | undefined {
    const period = definition.period * 1000;
    const since = end - periodsLookedAt(definition) * period;
    const moves = this.#settings.metrics
      .minutesSince(definition.metric, since)
      .map(
        (minute) =>
          minute + MINUTE + Math.max(0, Math.floor((end - minute - MINUTE) / period) + 1) * period,
      )
      .filter((at) => at > end);
    return moves.length === 0 ? undefined : Math.min(...moves);
  }

  /** An alarm is a resource of the account that publishes; the topic and its key decide whether it may. */
  #act(alarm: Alarm, old: AlarmState, topicArn: string): void {
    const { account, region, topics } = this.#settings;
    const caller: Caller = {
      kind: 'service',
      arn: 'cloudwatch.amazonaws.com',
      service: 'cloudwatch.amazonaws.com',
      sourceAccount: account,
      sourceArn: alarm.arn,
    };
    try {
      topics.publishAs(caller, topicArn, {
        subject: `${alarm.state}: "${alarm.definition.name}" in ${region}`.slice(0, 100),
        message: notification(alarm, old, account, region),
      });
      this.#note(alarm, 'Action', `Successfully executed action ${topicArn}`);
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown.message : String(thrown);
      const summary = `Failed to execute action ${topicArn}. Received error: "${error}"`;
      this.#note(alarm, 'Action', summary, { topicArn, error });
    }
  }

  #note(
    { definition }: Alarm,
    type: HistoryItem['type'],
    summary: string,
    failed?: HistoryItem['failed'],
  ): void {
    const time = this.#settings.clock.now();
    this.history.push({
      alarmName: definition.name,
      time,
      type,
      summary,
      ...(failed && { failed }),
    });
  }
}

/** The message CloudWatch publishes; e-mail shows it as it is. */
function notification(alarm: Alarm, old: AlarmState, account: string, region: string): string {
  const { definition: it } = alarm;
  return JSON.stringify({
    AlarmName: it.name,
    AlarmDescription: it.description ?? null,
    AWSAccountId: account,
    NewStateValue: alarm.state,
    NewStateReason: alarm.reason,
    StateChangeTime: alarm.updated.toISOString(),
    Region: region,
    AlarmArn: alarm.arn,
    OldStateValue: old,
    OKActions: it.actions.OK,
    AlarmActions: it.actions.ALARM,
    InsufficientDataActions: it.actions.INSUFFICIENT_DATA,
    Trigger: {
      MetricName: it.metric.name,
      Namespace: it.metric.namespace,
      StatisticType: 'Statistic',
      Statistic: it.statistic.toUpperCase(),
      Unit: null,
      Dimensions: Object.entries(it.metric.dimensions).map(([name, value]) => ({ name, value })),
      Period: it.period,
      EvaluationPeriods: it.evaluationPeriods,
      DatapointsToAlarm: it.datapointsToAlarm,
      ComparisonOperator: it.comparison,
      Threshold: it.threshold,
      TreatMissingData: it.treatMissingData,
    },
  });
}
