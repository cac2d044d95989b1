/**
 * A deployed function trusts nobody who may only edit its configuration: with an endpoint override they
 * would receive every secret it stores. The sandbox is reached over loopback, and only that is let through.
 */
import { UntrustedEnvironmentError } from './errors.ts';

const forbidden: ReadonlySet<string> = new Set([
  'NODE_OPTIONS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NODE_EXTRA_CA_CERTS',
  'AWS_LAMBDA_EXEC_WRAPPER',
  'HTTP_PROXY',
  'HTTPS_PROXY',
]);
/** Lambda's own bundle of Amazon's authorities, which some runtimes set by themselves. */
const lambdaAuthorities = '/var/runtime/ca-cert.pem';
const loopback = /^https?:\/\/(127\.0\.0\.1|localhost|\[::1\])(:\d+)?\/?$/;

/** @throws UntrustedEnvironmentError naming the variable, never its value */
export function assertTrustedEnvironment(environment: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || value === '' || value === lambdaAuthorities) {
      continue;
    }
    const isOverride = name.startsWith('AWS_ENDPOINT_URL') && !loopback.test(value);
    if (isOverride || forbidden.has(name.toUpperCase())) {
      throw new UntrustedEnvironmentError(name);
    }
  }
}
