/**
 * What a Task may call, as the machine's role and through IAM:
 * a function by its ARN, `lambda:invoke`, `events:putEvents`, `states:startExecution`, and
 * `aws-sdk:<service>:<operation>` of the services that were handed in. https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html
 */
import type { IamPort, LambdaPort } from '../ports.ts';
import { type AwsService, type Caller, type Operation, ServiceException } from '../service.ts';
import { isRecord, type Json } from './json.ts';
import { isNestedExecution } from './nested-execution.ts';
import { StateError } from './state-error.ts';

export interface TaskCall {
  resource: string;
  /** The state's input after InputPath and Parameters. */
  payload: Json;
  roleArn: string;
  /** Of the execution and its machine: added to the resources of events. */
  origin: readonly string[];
}

const functionArn = /^arn:aws:lambda:[^:]+:\d+:function:[\w-]+(:[\w$-]+)?$/;
const sdkResource = /^arn:aws:states:::aws-sdk:(\w+):(\w+)$/;

/** How Step Functions writes services in error names: `SecretsManager.ResourceNotFoundException`. */
const errorPrefixes: Readonly<Record<string, string>> = {
  dynamodb: 'DynamoDb',
  secretsmanager: 'SecretsManager',
  eventbridge: 'EventBridge',
  sns: 'Sns',
  ssm: 'Ssm',
  kms: 'Kms',
};

export class TaskResources {
  readonly #iam: IamPort;
  readonly #lambda: LambdaPort;
  readonly #events: Pick<AwsService, 'operations'>;
  readonly #services: Readonly<Record<string, Pick<AwsService, 'operations'>>>;
  readonly #startExecution: Operation;

  constructor(options: {
    iam: IamPort;
    lambda: LambdaPort;
    events: Pick<AwsService, 'operations'>;
    services: Readonly<Record<string, Pick<AwsService, 'operations'>>>;
    startExecution: Operation;
  }) {
    this.#iam = options.iam;
    this.#lambda = options.lambda;
    this.#events = options.events;
    this.#services = options.services;
    this.#startExecution = options.startExecution;
  }

  /** What is wrong with a task of this resource and these parameters, if anything; asked at load. */
  check(resource: string, parameters: unknown): string | undefined {
    if (functionArn.test(resource) || this.#sdkOperation(resource) !== undefined) {
      return undefined;
    }
    const allowed: Readonly<Record<string, readonly string[]>> = {
      'arn:aws:states:::lambda:invoke': ['FunctionName', 'Payload'],
      'arn:aws:states:::events:putEvents': ['Entries'],
    };
    const members = isNestedExecution(resource)
      ? ['StateMachineArn', 'Input', 'Name']
      : allowed[resource];
    if (members === undefined) {
      return `has the Resource ${resource}`;
    }
    const given = isRecord(parameters) ? Object.keys(parameters) : [];
    const other = given.filter((key) => !members.includes(key.replace(/\.\$$/, '')));
    return other.length === 0 ? undefined : `has the Parameters ${other.join(', ')}`;
  }

