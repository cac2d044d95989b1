/** How every AWS door calls: short timeouts, and errors that name the call and never carry a value. */

/**
 * A function in a subnet without a route to the endpoint must say so within seconds instead of hanging
 * until its own timeout (Secrets Manager user guide, "Troubleshoot rotation").
 */
export const clientDefaults = {
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 5_000 },
} as const;

export class AwsCallError extends Error {
  override readonly name = 'AwsCallError';
  readonly code = 'ERR_ROTATION_AWS_CALL';
  /** AWS's own error name, e.g. "AccessDeniedException". */
  readonly awsCode: string;
  readonly call: string;

  constructor(call: string, awsCode: string, message: string) {
    super(`${call} failed with ${awsCode}: ${message}`);
    this.call = call;
    this.awsCode = awsCode;
  }
}

/** What did not get an answer is told as advice. */
const unreachable: ReadonlySet<string> = new Set([
  'TimeoutError',
  'ECONNREFUSED',
  'ENOTFOUND',
  'ECONNRESET',
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
    return new AwsCallError(call, awsCode, printable(awsCode, message ?? 'no message', options));
  }
  const kind = code ?? name ?? 'Unknown';
  const advice = unreachable.has(kind)
    ? 'the endpoint did not answer; check the VPC endpoint and the security group of this function'
    : 'the call did not reach the service';
  return new AwsCallError(call, kind, advice);
}

export function isAwsError(error: unknown, ...codes: readonly string[]): error is AwsCallError {
  return error instanceof AwsCallError && codes.includes(error.awsCode);
}
