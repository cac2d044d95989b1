/**
 * Requests to IAM, signed with the SDK's own signer: `@aws-sdk/client-iam` would cost a bundle 85 KB. IAM speaks the
 * query protocol: parameters in a form, XML in the answer.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html
 */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AwsCallError, clientDefaults } from './aws-call.ts';
import { systemClock } from './clock.ts';
import {
  type SignedResponse,
  type Surroundings,
  signedRequest,
  standInFor,
} from './signed-request.ts';

/** @default of Secrets Manager, which every function has; process.env; the machine's clock */
export type IamRequestsOptions = Partial<Surroundings>;

/** @returns the XML of the answer @throws AwsCallError with IAM's own code; AwsUnansweredError */
export type IamRequests = (
  action: string,
  parameters: Readonly<Record<string, string>>,
) => Promise<string>;

const version = '2010-05-08';
/** A simulation of many rights takes a while. */
const within = 4 * clientDefaults.requestHandler.requestTimeout;
/** Milliseconds before the second, third and fourth try of what may pass. */
const pauses = [200, 600, 1800];
const mayPass = (status: number, code: string): boolean =>
  status >= 500 || status === 429 || code === 'Throttling' || code === 'ConcurrentModification';

export function iamRequests(options: IamRequestsOptions = {}): IamRequests {
  const {
    client = new SecretsManagerClient(clientDefaults),
    environment = process.env,
    clock = systemClock,
  } = options;

  async function send(body: string, call: string): Promise<SignedResponse> {
    const { base, signedFor: region } = placeOf(await client.config.region(), environment);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return signedRequest(
      { client, environment, clock },
      { service: 'iam', call, method: 'POST', base, region, headers, body, within },
    );
  }

  return async (action, parameters) => {
    const body = new URLSearchParams({
      Action: action,
      Version: version,
      ...parameters,
    }).toString();
    for (const pause of [...pauses, undefined]) {
      const { status, text } = await send(body, action);
      if (status < 400) return text;
      const code = textIn(text, 'Code') ?? `HTTP ${status}`;
      if (pause === undefined || !mayPass(status, code)) {
        throw new AwsCallError(action, code, textIn(text, 'Message') ?? 'no message');
      }
      await clock.sleep(pause);
    }
    throw new AwsCallError(action, 'Unanswered', 'no try was answered');
  };
}

/** IAM is one service for a partition: its endpoint and the region of its signatures are the partition's. */
function placeOf(region: string, environment: NodeJS.ProcessEnv): { base: URL; signedFor: string } {
  const standIn = standInFor('iam', environment);
  const [host, signedFor]: [string, string] = region.startsWith('cn-')
    ? ['iam.cn-north-1.amazonaws.com.cn', 'cn-north-1']
    : region.startsWith('us-gov-')
      ? ['iam.us-gov.amazonaws.com', 'us-gov-west-1']
      : ['iam.amazonaws.com', 'us-east-1'];
  return standIn
    ? { base: standIn, signedFor: region }
    : { base: new URL(`https://${host}`), signedFor };
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

/** The text of the first element of that name, which holds no other. */
export function textIn(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return found
    ?.replaceAll(/&#(x?[0-9a-fA-F]+);/g, (_all, digits: string) =>
      String.fromCodePoint(
        digits.startsWith('x') ? Number.parseInt(digits.slice(1), 16) : Number(digits),
      ),
    )
    .replaceAll(/&(?:lt|gt|quot|apos|amp);/g, (entity) => entities[entity] ?? entity);
}

/** What the elements of that name hold, where none of them holds another of that name. */
export const elementsIn = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map(([, inner = '']) => inner);
