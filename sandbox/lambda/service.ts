/** AWS Lambda: functions of the template, invoked over HTTP or by the other services. */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { CredentialStore } from '../credentials.ts';
import { type Faults, LostAnswerError } from '../faults.ts';
import type { Iam } from '../iam/iam.ts';
import type { Statement } from '../iam/policy.ts';
import { assertSupportedPolicy } from '../iam/validate.ts';
import type { LogsService } from '../logs/service.ts';
import type {
  AsyncLambdaPort,
  InvokeOutcome,
  LambdaPort,
  MetricsPort,
  QueuePort,
} from '../ports.ts';
import type { RequestLog } from '../request-log.ts';
import { type AccessCheck, type AwsService, type Caller, ServiceException } from '../service.ts';
import { AsynchronousInvocations } from './asynchronous.ts';
import { ExistingFunctions } from './existing-functions.ts';
import {
  assertAllowedVariables,
  type FunctionSpec,
  functionNameIn,
  type LambdaFunction,
  logGroupOf,
  policyOf,
  processEnvironment,
} from './function.ts';
import { FunctionPool } from './function-pool.ts';
import { FunctionProcess, type ProcessOutcome } from './function-process.ts';
import { FunctionUrls } from './function-url.ts';
import { lambdaOperations, routeLambda } from './operations.ts';
import { assertMayPlace } from './placement.ts';
import { Workplace } from './workplace.ts';

/** AWS's account limit is 1000; a laptop has a few cores. */
const PROCESSES_PER_FUNCTION = 4;

export interface LambdaSettings {
  account: string;
  region: string;
  clock: SandboxClock;
  iam: Iam;
  credentials: CredentialStore;
  faults: Faults;
  requests: RequestLog;
  logs: LogsService;
  /** Absent: nobody counts, and what failed for good is kept nowhere. */
  metrics?: MetricsPort;
  queues?: QueuePort;
  /** Known only once the server listens. */
  endpoint: () => string;
}

export class LambdaService implements AwsService, LambdaPort, AsyncLambdaPort {
  readonly signingName = 'lambda';
  readonly protocol = 'rest-json';
  readonly route = routeLambda;
  readonly operations: AwsService['operations'];
  readonly asynchronous: AsynchronousInvocations;
  readonly urls: FunctionUrls;
  /** Beside the stack. */
  readonly existing: ExistingFunctions;
  readonly #settings: LambdaSettings;
  readonly #functions = new Map<string, LambdaFunction>();
  /** Of every version of every function: one that was replaced may still be running. */
  readonly #pools = new Set<FunctionPool>();
  readonly #workplace = new Workplace();

  constructor(settings: LambdaSettings) {
    this.#settings = settings;
    this.existing = new ExistingFunctions(settings);
    this.operations = lambdaOperations(this);
    const invoked = {
      find: (nameOrArn: string) => this.find(nameOrArn),
      execute: (found: LambdaFunction, payload: string) => this.execute(found, payload),
    };
    this.asynchronous = new AsynchronousInvocations({ ...settings, ...invoked });
    this.urls = new FunctionUrls({ ...settings, ...invoked });
  }

  createFunction(spec: FunctionSpec): { arn: string } {
    if (this.#functions.has(spec.name) || this.existing.has(spec.name)) {
      const message = `Function already exist: ${spec.name}`;
      throw new ServiceException('ResourceConflictException', message, 409);
    }
    return this.#put(spec, []);
  }

  /** The loader's: new code and configuration. What runs ends as it began; permissions stay. */
  async updateFunction(spec: FunctionSpec): Promise<void> {
    const before = this.find(spec.name);
    this.#put(spec, before.policy);
    await before.pool.drain();
  }

  async deleteFunction(name: string): Promise<void> {
    const found = this.find(name);
    this.#functions.delete(name);
    await found.pool.drain();
  }

