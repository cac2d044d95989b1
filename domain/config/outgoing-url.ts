/** Addresses that a function outside of every VPC sends values or orders to. */
import { isLinkLocal, isPrivateHost } from './private-host.ts';

/**
 * What is wrong with the address, or undefined. Never repeats it: somebody may have pasted a key into it.
 * @param environment only `dev` may name a private host
 */
export function outgoingUrlProblem(text: string, environment: string): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return 'an https URL, such as "https://api.example.com/v1/models"';
  }
  if (url.protocol !== 'https:') return 'https: the value is sent there';
  if (url.username !== '' || url.password !== '') return 'no user or password in it';
  if (url.hash !== '') return 'no fragment in it';
  if (isLinkLocal(url.hostname)) {
    return 'another host: link-local addresses are the metadata services of the machine';
  }
  if (isPrivateHost(url.hostname) && environment !== 'dev') {
    return 'a public host: its function stands outside of every VPC; private addresses are for dev';
  }
  return undefined;
}
