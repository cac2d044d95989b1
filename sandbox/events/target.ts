/** What a rule sends to a target: the event, a part of it, a constant, or a text made of it. */
import { ServiceException } from '../service.ts';

export interface InputTransformer {
  inputPathsMap?: Readonly<Record<string, string>>;
  inputTemplate: string;
}

export interface Target {
  id: string;
  arn: string;
  /** Assumed by EventBridge to start a state machine; Lambda targets use the function's own policy. */
  roleArn?: string;
  input?: string;
  inputPath?: string;
  inputTransformer?: InputTransformer;
  retryPolicy?: RetryPolicy;
  /** ARN of the queue for what was never delivered. */
  deadLetterArn?: string;
}

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html */
export interface RetryPolicy {
  /** 60 to 86,400. @default 86400 */
  maximumEventAgeInSeconds?: number;
  /** 0 to 185. @default 185 */
  maximumRetryAttempts?: number;
}

export type BusEvent = Readonly<Record<string, unknown>>;
export interface TargetContext {
  ruleArn: string;
  ruleName: string;
}

/** @throws ValidationException when the target's input is not what EventBridge takes. */
export function checkTarget(target: Target): void {
  const ways = [target.input, target.inputPath, target.inputTransformer];
  if (ways.filter((way) => way !== undefined).length > 1) {
    throw refused(target, 'has more than one of Input, InputPath and InputTransformer');
  }
  if (target.input !== undefined) {
    try {
      JSON.parse(target.input);
    } catch {
      throw refused(target, 'has an Input that is not JSON');
    }
  }
  const paths = [target.inputPath, ...Object.values(target.inputTransformer?.inputPathsMap ?? {})];
  for (const path of paths) {
    if (path !== undefined) {
      steps(path, target);
    }
  }
  if (/:states:/.test(target.arn)) {
    if (target.roleArn === undefined) {
      throw refused(target, 'is a state machine and has no RoleArn');
    }
  } else if (!deliverable.test(target.arn)) {
    throw refused(
      target,
      `is ${target.arn}; the sandbox delivers to Lambda, Step Functions, SNS, SQS and CloudWatch Logs`,
    );
  } else if (target.roleArn !== undefined) {
    // "For targets that use resource-based policies … do not specify a RoleArn" (eb-use-resource-based.html).
    throw refused(target, 'has a RoleArn, which the sandbox simulates for state machines only');
  }
  const { maximumEventAgeInSeconds: age = 86_400, maximumRetryAttempts: attempts = 185 } =
    target.retryPolicy ?? {};
  if (!(age >= 60 && age <= 86_400 && attempts >= 0 && attempts <= 185)) {
    throw refused(
      target,
      'has a RetryPolicy out of range (60 to 86400 seconds, 0 to 185 attempts)',
    );
  }
  if (target.deadLetterArn !== undefined && !/^arn:aws:sqs:/.test(target.deadLetterArn)) {
    throw refused(target, `has the dead-letter queue ${target.deadLetterArn}, which is no queue`);
  }
}

const deliverable =
  /^arn:aws:(lambda:[^:]+:\d+:function:|sns:[^:]+:\d+:|sqs:[^:]+:\d+:|logs:[^:]+:\d+:log-group:)/;

export function targetInput(target: Target, event: BusEvent, context: TargetContext): unknown {
  if (target.input !== undefined) {
    return JSON.parse(target.input);
  }
  if (target.inputPath !== undefined) {
    return read(event, steps(target.inputPath, target)) ?? null;
  }
  if (target.inputTransformer !== undefined) {
    return transform(target, target.inputTransformer, event, context);
  }
  return event;
}

/**
 * Placeholders inside a JSON string become text, elsewhere JSON.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
 */
function transform(
  target: Target,
  transformer: InputTransformer,
  event: BusEvent,
  context: TargetContext,
): unknown {
  const values: Record<string, unknown> = {
    'aws.events.rule-arn': context.ruleArn,
    'aws.events.rule-name': context.ruleName,
    'aws.events.event.ingestion-time': event.time,
    'aws.events.event': event,
    'aws.events.event.json': event,
  };
  for (const [name, path] of Object.entries(transformer.inputPathsMap ?? {})) {
    values[name] = read(event, steps(path, target));
  }
  let quoted = false;
  const filled = transformer.inputTemplate.replace(/\\.|"|<([\w.-]+)>/g, (found, name) => {
    if (found === '"') {
      quoted = !quoted;
    }
    if (name === undefined || !Object.hasOwn(values, name)) {
      return found;
    }
    return placeholder(values[name], quoted);
  });
  try {
    return JSON.parse(filled);
  } catch {
    return filled;
  }
}

function placeholder(value: unknown, quoted: boolean): string {
  if (!quoted) {
    return JSON.stringify(value ?? null);
  }
  const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
  return JSON.stringify(text).slice(1, -1);
}

/** `$`, `$.detail.name`, `$.resources[0]`, `$.detail['a-b']`. */
function steps(path: string, target: Target): (string | number)[] {
  const found: (string | number)[] = [];
  let rest = path.startsWith('$') ? path.slice(1) : 'x';
  while (rest !== '') {
    const step = /^(?:\.([\w-]+)|\[(\d+)\]|\['([^']+)'\])/.exec(rest);
    if (step === null) {
      throw refused(target, `has the path ${path}, which the sandbox does not model`);
    }
    found.push(step[2] === undefined ? (step[1] ?? step[3] ?? '') : Number(step[2]));
    rest = rest.slice(step[0].length);
  }
  return found;
}

function read(event: unknown, path: readonly (string | number)[]): unknown {
  let value = event;
  for (const step of path) {
    value =
      typeof value === 'object' && value !== null
        ? (value as Record<string | number, unknown>)[step]
        : undefined;
  }
  return value;
}

function refused(target: Target, reason: string): ServiceException {
  return new ServiceException('ValidationException', `Target ${target.id} ${reason}.`);
}
