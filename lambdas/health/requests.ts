/** How a room that looks at a consumer asks, and how what it heard is said to people. */
import { healthUrlProblem } from '../../domain/config/health-url.ts';
import type { HealthAnswer } from '../../domain/events/rollout.ts';
import type { HttpLookDoor, LookAnswer, LookRequest } from '../../doors/http-look.ts';
import type { AskedConsumer } from './environment.ts';

export type Look = HealthAnswer['looks'][number];
/** The look at one thing; its clock is the caller's. */
export type Found = Pick<Look, 'ok' | 'found'>;

export interface Asking {
  door: HttpLookDoor;
  consumer: AskedConsumer;
  environment: string;
  /** Name, VPC and security group; undefined: outside of every VPC. */
  network: string | undefined;
  headers: Readonly<Record<string, string>>;
  timeoutMilliseconds: number;
}

/** @returns the answer, or why there is none */
export async function ask(
  { door, consumer, environment, network, headers, timeoutMilliseconds }: Asking,
  request: Omit<LookRequest, 'headers' | 'timeoutMilliseconds'>,
): Promise<Exclude<LookAnswer, { unanswered: string }> | Found> {
  // The rules have seen it, but for what only the deployment knew.
  const problem = healthUrlProblem(request.url, {
    privateAddresses: consumer.privateAddresses,
    bearer: consumer.bearer !== undefined,
    environment,
  });
  if (problem !== undefined) return { ok: false, found: `not asked: expected ${problem}` };
  const answer = await door.ask({ ...request, headers, timeoutMilliseconds });
  if (!('unanswered' in answer)) return answer;
  const from = network === undefined ? '' : ` from network ${network}`;
  return answer.unanswered === 'PRIVATE_ADDRESS'
    ? { ok: false, found: 'not asked: its name leads to an address that is not allowed' }
    : { ok: false, found: `no answer (${answer.unanswered})${from}` };
}

/** Undefined: no JSON. */
export function jsonOf(answer: Exclude<LookAnswer, { unanswered: string }>): unknown {
  if ('tooLong' in answer) return undefined;
  try {
    return JSON.parse(answer.body);
  } catch {
    return undefined;
  }
}

export const size = (answer: Exclude<LookAnswer, { unanswered: string }>): string =>
  'tooLong' in answer ? 'more than 64 KiB' : 'no JSON';
