/**
 * Answers a real SDK client from a service of the sandbox, in this process: the doors are exercised as
 * they are, without a port and without a signature. IAM is not asked here; the stack's tests do that.
 */
import type { AwsService, Caller } from '../../sandbox/service.ts';
import { ServiceException } from '../../sandbox/service.ts';

export const tester: Caller = { arn: 'arn:aws:iam::000000000000:role/tester', kind: 'role' };

interface SdkRequest {
  headers: Record<string, string>;
  body?: string | Uint8Array;
}

export function inProcess(service: AwsService, caller: Caller = tester) {
  return {
    requestHandler: {
      metadata: { handlerProtocol: 'http/1.1' },
      destroy: () => undefined,
      updateHttpClientConfig: () => undefined,
      httpHandlerConfigs: () => ({}),
      async handle(request: SdkRequest) {
        const operation = headerOf(request, 'x-amz-target').split('.').at(-1) ?? '';
        const input = JSON.parse(textOf(request.body));
        const { statusCode, output } = await answerOf(service, operation, input, caller);
        return {
          response: {
            statusCode,
            headers: { 'content-type': `application/x-amz-${service.protocol}` },
            body: Buffer.from(JSON.stringify(output ?? {})),
          },
        };
      },
    },
    region: 'eu-west-1',
    credentials: { accessKeyId: 'tester', secretAccessKey: 'tester' },
    // Nobody looks at a signature here, and it is a quarter of the cost of a call.
    signer: { sign: async (request: object) => request },
    maxAttempts: 1,
  };
}

function textOf(body: SdkRequest['body'] = '{}'): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}

function headerOf(request: SdkRequest, name: string): string {
  const entry = Object.entries(request.headers).find(([key]) => key.toLowerCase() === name);
  return entry?.[1] ?? '';
}

async function answerOf(
  service: AwsService,
  name: string,
  input: Record<string, unknown>,
  caller: Caller,
): Promise<{ statusCode: number; output: unknown }> {
  try {
    const operation = service.operations[name];
    if (operation === undefined) {
      throw new ServiceException('NotSimulatedException', `no ${name}`, 501);
    }
    operation.authorize(input, caller);
    return { statusCode: 200, output: await operation.run(input, caller) };
  } catch (error) {
    if (!(error instanceof ServiceException)) {
      throw error;
    }
    const output = { __type: error.code, message: error.message, ...error.members };
    return { statusCode: error.status, output };
  }
}
