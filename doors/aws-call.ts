/** How every AWS door calls: short timeouts, and errors that name the call and never carry a value. */

import { adviceFor } from './aws-advice.ts';
import { type Destination, destinationIn, namesDestination, networkOf } from './unanswered.ts';

/**
 * A function in a subnet without a route to the endpoint must say so within seconds instead of hanging
 * until its own timeout (Secrets Manager user guide, "Troubleshoot rotation"). Without
 * `throwOnRequestTimeout` the SDK only warns after `requestTimeout`, and goes on waiting.
 */
export const clientDefaults = {
  maxAttempts: 4,
  requestHandler: {
    connectionTimeout: 2_000,
    requestTimeout: 5_000,
    throwOnRequestTimeout: true,
  },
  extensions: [namesDestination],
};

export class AwsCallError extends Error {
  override readonly name: 'AwsCallError' | 'AwsUnansweredError' = 'AwsCallError';
  readonly code: 'ERR_ROTATION_AWS_CALL' | 'ERR_ROTATION_AWS_UNANSWERED' = 'ERR_ROTATION_AWS_CALL';
  /** AWS's own error name, e.g. "AccessDeniedException". */
  readonly awsCode: string;
  readonly call: string;

  constructor(call: string, awsCode: string, message: string) {
    super(`${call} failed with ${awsCode}: ${message}`);
    this.call = call;
    this.awsCode = awsCode;
  }
}

/** The request left, or tried to, and nothing came back: whether it had an effect is not known. */
export class AwsUnansweredError extends AwsCallError {
  override readonly name = 'AwsUnansweredError';
  override readonly code = 'ERR_ROTATION_AWS_UNANSWERED';
  /** Signing name of the service, e.g. "kms". */
  readonly service: string | undefined;
  /** Host and port, e.g. "kms.eu-west-1.amazonaws.com:443". */
  readonly endpoint: string | undefined;
  /** Name, VPC and security group of the network the function stands in; absent outside of every VPC. */
  readonly network: string | undefined;

  constructor(call: string, reason: string, to: Destination, network: string | undefined) {
    const { service, endpoint = 'the endpoint' } = to;
    const where = service === undefined ? endpoint : `${service} at ${endpoint}`;
    const check =
      network === undefined
        ? 'This process stands in no network of the deployment: check name resolution, proxy and region'
        : `The function stands in network ${network}: check that this VPC has an endpoint for the service with private DNS (or a gateway endpoint in the route table of the subnets), that the endpoint admits port 443 from that security group, and that the group lets it out; docs/network.md`;
    super(call, reason, `${where} did not answer. ${check}`);
    this.service = service;
    this.endpoint = to.endpoint;
    this.network = network;
  }
}

/** Node's codes and the SDK's names for silence, refusal and a name that does not resolve. */
const withoutAnswer: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'TimeoutError',
]);

export interface CallOptions {
  /** The request holds a value: a message that could quote the request is withheld. */
  readonly carriesValue?: boolean;
}

/** Runs one SDK call and turns whatever it throws into an `AwsCallError`. */
export async function awsCall<Output>(
  call: string,
  send: () => Promise<Output>,
  options: CallOptions = {},
): Promise<Output> {
  try {
    return await send();
  } catch (error) {
    throw toAwsCallError(call, error, options);
  }
}

/** Errors about the request itself; all others name resources, tokens and principals. */
const aboutTheRequest =
  /^(ValidationException|SerializationException|InvalidParameter|InvalidRequest)/;

/** "1 validation error detected: Value '…' at 'x' failed to satisfy constraint: …" quotes what it was sent. */
function printable(awsCode: string, message: string, { carriesValue }: CallOptions): string {
  if (!aboutTheRequest.test(awsCode)) {
    return message;
  }
  return carriesValue
    ? 'its message is withheld, because it may quote the value'
    : message.replaceAll(/\bValue '.*?'(?= at ')/gs, 'Value');
}

function toAwsCallError(call: string, error: unknown, options: CallOptions): AwsCallError {
  const { name, code, message, $metadata } = error as {
    name?: string;
    code?: string;
    message?: string;
    $metadata?: { httpStatusCode?: number };
  };
  if ($metadata?.httpStatusCode !== undefined) {
    const awsCode = name ?? 'Unknown';
    const told = printable(awsCode, message ?? 'no message', options);
    const advice = adviceFor(awsCode, message ?? '');
    const stop = /[.!?]$/.test(told) ? '' : '.';
    return new AwsCallError(
      call,
      awsCode,
      advice === '' ? told : `${told}${stop} What to do: ${advice}.`,
    );
  }
  const kind = code ?? name ?? 'Unknown';
  if (withoutAnswer.has(kind)) {
    return new AwsUnansweredError(call, kind, destinationIn(error), networkOf());
  }
  return new AwsCallError(call, kind, 'the call did not reach the service');
}

export function isAwsError(error: unknown, ...codes: readonly string[]): error is AwsCallError {
  return error instanceof AwsCallError && codes.includes(error.awsCode);
}
