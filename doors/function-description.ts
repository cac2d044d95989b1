/**
 * The door to the description of a Lambda function: the smallest change there is to its configuration, after which no
 * execution environment from before is given another invocation. Nothing else is sent: what
 * UpdateFunctionConfiguration is not told stays as it is, and what it is told of `Environment` or `Layers` would
 * replace them.
 *
 * Two requests, signed with the SDK's own signer: `@aws-sdk/client-lambda` would cost a bundle 73 KB.
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
 */
import { ECSClient } from '@aws-sdk/client-ecs';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import { AwsCallError, AwsUnansweredError, clientDefaults, isAwsError } from './aws-call.ts';
import { type Clock, systemClock } from './clock.ts';
import { type ContainerVariable, variablesOf } from './container-variables.ts';
import { connectionReason } from './guarded-lookup.ts';
import { Sha256 } from './node-sha256.ts';
import { networkOf } from './unanswered.ts';

export interface FunctionFacts {
  readonly description: string;
  /** Successful, InProgress, Failed (API_FunctionConfiguration). */
  readonly lastUpdateStatus: string;
  readonly lastUpdateReason: string | undefined;
  /** Changes with every update. */
  readonly revisionId: string;
  /** Of its environment: names, and what may be known of their values. */
  readonly variables: readonly ContainerVariable[];
}

export interface FunctionDescriptionDoor {
  look(functionName: string): Promise<FunctionFacts>;
  /**
   * @param revisionId of the look that the description was made from
   * @returns 'busy' while another update is under way, or when somebody changed the function since that look
   */
  describe(
    functionName: string,
    description: string,
    revisionId: string,
  ): Promise<'described' | 'busy'>;
}

export interface FunctionDescriptionOptions {
  /** Whose region, credentials and domain these requests use, too: any client of the deployment's region. */
  readonly client?: Pick<ECSClient, 'config'>;
  /** Of the function, for the endpoint in the sandbox. @default process.env */
  readonly environment?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
}

const configurationSchema = z.object({
  Description: z.string().default(''),
  LastUpdateStatus: z.string().default('Successful'),
  LastUpdateStatusReason: z.string().nullish(),
  RevisionId: z.string().default(''),
  Environment: z.object({ Variables: z.record(z.string(), z.string()).nullish() }).nullish(),
});

interface Request {
  readonly call: string;
  readonly method: 'GET' | 'PUT';
  readonly functionName: string;
  readonly body?: object;
}

/** Milliseconds before the second, third and fourth try of what may pass. */
const pauses = [100, 300, 900];
const mayPass = (status: number) => status === 429 || status >= 500;

export function functionDescription(
  options: FunctionDescriptionOptions = {},
): FunctionDescriptionDoor {
  const {
    client = new ECSClient(clientDefaults),
    environment = process.env,
    clock = systemClock,
  } = options;

  async function call(request: Request): Promise<unknown> {
    for (const pause of [...pauses, undefined]) {
      const { status, answer, code } = await send(client, request, environment, clock);
      if (status < 400) return answer;
      if (pause === undefined || !mayPass(status)) {
        throw new AwsCallError(request.call, code, messageIn(answer));
      }
      await clock.sleep(pause);
    }
    return undefined;
  }

  return {
    async look(functionName) {
      const configuration = configurationSchema.parse(
        await call({ call: 'GetFunctionConfiguration', method: 'GET', functionName }),
      );
      const variables = Object.entries(configuration.Environment?.Variables ?? {});
      return {
        description: configuration.Description,
        lastUpdateStatus: configuration.LastUpdateStatus,
        lastUpdateReason: configuration.LastUpdateStatusReason ?? undefined,
        revisionId: configuration.RevisionId,
        variables: variablesOf(
          functionName,
          variables.map(([name, value]) => ({ name, value })),
          [],
        ),
      };
    },

    async describe(functionName, Description, RevisionId) {
      try {
        await call({
          call: 'UpdateFunctionConfiguration',
          method: 'PUT',
          functionName,
          body: { Description, RevisionId },
        });
        return 'described';
      } catch (error) {
        // Another update is under way; the revision is not the one that was looked at.
        if (isAwsError(error, 'ResourceConflictException', 'PreconditionFailedException')) {
          return 'busy';
        }
        throw error;
      }
    },
  };
}

const { connectionTimeout, requestTimeout } = clientDefaults.requestHandler;

async function send(
  client: Pick<ECSClient, 'config'>,
  { call, method, functionName, body }: Request,
  environment: NodeJS.ProcessEnv,
  clock: Clock,
): Promise<{ status: number; answer: unknown; code: string }> {
  const region = await client.config.region();
  const base = endpointOf(client, region, environment);
  const text = body === undefined ? undefined : JSON.stringify(body);
  const signer = new SignatureV4({
    service: 'lambda',
    region,
    credentials: client.config.credentials,
    sha256: Sha256,
  });
  const path = `${base.pathname.replace(/\/$/, '')}/2015-03-31/functions/${encodeURIComponent(functionName)}/configuration`;
  const signed = await signer.sign(
    {
      method,
      protocol: base.protocol,
      hostname: base.hostname,
      path,
      headers: { host: base.host, ...(text && { 'content-type': 'application/json' }) },
      ...(text && { body: text }),
    },
    { signingDate: clock.now() },
  );
  const { host: _setByFetch, ...headers } = signed.headers;
  try {
    const response = await fetch(`${base.origin}${path}`, {
      method,
      headers,
      redirect: 'error',
      signal: AbortSignal.timeout(connectionTimeout + requestTimeout),
      ...(text && { body: text }),
    });
    const { status } = response;
    const answer = parsed(await response.text());
    // `ResourceConflictException:http://internal.amazon.com/…`
    const code = response.headers.get('x-amzn-errortype')?.split(':')[0] ?? `HTTP ${status}`;
    return { status, answer, code };
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

/** Its domain is that of ECS in every partition, and the SDK knows that one. */
function endpointOf(
  client: Pick<ECSClient, 'config'>,
  region: string,
  environment: NodeJS.ProcessEnv,
): URL {
  const standIn = environment.AWS_ENDPOINT_URL_LAMBDA || environment.AWS_ENDPOINT_URL;
  if (standIn) return new URL(standIn);
  const { url } = client.config.endpointProvider({ Region: region });
  return new URL(url.href.replace('://ecs.', '://lambda.'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Names of principals and resources. */
function messageIn(answer: unknown): string {
  const { message, Message } = Object(answer) as { message?: unknown; Message?: unknown };
  const told = message ?? Message;
  return typeof told === 'string' ? told.slice(0, 1000) : 'no message';
}