  #put(spec: FunctionSpec, policy: Statement[]): { arn: string } {
    assertAllowedVariables(spec);
    const { iam } = this.#settings;
    const arn = this.arnOf(spec.name);
    if (!iam.serviceMayAssume(spec.roleArn, 'lambda.amazonaws.com', arn)) {
      throw new ServiceException(
        'InvalidParameterValueException',
        'The role defined for the function cannot be assumed by Lambda.',
      );
    }
    const caller = iam.callerOfRole(spec.roleArn, spec.name);
    if (spec.placement !== undefined) {
      assertMayPlace(iam, caller);
    }
    const limit = Math.min(spec.reservedConcurrency ?? Infinity, PROCESSES_PER_FUNCTION);
    const made: LambdaFunction = {
      spec,
      arn,
      taskRoot:
        'folder' in spec.code
          ? this.#workplace.copyOf(spec.code.folder)
          : this.#workplace.folderWith(spec.code.inline),
      caller: { ...caller, ...(spec.placement && { placement: spec.placement }) },
      policy,
      pool: new FunctionPool(() => this.#startProcess(made), limit),
    };
    this.#functions.set(spec.name, made);
    this.#pools.add(made.pool);
    return { arn };
  }

  addPermission(nameOrArn: string, statement: Statement): void {
    const { policy, spec } = this.find(nameOrArn);
    const document = { Statement: [statement] };
    assertSupportedPolicy(document, `permission of function ${spec.name}`, 'resource');
    policy.push(statement);
  }

  /** Takes away the statement of that id; nothing when the function is gone with it. */
  removePermission(nameOrArn: string, statementId: string): void {
    const found = this.#functions.get(functionNameIn(nameOrArn));
    const index = found?.policy.findIndex(({ Sid }) => Sid === statementId) ?? -1;
    if (index >= 0) {
      found?.policy.splice(index, 1);
    }
  }

  /** @throws ServiceException ResourceNotFoundException */
  find(nameOrArn: string): LambdaFunction {
    const found = this.#functions.get(functionNameIn(nameOrArn));
    const prefix = this.arnOf('');
    if (found === undefined || (nameOrArn.startsWith('arn:') && !nameOrArn.startsWith(prefix))) {
      const arn = nameOrArn.startsWith('arn:') ? nameOrArn : `${prefix}${nameOrArn}`;
      throw new ServiceException('ResourceNotFoundException', `Function not found: ${arn}`, 404);
    }
    return found;
  }

  arnOf(name: string): string {
    const { account, region } = this.#settings;
    return `arn:aws:lambda:${region}:${account}:function:${name}`;
  }

  invokeCheck(nameOrArn: string): AccessCheck {
    const found = this.find(nameOrArn);
    return {
      action: 'lambda:InvokeFunction',
      resource: nameOrArn.startsWith('arn:') ? nameOrArn : found.arn,
      context: { 'lambda:FunctionArn': found.arn },
      resourcePolicy: policyOf(found),
    };
  }

  exists(functionArn: string): boolean {
    try {
      return this.find(functionArn) !== undefined;
    } catch {
      return false;
    }
  }

  mayInvoke(caller: Caller, functionArn: string): boolean {
    return (
      this.exists(functionArn) && this.#settings.iam.allows(caller, this.invokeCheck(functionArn))
    );
  }

