/**
 * The stack's own description of itself, read with a signed request: one GetParameter is all a function asks of Systems
 * Manager, and its client costs a bundle 78 KB.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
 */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SignatureV4 } from '@smithy/signature-v4';
import * as z from 'zod';
import type { Manifest } from '../domain/config/manifest.ts';
import { readManifest } from '../domain/config/manifest-parts.ts';
import { AwsCallError, AwsUnansweredError, clientDefaults } from './aws-call.ts';
import { type Clock, systemClock } from './clock.ts';
import { connectionReason } from './guarded-lookup.ts';
import { type NeighbourClient, parsed } from './lambda-request.ts';
import { Sha256 } from './node-sha256.ts';
import { networkOf } from './unanswered.ts';

export interface ManifestByRequestOptions {
  /** @default of Secrets Manager, which every function has */
  readonly client?: NeighbourClient;
  /** @default process.env */
  readonly environment?: NodeJS.ProcessEnv;
  readonly clock?: Clock;
}

const { connectionTimeout, requestTimeout } = clientDefaults.requestHandler;
/** Milliseconds before the second, third and fourth try of what may pass. */
const pauses = [100, 300, 900];

const answerSchema = z.object({ Parameter: z.object({ Value: z.string() }) });
/** `com.amazonaws.ssm#ParameterNotFound`; the message is in either case. */
const refusalSchema = z.object({
  __type: z.string().default('Unknown'),
  message: z.string().optional(),
  Message: z.string().optional(),
});

/**
 * Reads it anew each time: a warm function must not decide by the inventory of an earlier deployment.
 * @param name the parameter of part 1; part n is `<name>/<n>`
 * @throws ManifestError, AwsCallError, AwsUnansweredError
 */
export function manifestByRequest(
  name: string,
  options: ManifestByRequestOptions = {},
): () => Promise<Manifest> {
  const {
    client = new SecretsManagerClient(clientDefaults),
    environment = process.env,
    clock = systemClock,
  } = options;

  async function send(body: string): Promise<{ status: number; text: string }> {
    const region = await client.config.region();
    const standIn = environment.AWS_ENDPOINT_URL_SSM || environment.AWS_ENDPOINT_URL;
    const base = standIn
      ? new URL(standIn)
      : new URL(
          // Its domain is that of every other service of the partition.
          client.config
            .endpointProvider({ Region: region })
            .url.href.replace(/:\/\/[a-z]+\./, '://ssm.'),
        );
    const { config } = client;
    const signer = new SignatureV4({
      service: 'ssm',
      region,
      credentials: config.credentials,
      sha256: Sha256,
    });
    const signed = await signer.sign(
      {
        method: 'POST',
        protocol: base.protocol,
        hostname: base.hostname,
        path: '/',
        headers: {
          host: base.host,
          'content-type': 'application/x-amz-json-1.1',
          'x-amz-target': 'AmazonSSM.GetParameter',
        },
        body,
      },
      { signingDate: clock.now() },
    );
    const { host: _setByFetch, ...headers } = signed.headers;
    try {
      const response = await fetch(`${base.origin}/`, {
        method: 'POST',
        headers,
        body,
        redirect: 'error',
        signal: AbortSignal.timeout(connectionTimeout + requestTimeout),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      const { cause } = error as { cause?: unknown };
      const to = { service: 'ssm', endpoint: base.host };
      const reason = connectionReason(cause ?? error);
      throw new AwsUnansweredError('GetParameter', reason, to, networkOf(environment));
    }
  }

  async function parameter(parameterName: string): Promise<string> {
    const body = JSON.stringify({ Name: parameterName });
    for (const pause of [...pauses, undefined]) {
      const { status, text } = await send(body);
      if (status < 400) return answerSchema.parse(parsed(text)).Parameter.Value;
      const { __type, message, Message } = refusalSchema.parse(parsed(text));
      const code = __type.replace(/^.*#/, '');
      const mayPass = status >= 500 || status === 429 || code === 'ThrottlingException';
      if (pause === undefined || !mayPass) {
        throw new AwsCallError('GetParameter', code, message ?? Message ?? 'no message');
      }
      await clock.sleep(pause);
    }
    return '';
  }

  return () => readManifest((part) => parameter(part === 1 ? name : `${name}/${part}`));
}
