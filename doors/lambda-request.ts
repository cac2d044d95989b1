/**
 * Requests to Lambda, signed with the SDK's own signer: `@aws-sdk/client-lambda` would cost a bundle 73 KB.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
 */
import {
  endpointBeside,
  parsed,
  type SignedResponse,
  type Surroundings,
  signedRequest,
} from './signed-request.ts';

export interface LambdaRequest {
  /** The operation, for errors. */
  readonly call: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly functionName: string;
  /** After the name of the function: `configuration`, `invocations`. */
  readonly resource: string;
  /** JSON. */
  readonly body?: string | undefined;
  /** How long it may take, in milliseconds. @default as for every service */
  readonly within?: number;
}

/** @throws AwsUnansweredError; every status is an answer */
export async function lambdaRequest(
  surroundings: Surroundings,
  { functionName, resource, ...request }: LambdaRequest,
): Promise<SignedResponse> {
  const region = await surroundings.client.config.region();
  const base = endpointBeside(surroundings, 'lambda', region);
  const path = `${base.pathname.replace(/\/$/, '')}/2015-03-31/functions/${encodeURIComponent(functionName)}/${resource}`;
  const headers = request.body ? { 'content-type': 'application/json' } : {};
  return signedRequest(surroundings, {
    ...request,
    service: 'lambda',
    base,
    region,
    path,
    headers,
  });
}

/** `ResourceConflictException:http://internal.amazon.com/…` */
export const errorCodeOf = ({ status, headers }: SignedResponse): string =>
  headers.get('x-amzn-errortype')?.split(':')[0] ?? `HTTP ${status}`;

/** Names of principals and resources. */
export function messageIn({ text }: SignedResponse): string {
  const { message, Message } = Object(parsed(text)) as { message?: unknown; Message?: unknown };
  const told = message ?? Message;
  return typeof told === 'string' ? told.slice(0, 1000) : 'no message';
}
