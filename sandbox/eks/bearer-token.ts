/**
 * Whose token is it? As aws-iam-authenticator verifies it, but for the call to STS: the signature is judged here,
 * by the keys the sandbox issued.
 * @see https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/token/token.go (Verify)
 */
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { CredentialStore } from '../credentials.ts';
import type { Caller } from '../service.ts';
import { readDate, sameText } from '../sigv4.ts';

export interface TokenSettings {
  credentials: CredentialStore;
  region: string;
  /** The sandbox's own URL, where its STS stands. */
  endpoint: () => string;
  /** The clocks a signer may go by. */
  clocks: readonly (() => Date)[];
}

const prefix = 'k8s-aws-v1.';
const clusterHeader = 'x-k8s-aws-id';
const longest = 16 * 1024;
/** "pre-signed STS URLs … expire exactly 15 minutes after the x-amz-date header, regardless of x-amz-expires". */
const lifetime = 15 * 60_000;

const parameters: ReadonlySet<string> = new Set([
  'Action',
  'Version',
  'X-Amz-Algorithm',
  'X-Amz-Credential',
  'X-Amz-Date',
  'X-Amz-Expires',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Amz-SignedHeaders',
]);

/** @returns nobody for a token that is not good for this cluster, whatever the reason: the cluster tells none */
export async function callerOf(
  token: string,
  cluster: string,
  settings: TokenSettings,
): Promise<Caller | undefined> {
  const url = urlIn(token);
  if (url === undefined || !isSts(url, settings) || url.pathname !== '/' || url.hash !== '') {
    return undefined;
  }
  const names = [...url.searchParams.keys()];
  if (names.some((name) => !parameters.has(name)) || new Set(names).size < names.length) {
    return undefined;
  }
  const query = Object.fromEntries(url.searchParams) as Record<string, string | undefined>;
  const expiresIn = Number(query['X-Amz-Expires'] ?? Number.NaN);
  if (query.Action !== 'GetCallerIdentity' || !(expiresIn >= 0 && expiresIn <= 900)) {
    return undefined;
  }
  const signedAt = instantIn(query);
  const isCurrent = (now: Date) => Math.abs(now.getTime() - signedAt) <= lifetime;
  const [accessKeyId = ''] = query['X-Amz-Credential']?.split('/') ?? [];
  const issued = settings.credentials.find(accessKeyId);
  const sessionToken = query['X-Amz-Security-Token'] ?? '';
  if (
    issued === undefined ||
    !settings.clocks.some((now) => isCurrent(now())) ||
    !sameText(sessionToken, issued.credentials.sessionToken ?? '')
  ) {
    return undefined;
  }
  const signer = new SignatureV4({
    service: 'sts',
    region: settings.region,
    credentials: issued.credentials,
    sha256: Sha256,
  });
  const again = await signer.presign(
    {
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: '/',
      query: { Action: query.Action, ...(query.Version && { Version: query.Version }) },
      headers: { host: url.host, [clusterHeader]: cluster },
    },
    { signingDate: new Date(signedAt), expiresIn },
  );
  const expected = again.query as Record<string, string>;
  // The signature covers every parameter but itself; the scope and the signed headers are compared with it.
  return names.length === Object.keys(expected).length &&
    Object.entries(expected).every(([name, value]) => sameText(value, query[name] ?? ''))
    ? issued.caller
    : undefined;
}

function urlIn(token: string): URL | undefined {
  const encoded = token.slice(prefix.length);
  if (token.length > longest || !token.startsWith(prefix) || !/^[A-Za-z0-9_-]+$/.test(encoded)) {
    return undefined;
  }
  const text = Buffer.from(encoded, 'base64url').toString('utf8');
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** Amazon's own, which is never called from here, or the sandbox's. */
const isSts = ({ origin }: URL, { region, endpoint }: TokenSettings): boolean =>
  origin === `https://sts.${region}.amazonaws.com` || origin === new URL(endpoint()).origin;

/** Not a number: no instant, or not that of the scope. */
function instantIn(query: Record<string, string | undefined>): number {
  try {
    const [, scopeDate = ''] = query['X-Amz-Credential']?.split('/') ?? [];
    return readDate(query['X-Amz-Date'], scopeDate).getTime();
  } catch {
    return Number.NaN;
  }
}
