/**
 * Requests to Lambda, signed with the SDK's own signer: `@aws-sdk/client-lambda` would cost a bundle 73 KB.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html
 */
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsUnansweredError, clientDefaults } from './aws-call.ts';
import type { Clock } from './clock.ts';
import { connectionReason } from './guarded-lookup.ts';
import { Sha256 } from './node-sha256.ts';
import { networkOf } from './unanswered.ts';

/** A client of any other service: whose region, credentials and domain these requests use, too. */
export interface NeighbourClient {
  readonly config: {
    region: () => Promise<string>;
    readonly credentials: ConstructorParameters<typeof SignatureV4>[0]['credentials'];
    endpointProvider: (parameters: { Region: string }) => { url: URL };
  };
}

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

export interface LambdaResponse {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

export interface Surroundings {
  readonly client: NeighbourClient;
  /** Of the function, for the endpoint in the sandbox. */
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

const { connectionTimeout, requestTimeout } = clientDefaults.requestHandler;

/** @throws AwsUnansweredError; every status is an answer */
export async function lambdaRequest(
  { client, environment, clock }: Surroundings,
  { call, method, functionName, resource, body, within = requestTimeout }: LambdaRequest,
): Promise<LambdaResponse> {
  const region = await client.config.region();
  const base = endpointOf(client, region, environment);
  const signer = new SignatureV4({
    service: 'lambda',
    region,
    credentials: client.config.credentials,
    sha256: Sha256,
  });
  const path = `${base.pathname.replace(/\/$/, '')}/2015-03-31/functions/${encodeURIComponent(functionName)}/${resource}`;
  const signed = await signer.sign(
    {
      method,
      protocol: base.protocol,
      hostname: base.hostname,
      path,
      headers: { host: base.host, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body }),
    },
    { signingDate: clock.now() },
  );
  const { host: _setByFetch, ...headers } = signed.headers;
  try {
    const response = await fetch(`${base.origin}${path}`, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(connectionTimeout + within),
      ...(body && { body }),
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  } catch (error) {
    const { cause } = error as { cause?: unknown };
    const to = { service: 'lambda', endpoint: base.host };
    throw new AwsUnansweredError(
      call,
      connectionReason(cause ?? error),
      to,
      networkOf(environment),
    );
  }
}

/** `ResourceConflictException:http://internal.amazon.com/…` */
export const errorCodeOf = ({ status, headers }: LambdaResponse): string =>
  headers.get('x-amzn-errortype')?.split(':')[0] ?? `HTTP ${status}`;

/** Names of principals and resources. */
export function messageIn({ text }: LambdaResponse): string {
  const { message, Message } = Object(parsed(text)) as { message?: unknown; Message?: unknown };
  const told = message ?? Message;
  return typeof told === 'string' ? told.slice(0, 1000) : 'no message';
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Its domain is that of every other service of the partition, and the SDK knows that one. */
function endpointOf(client: NeighbourClient, region: string, environment: NodeJS.ProcessEnv): URL {
  const standIn = environment.AWS_ENDPOINT_URL_LAMBDA || environment.AWS_ENDPOINT_URL;
  if (standIn) return new URL(standIn);
  const { url } = client.config.endpointProvider({ Region: region });
  return new URL(url.href.replace(/:\/\/[a-z]+\./, '://lambda.'));
}
