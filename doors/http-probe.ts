/**
 * The door to a vendor: one HTTPS request whose status is all that comes back.
 *
 * Not `fetch`: it follows redirects, and takes neither authorities nor a lookup of its own.
 */
import { type RequestOptions, request } from 'node:https';
import {
  assertAllowedAddress,
  connectionReason,
  guardedLookup,
  type PrivateAddresses,
} from './guarded-lookup.ts';

export interface ProbeRequest {
  method: 'GET' | 'HEAD' | 'POST';
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  timeoutMilliseconds: number;
}

export interface HttpProbeDoor {
  /** @returns the status. @throws ProbeUnreachableError when there is none; its text holds nothing of the request */
  send(request: ProbeRequest): Promise<number>;
}

export class ProbeUnreachableError extends Error {
  override readonly name = 'ProbeUnreachableError';
  readonly code = 'ERR_ROTATION_PROBE_UNREACHABLE';
  constructor(host: string, reason: string) {
    super(
      `The probe had no answer from ${host} (${reason}); expected a status. Nothing was promoted. Look whether the vendor is up and the certificate is one its function trusts, then rotate again.`,
    );
  }
}

export interface HttpProbeOptions {
  /** PEM; absent: the authorities Node.js ships. */
  ca?: string | undefined;
  privateAddresses: PrivateAddresses;
}

export function httpProbe(options: HttpProbeOptions): HttpProbeDoor {
  return {
    async send({ method, url, headers, body, timeoutMilliseconds }) {
      const { hostname, host } = new URL(url);
      const settings: RequestOptions = {
        method,
        headers: {
          ...headers,
          ...(body !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
          }),
        },
        // A connection of its own, that nothing of the environment redirects and nobody uses again.
        agent: false,
        lookup: guardedLookup(options.privateAddresses),
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        ...(options.ca !== undefined && { ca: options.ca }),
        signal: AbortSignal.timeout(timeoutMilliseconds),
      };
      try {
        assertAllowedAddress(hostname, options.privateAddresses);
        return await statusOf(url, settings, body);
      } catch (error) {
        // Not as a cause: errors of Node.js may hold the request.
        throw new ProbeUnreachableError(host, connectionReason(error));
      }
    },
  };
}

function statusOf(url: string, settings: RequestOptions, body: string | undefined) {
  return new Promise<number>((found, failed) => {
    const sent = request(url, settings, (answer) => {
      found(answer.statusCode ?? 0);
      // What a vendor says beside the status may hold anything; nobody reads it.
      answer.destroy();
    });
    sent.on('error', failed);
    sent.end(body);
  });
}