  /** An invocation by another service: the same permission, faults and record as one over HTTP. */
  async invoke(caller: Caller, functionArn: string, payload: unknown): Promise<InvokeOutcome> {
    const { iam, faults, requests, clock } = this.#settings;
    const found = this.find(functionArn);
    iam.authorize(caller, this.invokeCheck(functionArn));
    const text = JSON.stringify(payload ?? {});
    const input = { FunctionName: found.spec.name, Payload: JSON.parse(text) as unknown };
    const started = performance.now();
    const outcome = await faults
      .around(
        {
          service: 'lambda',
          operation: 'Invoke',
          input: { ...(input.Payload as object), functionName: found.spec.name },
          principal: caller.arn,
        },
        () => this.execute(found, text),
      )
      .catch((error: unknown) => this.#asFunctionError(found, error));
    requests.add({
      time: clock.now(),
      principal: caller.arn,
      service: 'lambda',
      operation: 'Invoke',
      input,
      status: 200,
      ...(outcome.functionError && { errorCode: outcome.functionError }),
      requestId: randomUUID(),
      milliseconds: performance.now() - started,
    });
    return outcome;
  }

  retriesOf(functionArn: string): readonly number[] {
    return this.asynchronous.retriesOf(functionArn);
  }

  gaveUp(
    functionArn: string,
    event: unknown,
    failure: { payload: string; attempts: number },
  ): void {
    this.asynchronous.gaveUp(functionArn, event, failure);
  }

  /** Where a function of this name writes, whether there is one or not. */
  logGroupOf(name: string): string {
    return logGroupOf(this.#functions.get(name)?.spec ?? { name });
  }

  /** Runs the function once and waits for it. */
  async execute(found: LambdaFunction, payload: string): Promise<InvokeOutcome> {
    const { spec, arn, pool } = found;
    if (spec.reservedConcurrency === 0) {
      this.#count('Throttles', found);
      throw new ServiceException('TooManyRequestsException', 'Rate Exceeded.', 429);
    }
    const id = randomUUID();
    const outcome = await pool.invoke(() => ({
      id,
      event: payload,
      clockOffset: this.#clockOffset(),
      timeout: spec.timeoutSeconds * 1000,
      context: {
        functionName: spec.name,
        functionVersion: '$LATEST',
        invokedFunctionArn: arn,
        memoryLimitInMB: String(spec.memorySize),
        awsRequestId: id,
        logGroupName: logGroupOf(spec),
        logStreamName: 'sandbox',
      },
    }));
    this.#count('Invocations', found);
    if (outcome.kind !== 'result') {
      this.#count('Errors', found);
    }
    return this.#toInvokeOutcome(found, id, outcome);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#pools].map((pool) => pool.retire()));
    this.#workplace.remove();
  }

  #startProcess(made: LambdaFunction): FunctionProcess {
    const { credentials, region, endpoint, clock } = this.#settings;
    const folder = this.#workplace.emptyFolder();
    const session = { issuedAt: clock.now() };
    const environment = processEnvironment(made, credentials.issue({ ...made.caller, session }), {
      region,
      endpoint: endpoint(),
      folder,
    });
    return new FunctionProcess(environment, folder, this.#clockOffset(), (line) =>
      this.#log(made, line),
    );
  }

  #toInvokeOutcome(found: LambdaFunction, id: string, outcome: ProcessOutcome): InvokeOutcome {
    switch (outcome.kind) {
      case 'result':
        return { payload: outcome.payload };
      case 'error':
        return { payload: outcome.payload, functionError: 'Unhandled' };
      case 'timeout': {
        const seconds = found.spec.timeoutSeconds.toFixed(2);
        const time = this.#settings.clock.now().toISOString();
        const errorMessage = `${time} ${id} Task timed out after ${seconds} seconds`;
        this.#log(found, errorMessage);
        return { payload: JSON.stringify({ errorMessage }), functionError: 'Unhandled' };
      }
      case 'exit': {
        const errorMessage = `RequestId: ${id} Error: Runtime exited with error: ${outcome.how}`;
        this.#log(found, errorMessage);
        const payload = JSON.stringify({ errorType: 'Runtime.ExitError', errorMessage });
        return { payload, functionError: 'Unhandled' };
      }
    }
  }

  #log({ spec }: LambdaFunction, line: string): void {
    this.#settings.logs.append(logGroupOf(spec), 'sandbox', line);
  }

  #count(name: string, { spec }: LambdaFunction): void {
    const dimensions = { FunctionName: spec.name };
    this.#settings.metrics?.count({ namespace: 'AWS/Lambda', name, dimensions });
  }

  /** Between services a lost answer or an injected error looks like a function that failed. */
  #asFunctionError(found: LambdaFunction, error: unknown): InvokeOutcome {
    if (!(error instanceof LostAnswerError || error instanceof ServiceException)) {
      throw error;
    }
    const errorType = error instanceof ServiceException ? error.code : error.name;
    // Injected, that is: a function that may not run at all has counted for itself.
    if (error instanceof ServiceException && found.spec.reservedConcurrency !== 0) {
      this.#count(errorType === 'TooManyRequestsException' ? 'Throttles' : 'Errors', found);
    }
    const payload = JSON.stringify({ errorType, errorMessage: error.message });
    return { payload, functionError: 'Unhandled' };
  }

  #clockOffset(): number {
    return this.#settings.clock.now().getTime() - Date.now();
  }
}
