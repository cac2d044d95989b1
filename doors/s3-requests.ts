/**
 * Signed requests to one S3 bucket. S3 speaks plain HTTP, and three requests are all that escrow needs:
 * signed with the SDK's own signer they cost a bundle 3 KB, `@aws-sdk/client-s3` costs it 142 KB.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
 */
import { createHash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsCallError, AwsUnansweredError, clientDefaults } from './aws-call.ts';
import { type Clock, systemClock } from './clock.ts';
import { Sha256 } from './node-sha256.ts';
import { networkOf } from './unanswered.ts';

export interface BucketPlace {
  bucket: string;
  /** `<bucket>.s3.<region>.<domain>`, as the deployment knows it. */
  host: string;
  /** Account of the bucket: a name somebody else took since is not written to (x-amz-expected-bucket-owner). */
  owner: string;
}

export interface S3Request {
  /** Name of the operation, for errors. */
  call: string;
  method: 'GET' | 'PUT';
  /** Letters, digits, `-`, `.` and `/`: nothing that a URL would encode. */
  key?: string;
  query?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
  body?: Buffer;
}

/** @throws AwsCallError with S3's own code; AwsUnansweredError naming endpoint and network */
export type S3Requests = (request: S3Request) => Promise<Buffer>;

export interface S3Options {
  /** Of the function: region, credentials and, in the sandbox, the endpoint. @default process.env */
  environment?: NodeJS.ProcessEnv;
  clock?: Clock;
}

const { connectionTimeout, requestTimeout } = clientDefaults.requestHandler;
const withinMilliseconds = connectionTimeout + requestTimeout;

/** For one that failed in a way that may not repeat itself, in milliseconds. */
const pauses = [100, 300, 900];
/** 409: two conditional writes at once; "you should retry the upload" (API_PutObject). */
const mayPass = (status: number) => status === 409 || status === 429 || status >= 500;

export function s3Requests(place: BucketPlace, options: S3Options = {}): S3Requests {
  const { environment = process.env, clock = systemClock } = options;
  const base = baseOf(place, environment);
  return async (request) => {
    for (const pause of pauses) {
      try {
        return await send(request, place, base, environment, clock);
      } catch (error) {
        if (!isPassing(error)) {
          throw error;
        }
        await clock.sleep(pause);
      }
    }
    return send(request, place, base, environment, clock);
  };
}

/** By name and endpoint for a stand-in; the posture check lets none through but on this machine. */
function baseOf({ bucket, host }: BucketPlace, environment: NodeJS.ProcessEnv): URL {
  const endpoint = environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL;
  return new URL(endpoint ? `${endpoint.replace(/\/$/, '')}/${bucket}` : `https://${host}`);
}

async function send(
  request: S3Request,
  { owner }: BucketPlace,
  base: URL,
  environment: NodeJS.ProcessEnv,
  clock: Clock,
): Promise<Buffer> {
  const { call, method, key = '', query = {}, body } = request;
  const path = `${base.pathname.replace(/\/$/, '')}/${key}`;
  const signed = await signer(environment).sign(
    {
      method,
      protocol: base.protocol,
      hostname: base.hostname,
      path,
      query: { ...query },
      headers: {
        ...request.headers,
        host: base.host,
        'x-amz-content-sha256': createHash('sha256')
          .update(body ?? '')
          .digest('hex'),
        'x-amz-expected-bucket-owner': owner,
      },
      ...(body && { body }),
    },
    { signingDate: clock.now() },
  );
  const { host: _setByFetch, ...headers } = signed.headers;
  const search = new URLSearchParams(query).toString();
  let status: number;
  let answer: Buffer;
  try {
    const response = await fetch(`${base.origin}${path}${search && `?${search}`}`, {
      method,
      headers,
      // S3 redirects a bucket to its region by 301 and 307: it never does with the regional host.
      redirect: 'error',
      signal: AbortSignal.timeout(withinMilliseconds),
      ...(body && { body: new Uint8Array(body) }),
    });
    status = response.status;
    answer = Buffer.from(await response.arrayBuffer());
  } catch (error) {
    const to = { service: 's3', endpoint: base.host };
    throw new AwsUnansweredError(call, reasonOf(error), to, networkOf(environment));
  }
  if (status >= 400) {
    throw refusal(call, status, answer.toString('utf8'));
  }
  return answer;
}

class S3Refusal extends AwsCallError {
  readonly status: number;
  constructor(call: string, awsCode: string, message: string, status: number) {
    super(call, awsCode, message);
    this.status = status;
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof S3Refusal ? mayPass(error.status) : error instanceof AwsUnansweredError;
}

/** `<Error><Code>…</Code><Message>…</Message>…</Error>`: names of principals and resources, no value. */
function refusal(call: string, status: number, xml: string): S3Refusal {
  const code = /<Code>([\w.]{1,100})<\/Code>/.exec(xml)?.[1] ?? `HTTP ${status}`;
  const message = /<Message>([^<]{1,1000})<\/Message>/.exec(xml)?.[1] ?? 'no message';
  return new S3Refusal(call, code, message, status);
}

function reasonOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: unknown } };
  return typeof cause?.code === 'string' ? cause.code : (name ?? 'Unknown');
}

function signer(environment: NodeJS.ProcessEnv): SignatureV4 {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION } = environment;
  return new SignatureV4({
    service: 's3',
    region: AWS_REGION ?? '',
    // A Lambda function finds its role's there (lambda/latest/dg/configuration-envvars.html).
    credentials: {
      accessKeyId: AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: AWS_SECRET_ACCESS_KEY ?? '',
      ...(AWS_SESSION_TOKEN && { sessionToken: AWS_SESSION_TOKEN }),
    },
    sha256: Sha256,
    // S3 signs the path as it is sent.
    uriEscapePath: false,
  });
}
