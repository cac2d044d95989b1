/**
 * The stack's own description of itself, read with a signed request: one GetParameter is all a function asks of Systems
 * Manager, and its client costs a bundle 78 KB.
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
 */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import type { Manifest } from '../domain/config/manifest.ts';
import { readManifest } from '../domain/config/manifest-parts.ts';
import { AwsCallError, clientDefaults } from './aws-call.ts';
import { systemClock } from './clock.ts';
import {
  endpointBeside,
  parsed,
  type SignedResponse,
  type Surroundings,
  signedRequest,
} from './signed-request.ts';

/** @default of Secrets Manager, which every function has; process.env; the machine's clock */
export type ManifestByRequestOptions = Partial<Surroundings>;

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

  async function send(body: string): Promise<SignedResponse> {
    const surroundings = { client, environment, clock };
    const region = await client.config.region();
    const base = endpointBeside(surroundings, 'ssm', region);
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AmazonSSM.GetParameter',
    };
    return signedRequest(surroundings, {
      ...{ service: 'ssm', call: 'GetParameter', method: 'POST', base, region, headers, body },
    });
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