  /** @throws StateError with the error name Step Functions gives */
  async call(task: TaskCall): Promise<Json> {
    const caller: Caller = { kind: 'role', arn: task.roleArn };
    if (functionArn.test(task.resource)) {
      return this.#invoke(caller, task.resource, task.payload);
    }
    if (task.resource === 'arn:aws:states:::lambda:invoke') {
      const { FunctionName, Payload = {} } = record(task.payload);
      const answer = await this.#invoke(caller, String(FunctionName), Payload);
      return { Payload: answer, StatusCode: 200 };
    }
    if (task.resource === 'arn:aws:states:::events:putEvents') {
      return this.#putEvents(caller, task);
    }
    const [, service = ''] = sdkResource.exec(task.resource) ?? [];
    const operation = this.#sdkOperation(task.resource);
    if (operation === undefined) {
      throw new StateError('States.Runtime', `The Resource ${task.resource} is not modelled`);
    }
    return this.#operate(
      caller,
      operation,
      record(task.payload),
      errorPrefixes[service] ?? service,
    );
  }

  /** @returns the execution's ARN @throws StateError */
  async startExecution(roleArn: string, input: Record<string, unknown>): Promise<string> {
    const caller: Caller = { kind: 'role', arn: roleArn };
    const started = await this.#operate(caller, this.#startExecution, input, 'StepFunctions');
    return String(record(started).executionArn);
  }

  async #invoke(caller: Caller, arn: string, payload: Json): Promise<Json> {
    let outcome: Awaited<ReturnType<LambdaPort['invoke']>>;
    try {
      outcome = await this.#lambda.invoke(caller, arn, payload);
    } catch (error) {
      throw new StateError(lambdaError(error), (error as Error).message);
    }
    if (outcome.functionError === undefined) {
      return (outcome.payload === '' ? null : JSON.parse(outcome.payload)) as Json;
    }
    throw new StateError(thrownType(outcome.payload), outcome.payload);
  }

  /** Detail may be an object here; Step Functions adds the execution and the machine to the resources. */
  async #putEvents(caller: Caller, { payload, origin }: TaskCall): Promise<Json> {
    const operation = this.#events.operations.PutEvents;
    const { Entries = [] } = record(payload);
    const entries = (Array.isArray(Entries) ? Entries : []).map(record).map((entry) => ({
      ...entry,
      Detail: typeof entry.Detail === 'string' ? entry.Detail : JSON.stringify(entry.Detail),
      Resources: [...(Array.isArray(entry.Resources) ? entry.Resources : []), ...origin],
    }));
    if (operation === undefined) {
      throw new StateError('States.Runtime', 'EventBridge has no PutEvents');
    }
    const answer = await this.#operate(caller, operation, { Entries: entries }, 'EventBridge');
    if (Number(record(answer).FailedEntryCount) > 0) {
      throw new StateError('EventBridge.FailedEntryException', JSON.stringify(answer));
    }
    return answer;
  }

  async #operate(
    caller: Caller,
    operation: Operation,
    input: Record<string, unknown>,
    prefix: string,
  ): Promise<Json> {
    try {
      for (const check of operation.authorize(input, caller)) {
        this.#iam.authorize(caller, check);
      }
      const answer = await operation.run(input, caller);
      return JSON.parse(JSON.stringify(answer ?? {})) as Json;
    } catch (error) {
      const code = error instanceof ServiceException ? error.code : 'InternalError';
      if (prefix === 'StepFunctions' && code === 'AccessDeniedException') {
        throw new StateError('StepFunctions.AWSStepFunctionsException', (error as Error).message);
      }
      const suffix = /(Exception|Error)$/.test(code) ? '' : 'Exception';
      throw new StateError(`${prefix}.${code}${suffix}`, (error as Error).message);
    }
  }

  #sdkOperation(resource: string): Operation | undefined {
    const [, service = '', operation = ''] = sdkResource.exec(resource) ?? [];
    const name = operation.charAt(0).toUpperCase() + operation.slice(1);
    return this.#services[service]?.operations[name];
  }
}

/**
 * A refused invocation surfaces as Lambda.AWSLambdaException, which the Retry list AWS recommends contains.
 * https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
 */
function lambdaError(error: unknown): string {
  if (!(error instanceof ServiceException)) {
    return 'Lambda.Unknown';
  }
  return codeOf(error.code);
}

function codeOf(code: string): string {
  return code === 'AccessDeniedException' ? 'Lambda.AWSLambdaException' : `Lambda.${code}`;
}

/**
 * The class of the error the function threw; of what never came so far, what Lambda or the SDK says.
 * "timeouts are reported as Sandbox.Timedout" (concepts-error-handling, Lambda.Unknown).
 */
function thrownType(payload: string): string {
  try {
    const { errorType, errorMessage, trace } = record(JSON.parse(payload) as Json);
    if (typeof errorType !== 'string') {
      return /Task timed out after [\d.]+ seconds$/.test(String(errorMessage))
        ? 'Sandbox.Timedout'
        : 'Lambda.Unknown';
    }
    if (trace !== undefined || errorType.startsWith('Runtime.')) {
      return errorType;
    }
    // Only an injected fault has no trace: the function was not reached, or its answer was lost.
    return errorType === 'LostAnswerError' ? 'Lambda.SdkClientException' : codeOf(errorType);
  } catch {
    return 'Lambda.Unknown';
  }
}

function record(value: Json): Record<string, Json> {
  return isRecord(value) ? value : {};
}
