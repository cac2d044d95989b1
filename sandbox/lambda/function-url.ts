/**
 * Function URLs: an HTTP request to an address of the function's own becomes its event, and its answer the response.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html (payload format 2.0)
 *
 * With AuthType NONE nobody signs; the function's resource policy decides all the same, and needs both
 * `lambda:InvokeFunctionUrl` and `lambda:InvokeFunction` (urls-auth.html, "Starting in October 2025"). Here the address
 * is a path of the sandbox's server, in AWS a name of its own.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { Iam } from '../iam/iam.ts';
import type { Answer } from '../protocols.ts';
import type { RequestLog } from '../request-log.ts';
import { type Caller, type RestRequest, ServiceException } from '../service.ts';
import { type LambdaFunction, policyOf } from './function.ts';

export const functionUrlPath = '/_lambda-url/';

export interface FunctionUrlsSettings {
  clock: SandboxClock;
  iam: Iam;
  requests: RequestLog;
  endpoint: () => string;
  find(nameOrArn: string): LambdaFunction;
  execute(
    found: LambdaFunction,
    payload: string,
  ): Promise<{ payload: string; functionError?: string | undefined }>;
}

/** Nobody has signed: identity policies know nothing of this caller. */
const anonymous: Caller = { arn: 'anonymous', kind: 'user' };
/** The invocation payload of Lambda (quotas). */
const mostBytes = 6 * 1024 * 1024;

export class FunctionUrls {
  readonly #settings: FunctionUrlsSettings;
  /** Function names by the id in their URL. */
  readonly #functions = new Map<string, string>();

  constructor(settings: FunctionUrlsSettings) {
    this.#settings = settings;
  }

  create(nameOrArn: string): { url: string; arn: string } {
    const { spec, arn } = this.#settings.find(nameOrArn);
    const id = createHash('sha256').update(arn).digest('hex').slice(0, 32);
    if (this.#functions.has(id)) {
      throw new ServiceException(
        'ResourceConflictException',
        `Failed to create function url config for [functionArn = ${arn}]. Error message: FunctionUrlConfig exists for this Lambda function`,
        409,
      );
    }
    this.#functions.set(id, spec.name);
    return { url: `${this.#settings.endpoint()}${functionUrlPath}${id}/`, arn };
  }

  remove(functionName: string): void {
    for (const [id, name] of this.#functions) {
      if (name === functionName) this.#functions.delete(id);
    }
  }

  async answer(request: RestRequest): Promise<Answer> {
    const { requests, clock } = this.#settings;
    const started = performance.now();
    const answer = await this.#answer(request);
    requests.add({
      time: clock.now(),
      principal: anonymous.arn,
      service: 'lambda',
      operation: 'InvokeFunctionUrl',
      // Whatever anybody sent is not written down.
      input: { path: request.path, bytes: request.body.length },
      status: answer.status,
      requestId: randomUUID(),
      milliseconds: performance.now() - started,
    });
    return answer;
  }

  async #answer(request: RestRequest): Promise<Answer> {
    const [id = '', ...rest] = request.path.slice(functionUrlPath.length).split('/');
    const name = this.#functions.get(id);
    if (name === undefined || !this.#mayInvoke(name)) return json(403, { Message: 'Forbidden' });
    if (request.body.length > mostBytes) {
      return json(413, { Message: 'Request must be smaller than 6291456 bytes' });
    }
    const event = this.#event(request, id, `/${rest.join('/')}`);
    const found = this.#settings.find(name);
    const { payload, functionError } = await this.#settings.execute(found, JSON.stringify(event));
    return functionError === undefined ? responseOf(payload) : json(502, 'Internal Server Error');
  }

  #mayInvoke(name: string): boolean {
    const { iam, find } = this.#settings;
    const found = find(name);
    const context = {
      'lambda:FunctionArn': found.arn,
      'lambda:FunctionUrlAuthType': 'NONE',
      'lambda:InvokedViaFunctionUrl': 'true',
    };
    const resourcePolicy = policyOf(found);
    return ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'].every((action) =>
      iam.allows(anonymous, { action, resource: found.arn, context, resourcePolicy }),
    );
  }

  #event({ method, query, headers, body }: RestRequest, id: string, path: string): object {
    const now = this.#settings.clock.now();
    const isText = /^(text\/|application\/(json|xml|javascript))/.test(
      headers['content-type'] ?? 'text/plain',
    );
    return {
      version: '2.0',
      routeKey: '$default',
      rawPath: path,
      rawQueryString: query.toString(),
      headers,
      ...(query.size > 0 && { queryStringParameters: Object.fromEntries(query) }),
      requestContext: {
        accountId: 'anonymous',
        apiId: id,
        http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
        requestId: randomUUID(),
        routeKey: '$default',
        stage: '$default',
        timeEpoch: now.getTime(),
      },
      ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
      isBase64Encoded: !isText,
    };
  }
}

/** A statusCode makes it a response; anything else is the body of a 200 ("Response payload format"). */
function responseOf(payload: string): Answer {
  const found: unknown = payload === '' ? null : JSON.parse(payload);
  if (typeof found !== 'object' || found === null || !('statusCode' in found)) {
    return { status: 200, headers: { 'content-type': 'application/json' }, body: payload };
  }
  const { statusCode, headers, body, isBase64Encoded } = found as {
    statusCode: number;
    headers?: Record<string, string>;
    body?: string;
    isBase64Encoded?: boolean;
  };
  return {
    status: statusCode,
    headers: { 'content-type': 'application/json', ...headers },
    body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8').toString('utf8'),
  };
}

const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
