/**
 * One request to AWS: signature, operation, permission, faults, effect, record. Services only behave.
 */
import { randomUUID } from 'node:crypto';
import { NoWayError } from './ec2/way.ts';
import { type Faults, LostAnswerError } from './faults.ts';
import type { IamPort, WayPort } from './ports.ts';
import {
  type Answer,
  guessProtocol,
  type Protocol,
  protocolOf,
  readCall,
  writeError,
  writeOutput,
} from './protocols.ts';
import type { RequestLog } from './request-log.ts';
import { type AwsService, type Caller, type RestRequest, ServiceException } from './service.ts';
import { readScope, type VerifierSettings, verifySignature } from './sigv4.ts';

export interface DispatcherSettings extends VerifierSettings {
  services: ReadonlyMap<string, AwsService>;
  iam: IamPort;
  ways: WayPort;
  faults: Faults;
  requests: RequestLog;
  now: () => Date;
}

interface Progress {
  service: string;
  operation: string;
  input: unknown;
  signedAt?: Date;
  caller?: Caller;
  /** How often the operation was done. */
  times: number;
  keyArn?: string;
}

/** @throws LostAnswerError when an injected fault loses the answer; NoWayError when the request never arrived */
export async function dispatch(
  request: RestRequest,
  settings: DispatcherSettings,
): Promise<Answer> {
  const requestId = randomUUID();
  const started = performance.now();
  const progress: Progress = { service: '-', operation: '-', input: {}, times: 0 };
  let protocol: Protocol = guessProtocol(request);
  let answer: Answer | undefined;
  let failure: { code: string; message: string } | undefined;
  let isLost = false;
  try {
    const scope = readScope(request.headers);
    progress.service = scope.service;
    const service = settings.services.get(scope.service);
    protocol = service === undefined ? protocol : protocolOf(service, request);
    const region = service?.everyRegion === true ? scope.region : settings.region;
    const verified = await verifySignature(request, scope, { ...settings, region });
    const caller: Caller = {
      ...verified.caller,
      request: {
        accessKeyId: scope.accessKeyId,
        region,
        // The server listens on the loopback address alone.
        sourceAddress: '127.0.0.1',
        userAgent: (request.headers['user-agent'] ?? '').slice(0, 1024),
      },
    };
    progress.caller = caller;
    progress.signedAt = verified.signedAt;
    assertCurrent(verified.caller, settings.now());
    const output = await call(service, request, caller, progress, settings);
    answer = writeOutput(protocol, progress.service, progress.operation, output, requestId);
  } catch (error) {
    if (error instanceof LostAnswerError || error instanceof NoWayError) {
      failure = { code: error.how, message: '' };
      isLost = true;
      throw error;
    }
    const exception = toException(error, progress);
    failure = exception;
    answer = writeError(protocol, progress.service, exception, requestId);
  } finally {
    const record = {
      time: settings.now(),
      ...(progress.caller && { principal: progress.caller.arn }),
      // A request that nobody signed may name anything: nothing of it is written down.
      service: progress.caller ? progress.service : '-',
      operation: progress.operation,
      input: progress.input,
      status: answer?.status ?? 0,
      ...(failure && { errorCode: failure.code }),
      requestId,
      milliseconds: performance.now() - started,
    };
    settings.requests.add(record, answered(progress, isLost, failure));
  }
  // The SDKs set their clock by this header: each keeps the clock it signed with.
  answer.headers.date = (progress.signedAt ?? settings.now()).toUTCString();
  return answer;
}

function assertCurrent({ session }: Caller, now: Date): void {
  if (session?.expiresAt !== undefined && session.expiresAt <= now) {
    throw new ServiceException(
      'ExpiredTokenException',
      'The security token included in the request is expired',
    );
  }
}

/** What was done counts as done, also where its answer was lost; what was lost on its way did not happen. */
function answered(
  { caller, times, keyArn }: Progress,
  isLost: boolean,
  failure: { code: string; message: string } | undefined,
): Parameters<RequestLog['add']>[1] {
  if (caller === undefined || (isLost && times === 0)) {
    return undefined;
  }
  const error =
    times === 0 && failure ? { error: { code: failure.code, message: failure.message } } : {};
  return { caller, times: Math.max(1, times), ...error, ...(keyArn !== undefined && { keyArn }) };
}

async function call(
  service: AwsService | undefined,
  request: RestRequest,
  caller: Caller,
  progress: Progress,
  { iam, faults, ways }: DispatcherSettings,
): Promise<unknown> {
  if (service === undefined) {
    progress.operation = request.headers['x-amz-target'] ?? `${request.method} ${request.path}`;
    throw notSimulated(progress);
  }
  const { operation: name, input } = readCall(service, request);
  progress.operation = name;
  progress.input = input;
  const passes = ways.wayOf(caller, progress.service);
  const operation = Object.hasOwn(service.operations, name) ? service.operations[name] : undefined;
  if (operation === undefined) {
    throw notSimulated(progress);
  }
  for (const check of operation.authorize(input, caller)) {
    if (check.action.startsWith('kms:') && check.resource !== '*') {
      progress.keyArn = check.resource;
    }
    iam.authorize(caller, check);
    passes(check);
  }
  const subject = { ...progress, input: faultInput(progress), principal: caller.arn };
  return faults.around(subject, async () => {
    const output = await operation.run(input, caller);
    progress.times += 1;
    return output;
  });
}

/** For a Lambda function faults are matched by its payload, with its name beside it. */
function faultInput({ service, operation, input }: Progress): unknown {
  if (service !== 'lambda' || operation !== 'Invoke') {
    return input;
  }
  const { FunctionName, Payload } = input as { FunctionName: string; Payload?: object };
  const functionName = FunctionName.split(':').at(FunctionName.startsWith('arn:') ? 6 : -1);
  return { ...Payload, functionName };
}

function notSimulated({ service, operation }: Progress): ServiceException {
  return new ServiceException(
    'NotSimulatedException',
    `The sandbox does not simulate ${service}:${operation}.`,
    501,
  );
}

function toException(error: unknown, { service, operation }: Progress): ServiceException {
  if (error instanceof ServiceException) {
    return error;
  }
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return new ServiceException(
    'InternalFailure',
    `The sandbox failed in ${service}:${operation}. ${cause}`,
    500,
  );
}
