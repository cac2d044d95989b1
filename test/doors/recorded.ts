/** Doors that keep what they were told. */
import type { Clock } from '../../doors/clock.ts';
import type { ConsumersHookDoor, ConsumersHookRequest } from '../../doors/consumers-hook.ts';
import type { EventBusDoor, OutgoingEvent } from '../../doors/event-bus.ts';
import type { Log, LogFields } from '../../doors/log.ts';
import type { MetricsDoor, MetricValues } from '../../doors/metrics.ts';
import type { StepFunctionsDoor } from '../../doors/step-functions.ts';

export function recordedLog(): Log & {
  lines: { level: string; event: string; fields: LogFields }[];
} {
  const lines: { level: string; event: string; fields: LogFields }[] = [];
  return {
    lines,
    info: (event, fields) => void lines.push({ level: 'info', event, fields }),
    error: (event, fields) => void lines.push({ level: 'error', event, fields }),
  };
}

export function recordedBus(): EventBusDoor & { events: OutgoingEvent[] } {
  const events: OutgoingEvent[] = [];
  return { events, put: async (event) => void events.push(event) };
}

export function recordedMetrics(): MetricsDoor & { emitted: MetricValues[] } {
  const emitted: MetricValues[] = [];
  return { emitted, emit: (metrics) => void emitted.push(metrics) };
}

export function settableClock(start: string): Clock & { set(at: string): void } {
  let now = new Date(start);
  return {
    now: () => new Date(now),
    sleep: async () => undefined,
    set(at) {
      now = new Date(at);
    },
  };
}

export function recordedHook(): ConsumersHookDoor & {
  asked: (ConsumersHookRequest & { url: string })[];
  /** Of each call in turn; the last one stays. */
  answers: (number | string)[];
} {
  const asked: (ConsumersHookRequest & { url: string })[] = [];
  const answers: (number | string)[] = [204];
  return {
    asked,
    answers,
    async ask(url, request) {
      asked.push({ url, ...request });
      return (answers.length > 1 ? answers.shift() : answers[0]) ?? 'AbortError';
    },
  };
}

export function recordedExecutions(): StepFunctionsDoor & {
  started: { name: string; input: unknown }[];
  running: Set<string>;
} {
  const started: { name: string; input: unknown }[] = [];
  const running = new Set<string>();
  return {
    started,
    running,
    async startExecution({ name, input }) {
      if (started.some((execution) => execution.name === name)) return 'alreadyExists';
      started.push({ name, input });
      return 'started';
    },
    isRunning: async (arn) => running.has(arn),
  };
}
