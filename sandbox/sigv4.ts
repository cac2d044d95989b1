/**
 * Verifies a signature by signing the request again with the key it names (AWS General Reference,
 * "Signature Version 4 signing process"). Errors carry the names of the JSON protocols; the query
 * protocol's names for the same faults are put in by `protocols.ts`.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { CredentialStore } from './credentials.ts';
import { type Caller, type RestRequest, ServiceException } from './service.ts';

const SKEW = 15 * 60_000;
const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request,\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/;

export interface Scope {
  accessKeyId: string;
  date: string;
  region: string;
  service: string;
  signedHeaders: readonly string[];
  signature: string;
}

export interface VerifiedRequest {
  caller: Caller;
  /** The instant the caller signed at: by the sandbox's clock or by the machine's. */
  signedAt: Date;
}

/** @throws ServiceException MissingAuthenticationTokenException, IncompleteSignatureException */
export function readScope(headers: RestRequest['headers']): Scope {
  const authorization = headers.authorization;
  if (authorization === undefined) {
    throw new ServiceException(
      'MissingAuthenticationTokenException',
      'Missing Authentication Token',
      403,
    );
  }
  const [, accessKeyId, date, region, service, signed, signature] =
    AUTHORIZATION.exec(authorization) ?? [];
  if (!accessKeyId || !date || !region || !service || !signed || !signature) {
    throw new ServiceException(
      'IncompleteSignatureException',
      'Authorization header requires Credential, SignedHeaders and Signature parameters.',
      403,
    );
  }
  return { accessKeyId, date, region, service, signedHeaders: signed.split(';'), signature };
}

export interface VerifierSettings {
  credentials: CredentialStore;
  region: string;
  /** The clocks a signer may go by: the sandbox's, and the machine's, by which the real `aws` signs. */
  clocks: readonly (() => Date)[];
}

/** @throws ServiceException UnrecognizedClientException, InvalidSignatureException */
export async function verifySignature(
  request: RestRequest,
  scope: Scope,
  { credentials, region, clocks }: VerifierSettings,
): Promise<VerifiedRequest> {
  const issued = credentials.find(scope.accessKeyId);
  const token = request.headers['x-amz-security-token'];
  if (issued === undefined || !sameText(token ?? '', issued.credentials.sessionToken ?? '')) {
    throw new ServiceException(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  }
  if (scope.region !== region) {
    throw invalid(`Credential should be scoped to a valid region, not '${scope.region}'. `);
  }
  const signedAt = readDate(request.headers['x-amz-date'], scope.date);
  if (!clocks.some((now) => Math.abs(now().getTime() - signedAt.getTime()) <= SKEW)) {
    const now = clocks[0]?.() ?? signedAt;
    throw invalid(
      signedAt < now
        ? `Signature expired: ${compact(signedAt)} is now earlier than ${compact(new Date(now.getTime() - SKEW))} (${compact(now)} - 15 min.)`
        : `Signature not yet current: ${compact(signedAt)} is still later than ${compact(new Date(now.getTime() + SKEW))} (${compact(now)} + 15 min.)`,
    );
  }
  assertEverythingIsSigned(request, scope);
  const expected = await signAgain(request, scope, issued.credentials, signedAt);
  if (!sameText(scope.signature, expected)) {
    throw invalid(
      'The request signature we calculated does not match the signature you provided. Check your ' +
        'AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  }
  return { caller: issued.caller, signedAt };
}

function assertEverythingIsSigned({ headers, body }: RestRequest, { signedHeaders }: Scope): void {
  const unsigned = Object.keys(headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  );
  if (unsigned.length > 0) {
    throw invalid(
      `There were headers present in the request which were not signed: ${unsigned.join(', ')}`,
    );
  }
  const claimed = headers['x-amz-content-sha256'];
  if (claimed !== undefined && claimed !== createHash('sha256').update(body).digest('hex')) {
    throw invalid(
      "The value of header 'x-amz-content-sha256' is not the SHA-256 of the request's body.",
    );
  }
}

async function signAgain(
  request: RestRequest,
  scope: Scope,
  {
    accessKeyId,
    secretAccessKey,
    sessionToken,
  }: { accessKeyId: string; secretAccessKey: string; sessionToken?: string },
  signingDate: Date,
): Promise<string> {
  const signer = new SignatureV4({
    service: scope.service,
    region: scope.region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
    sha256: Sha256,
    applyChecksum: false,
    uriEscapePath: scope.service !== 's3',
  });
  const headers = Object.fromEntries(
    scope.signedHeaders.flatMap((name) =>
      request.headers[name] === undefined ? [] : [[name, request.headers[name]]],
    ),
  );
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: request.path,
      query: queryBag(request.query),
      headers,
      body: request.body,
    },
    { signingDate, signableHeaders: new Set(scope.signedHeaders) },
  );
  return /Signature=([0-9a-f]{64})$/.exec(signed.headers.authorization ?? '')?.[1] ?? '';
}

function queryBag(query: URLSearchParams): Record<string, string | string[]> {
  const bag: Record<string, string | string[]> = {};
  for (const name of new Set(query.keys())) {
    const values = query.getAll(name);
    bag[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return bag;
}

export function readDate(header: string | undefined, scopeDate: string): Date {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(header ?? '') ?? [];
  const date = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(date.getTime()) || `${year}${month}${day}` !== scopeDate) {
    throw invalid(
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP',
    );
  }
  return date;
}

function compact(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

function invalid(message: string): ServiceException {
  return new ServiceException('InvalidSignatureException', message);
}

/** Compares in constant time, whatever the lengths are. */
export function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
