/**
 * One request to AWS, signed with the SDK's own signer: for functions in whose bundle a client of its own would cost
 * more than the one call it is there for.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
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

export interface Surroundings {
  readonly client: NeighbourClient;
  /** Of the function, for the endpoint in the sandbox. */
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
}

export interface SignedRequest {
  /** As signatures and endpoints name it: `lambda`, `iam`, `ssm`. */
  readonly service: string;
  /** The operation, for errors. */
  readonly call: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly base: URL;
  /** Of the signature. */
  readonly region: string;
  /** @default "/" */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** How long an answer may take once there is a connection, in milliseconds. @default as for every service */
  readonly within?: number;
}

export interface SignedResponse {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

const { connectionTimeout, requestTimeout } = clientDefaults.requestHandler;

/** @throws AwsUnansweredError; every status is an answer */
export async function signedRequest(
  { client, environment, clock }: Surroundings,
  request: SignedRequest,
): Promise<SignedResponse> {
  const {
    service,
    call,
    method,
    base,
    region,
    body,
    path = '/',
    within = requestTimeout,
  } = request;
  const { credentials } = client.config;
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  const signed = await signer.sign(
    {
      method,
      protocol: base.protocol,
      hostname: base.hostname,
      path,
      headers: { host: base.host, ...request.headers },
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
    const to = { service, endpoint: base.host };
    const reason = connectionReason(cause ?? error);
    throw new AwsUnansweredError(call, reason, to, networkOf(environment));
  }
}

/** Its domain is that of every other service of the partition, and the SDK knows that one. */
export function endpointBeside(
  { client, environment }: Pick<Surroundings, 'client' | 'environment'>,
  service: string,
  region: string,
): URL {
  const standIn = standInFor(service, environment);
  if (standIn) return standIn;
  const { url } = client.config.endpointProvider({ Region: region });
  return new URL(url.href.replace(/:\/\/[a-z]+\./, `://${service}.`));
}

/** SDK reference guide, "Service-specific endpoints". */
export function standInFor(service: string, environment: NodeJS.ProcessEnv): URL | undefined {
  const url =
    environment[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] || environment.AWS_ENDPOINT_URL;
  return url ? new URL(url) : undefined;
}

/** JSON; anything else has no members. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
