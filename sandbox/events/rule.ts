/** Buses and rules, as templates make them. */
import type { PolicyDocument } from '../iam/policy.ts';
import type { EventPattern } from './pattern.ts';
import type { Schedule } from './schedule.ts';
import type { Target } from './target.ts';

export interface Bus {
  name: string;
  arn: string;
  policy?: PolicyDocument;
}

export interface RuleDefinition {
  name: string;
  busName?: string;
  description?: string;
  eventPattern?: EventPattern;
  /** rate(…) or cron(…), on the default bus only. */
  scheduleExpression?: string;
  state: 'ENABLED' | 'DISABLED';
  targets: readonly Target[];
}

export interface Rule {
  arn: string;
  bus: Bus;
  definition: RuleDefinition;
  state: 'ENABLED' | 'DISABLED';
  matches: (event: unknown) => boolean;
  schedule?: Schedule;
  cancelTimer?: () => void;
}

/** As PutEvents, an AWS service or a schedule made it. */
export interface RecordedEvent {
  id: string;
  time: Date;
  bus: string;
  source: string;
  'detail-type': string;
  resources: readonly string[];
  detail: unknown;
}

/** One attempt at a target. */
export interface Delivery {
  time: Date;
  rule: string;
  target: string;
  eventId: string;
  attempt: number;
  outcome: 'delivered' | 'failed';
  /** Failed: the error, and whether it is tried again. */
  error?: string;
  retried?: boolean;
}
