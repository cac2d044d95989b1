/** Addresses at which a consumer is asked whether it is well. Checked by the rules, and again before each request. */
import { isIP } from 'node:net';
import { isLinkLocal, isLoopback, isPrivateHost } from './private-host.ts';

export interface HealthUrlUse {
  privateAddresses: 'refused' | 'allowed';
  /** Does a bearer go there? */
  bearer: boolean;
  environment: string;
}

/** What is wrong with it, or undefined. Never repeats it: somebody may have pasted a key into it. */
export function healthUrlProblem(
  text: string,
  { privateAddresses, bearer, environment }: HealthUrlUse,
): string | undefined {
  if (!URL.canParse(text)) {
    return 'a URL, such as "https://api.example.com/api/credentials/health"';
  }
  const { protocol, username, password, hash, hostname } = new URL(text);
  const isDev = environment === 'dev';
  if (protocol !== 'https:' && protocol !== 'http:') return 'https, or http to a private address';
  if (username !== '' || password !== '') return 'no user or password in it';
  if (hash !== '') return 'no fragment in it';
  if (isLinkLocal(hostname)) {
    return 'another host: link-local addresses are the metadata services of the machine';
  }
  if (isLoopback(hostname) && !isDev) {
    return "another host: this one is the function's own machine, which is for the environment dev";
  }
  if (isPrivateHost(hostname) && privateAddresses === 'refused') {
    return 'a public host, or privateAddresses: "allowed"';
  }
  if (protocol === 'http:') {
    const isPublicAddress = isIP(hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
    if (privateAddresses === 'refused' || (isPublicAddress && !isPrivateHost(hostname))) {
      return 'https: only private addresses are asked over http, with privateAddresses: "allowed"';
    }
    if (bearer && !(isDev && isLoopback(hostname))) {
      return 'https: the bearer is sent there';
    }
  }
  return undefined;
}
