/**
 * Amazon EventBridge: buses with policies, rules with patterns and schedules, best-effort delivery.
 * https://docs.aws.amazon.com/eventbridge/latest/APIReference/Welcome.html
 */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import { isSubset } from '../faults.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import type { EventEnvelope, EventsPort, IamPort } from '../ports.ts';
import { type AwsService, type Operation, ServiceException } from '../service.ts';
import { DeliveryDesk, type DeliveryDeskOptions } from './delivery.ts';
import { compilePattern } from './pattern.ts';
import { putEventsOperation } from './put-events.ts';
import type { Bus, Delivery, RecordedEvent, Rule, RuleDefinition } from './rule.ts';
import { ruleOperations } from './rule-operations.ts';
import { parseSchedule } from './schedule.ts';
import { checkTarget } from './target.ts';

export interface EventsServiceOptions extends DeliveryDeskOptions {
  account: string;
  region: string;
  clock: SandboxClock;
  iam: IamPort;
}

export class EventsService implements AwsService, EventsPort {
  readonly signingName = 'events';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'AWSEvents';
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #options: EventsServiceOptions;
  readonly #desk: DeliveryDesk;
  readonly #buses = new Map<string, Bus>();
  readonly #rules: Rule[] = [];
  readonly #recorded: RecordedEvent[] = [];
  readonly #drop: Wanted[] = [];
  readonly #duplicate: Wanted[] = [];

  constructor(options: EventsServiceOptions) {
    this.#options = options;
    this.#desk = new DeliveryDesk(options);
    this.createBus('default');
    this.operations = {
      PutEvents: putEventsOperation({
        bus: (name) => this.#bus(name),
        put: (bus, event, at) => this.#put(bus, event, at),
      }),
      ...ruleOperations({
        rules: () => this.#rules,
        bus: (name) => this.#bus(name),
        ruleArn: (name, bus) => this.#ruleArn(name, bus),
        setState: (rule, state) => this.#setState(rule, state),
      }),
    };
  }

  createBus(name: string): { arn: string } {
    const { region, account } = this.#options;
    const arn = `arn:aws:events:${region}:${account}:event-bus/${name}`;
    if (this.#buses.has(name)) {
      const message = `Event bus ${name} already exists.`;
      throw new ServiceException('ResourceAlreadyExistsException', message);
    }
    this.#buses.set(name, { name, arn });
    return { arn };
  }

  /** @throws ResourceNotFoundException */
  putBusPolicy(busName: string, policy: PolicyDocument): void {
    this.#bus(busName).policy = policy;
  }

