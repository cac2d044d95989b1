/**
 * The door to a vendor: one HTTPS request whose status is all that comes back.
 *
 * Not `fetch`: it follows redirects, and takes neither authorities nor a lookup of its own. What the name leads to
 * is held against the private ranges at the moment of the connection: a name that is looked up twice may answer
 * differently the second time.
 */
import { type LookupAddress, lookup as resolve } from 'node:dns';
import { type RequestOptions, request } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPrivateHost } from '../domain/config/private-host.ts';

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
  privateAddresses: 'refused' | 'allowed';
}

/** The metadata services of the machine. */
const isLinkLocal = (address: string): boolean => /^(169\.254\.|fe80:|fd00:ec2:)/i.test(address);

export function httpProbe(options: HttpProbeOptions): HttpProbeDoor {
  const isRefused = (address: string) =>
    isLinkLocal(address) || (options.privateAddresses === 'refused' && isPrivateHost(address));

  const lookup: LookupFunction = (hostname, asked, done) => {
    resolve(hostname, { ...asked, all: true }, (error, addresses: LookupAddress[]) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        done(error ?? notAllowed(), '');
      } else if (addresses.some(({ address }) => isRefused(address))) {
        done(notAllowed(), '');
      } else if (asked.all) {
        done(null, addresses);
      } else {
        done(null, first.address, first.family);
      }
    });
  };

  return {
    async send({ method, url, headers, body, timeoutMilliseconds }) {
      const { hostname, host } = new URL(url);
      const literal = hostname.replace(/^\[(.*)\]$/, '$1');
      if (isIP(literal) !== 0 && isRefused(literal)) {
        throw new ProbeUnreachableError(host, reasonOf(notAllowed()));
      }
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
        lookup,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        ...(options.ca !== undefined && { ca: options.ca }),
        signal: AbortSignal.timeout(timeoutMilliseconds),
      };
      try {
        return await statusOf(url, settings, body);
      } catch (error) {
        // Not as a cause: errors of Node.js may hold the request.
        throw new ProbeUnreachableError(host, reasonOf(error));
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

const notAllowed = (): Error =>
  Object.assign(new Error('its name leads to a private address'), { code: 'PRIVATE_ADDRESS' });

/** Codes of Node.js and OpenSSL (`ENOTFOUND`, `CERT_HAS_EXPIRED`): never their messages. */
function reasonOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError' || name === 'AbortError') return 'TIMEOUT';
  return typeof code === 'string' && /^[A-Z0-9_]{2,64}$/.test(code) ? code : 'FAILED';
}
