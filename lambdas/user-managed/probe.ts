/**
 * Asks the vendor whether it accepts a value. Free of effects as far as the configured request is. The status alone
 * counts: the vendor's "no" is 401 or 403, a vendor that is busy or does not answer is asked again, and anything
 * else says that the probe is wrong, not the value.
 */
import { type ProbeConfig, valuePlaceholder } from '../../domain/config/inbox-schema.ts';
import type { HttpProbeDoor, ProbeRequest } from '../../doors/http-probe.ts';
import { ProbeRefusedError, ProbeUnexpectedError } from './errors.ts';

export type ProbeSettings = Omit<ProbeConfig, 'ca'>;

export interface ProbeTools {
  settings: ProbeSettings;
  door: HttpProbeDoor;
  sleep(milliseconds: number): Promise<void>;
}

/** Between two tries; with three timeouts of ten seconds a step still ends before its function does. */
const pauses = [250, 1_000];

/** @returns the status. @throws ProbeRefusedError, ProbeUnexpectedError, ProbeUnreachableError */
export async function probe(
  { settings, door, sleep }: ProbeTools,
  credential: string,
): Promise<{ host: string; status: number }> {
  const { host } = new URL(settings.url);
  const request = requestOf(settings, credential);
  const status = await statusOf(door, request, sleep);
  if (settings.expect.includes(status)) {
    return { host, status };
  }
  throw status === 401 || status === 403
    ? new ProbeRefusedError(host, status)
    : new ProbeUnexpectedError(host, status, settings.expect);
}

async function statusOf(
  door: HttpProbeDoor,
  request: ProbeRequest,
  sleep: ProbeTools['sleep'],
): Promise<number> {
  for (const pause of pauses) {
    try {
      const status = await door.send(request);
      if (status !== 429 && status < 500) {
        return status;
      }
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_ROTATION_PROBE_UNREACHABLE') {
        throw error;
      }
    }
    await sleep(pause);
  }
  return door.send(request);
}

function requestOf(settings: ProbeSettings, credential: string): ProbeRequest {
  const { method, url, headers, body, timeoutSeconds } = settings;
  return {
    method,
    url,
    headers: Object.fromEntries(
      // A function: in a replacement text "$&" would mean something.
      Object.entries(headers).map(([name, text]) => [
        name,
        text.replace(valuePlaceholder, () => credential),
      ]),
    ),
    ...(body !== undefined && { body: JSON.stringify(body) }),
    timeoutMilliseconds: timeoutSeconds * 1_000,
  };
}