  /**
   * A rule with its targets, as AWS::Events::Rule describes it.
   * @throws InvalidEventPatternException, ValidationException naming what is wrong or not modelled
   */
  createRule(definition: RuleDefinition): { arn: string } {
    const { name, busName = 'default', eventPattern, scheduleExpression } = definition;
    const bus = this.#bus(busName);
    if (this.#rules.some((rule) => rule.definition.name === name && rule.bus === bus)) {
      throw invalid(`Rule ${name} exists already on bus ${busName}.`);
    }
    if (eventPattern === undefined && scheduleExpression === undefined) {
      throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.');
    }
    if (scheduleExpression !== undefined && busName !== 'default') {
      throw invalid('ScheduleExpression is supported only on the default event bus.');
    }
    definition.targets.forEach(checkTarget);
    const rule: Rule = {
      arn: this.#ruleArn(name, busName),
      bus,
      definition,
      state: 'DISABLED',
      matches: eventPattern === undefined ? () => false : compilePattern(eventPattern),
      ...(scheduleExpression === undefined
        ? {}
        : { schedule: parseSchedule(scheduleExpression, this.#options.clock.now()) }),
    };
    this.#rules.push(rule);
    this.#setState(rule, definition.state);
    return { arn: rule.arn };
  }

  /** The loader's: the same rule with another definition. */
  updateRule(definition: RuleDefinition): void {
    const { name, busName = 'default' } = definition;
    const before = this.#rules.find(
      (rule) => rule.definition.name === name && rule.bus === this.#bus(busName),
    );
    this.removeRule(name, busName);
    try {
      this.createRule(definition);
    } catch (error) {
      if (before !== undefined) {
        this.createRule({ ...before.definition, state: before.state });
      }
      throw error;
    }
  }

  removeRule(name: string, busName = 'default'): void {
    const bus = this.#bus(busName);
    const index = this.#rules.findIndex(
      (rule) => rule.definition.name === name && rule.bus === bus,
    );
    if (index >= 0) {
      this.#rules[index]?.cancelTimer?.();
      this.#rules.splice(index, 1);
    }
  }

  /** @throws ValidationException while rules are on it */
  removeBus(name: string): void {
    if (this.#rules.some(({ bus }) => bus.name === name)) {
      throw invalid(`Rules exist on event bus ${name}: delete them first.`);
    }
    this.#buses.delete(name);
  }

  /** EventsPort: an AWS service publishes. The event's source is the service's ("aws.…"). */
  publish(event: EventEnvelope): void {
    this.#put(this.#bus('default'), {
      source: event.source,
      'detail-type': event['detail-type'],
      resources: [...event.resources],
      detail: structuredClone(event.detail),
    });
  }

  /** Every event that reached a bus, also those no rule matched or that were dropped. */
  recorded(): readonly RecordedEvent[] {
    return this.#recorded;
  }

  /** Every attempt at a target, in order. */
  deliveries(): readonly Delivery[] {
    return this.#desk.deliveries;
  }

  /**
   * The next event of this detail type is lost: events are best effort, so a product must survive it.
   * @param detail a subset of the detail it must have
   */
  dropNext(detailType: string, detail: object = {}): void {
    this.#drop.push({ detailType, detail });
  }

  /** The next event of this detail type is delivered twice, with the same id. */
  duplicateNext(detailType: string, detail: object = {}): void {
    this.#duplicate.push({ detailType, detail });
  }

  #put(bus: Bus, event: Omit<RecordedEvent, 'id' | 'time' | 'bus'>, at?: Date): string {
    const id = randomUUID();
    const time = at ?? this.#options.clock.now();
    this.#recorded.push({ id, time, bus: bus.name, ...event });
    if (take(this.#drop, event)) {
      return id;
    }
    const times = take(this.#duplicate, event) ? 2 : 1;
    const envelope = this.#envelope(id, time, event);
    for (let i = 0; i < times; i++) {
      for (const rule of this.#rules) {
        if (rule.bus === bus && rule.state === 'ENABLED' && rule.matches(envelope)) {
          this.#desk.send(rule, envelope);
        }
      }
    }
    return id;
  }

  #envelope(id: string, time: Date, event: Omit<RecordedEvent, 'id' | 'time' | 'bus'>) {
    return {
      version: '0',
      id,
      'detail-type': event['detail-type'],
      source: event.source,
      account: this.#options.account,
      // EventBridge's time has seconds, no fraction.
      time: time.toISOString().replace(/\.\d{3}Z$/, 'Z'),
      region: this.#options.region,
      resources: event.resources,
      detail: event.detail,
    };
  }

  #setState(rule: Rule, state: 'ENABLED' | 'DISABLED'): void {
    rule.cancelTimer?.();
    rule.state = state;
    if (state === 'ENABLED') {
      this.#armTimer(rule);
    }
  }

  /** The next instant counts from the clock after a run, so a jump over many instants runs a rule once. */
  #armTimer(rule: Rule): void {
    const next = rule.schedule?.(this.#options.clock.now());
    if (next === undefined) {
      return;
    }
    const fire = async () => {
      this.#armTimer(rule);
      const event = {
        source: 'aws.events',
        'detail-type': 'Scheduled Event',
        resources: [rule.arn],
        detail: {},
      };
      this.#desk.send(rule, this.#envelope(randomUUID(), next, event));
    };
    const label = `schedule of ${rule.definition.name}`;
    rule.cancelTimer = this.#options.clock.at(next, label, fire, { recurring: true });
  }

  #bus(nameOrArn: string): Bus {
    const name = nameOrArn.slice(nameOrArn.lastIndexOf('/') + 1);
    const bus = this.#buses.get(name);
    if (bus === undefined || (nameOrArn !== name && nameOrArn !== bus.arn)) {
      throw new ServiceException(
        'ResourceNotFoundException',
        `Event bus ${nameOrArn} does not exist.`,
      );
    }
    return bus;
  }

  #ruleArn(name: string, bus: string): string {
    const { region, account } = this.#options;
    const path = bus === 'default' ? name : `${bus}/${name}`;
    return `arn:aws:events:${region}:${account}:rule/${path}`;
  }
}

interface Wanted {
  detailType: string;
  detail: object;
}

function take(from: Wanted[], event: Pick<RecordedEvent, 'detail-type' | 'detail'>): boolean {
  const index = from.findIndex(
    ({ detailType, detail }) =>
      detailType === event['detail-type'] && isSubset(detail, event.detail),
  );
  if (index >= 0) {
    from.splice(index, 1);
  }
  return index >= 0;
}

function invalid(message: string): ServiceException {
  return new ServiceException('ValidationException', message);
}
