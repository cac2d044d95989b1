/**
 * Requests to the Kubernetes API of an EKS cluster: its own authority and nobody else's, no redirects, bounded
 * answers. Every request may be sent again: a read, or a patch that says what shall stand there.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
import { request as send } from 'node:https';
import { clientDefaults } from './aws-call.ts';
import type { Clock } from './clock.ts';
import {
  KubernetesError,
  KubernetesUnansweredError,
  refused,
  unanswered,
} from './kubernetes-error.ts';

export interface KubernetesRequest {
  verb: 'get' | 'patch';
  group: 'apps' | 'external-secrets.io';
  version: string;
  resource: 'deployments' | 'externalsecrets';
  namespace: string;
  name: string;
  /** Of a patch: a JSON merge patch (RFC 7386), which custom resources take as well as built-in ones. */
  patch?: object;
}

export interface ClusterPlace {
  name: string;
  endpoint: URL;
  /** PEM of the cluster's authority. */
  ca: string;
}

/** @throws KubernetesError, KubernetesUnansweredError */
export type KubernetesApi = (request: KubernetesRequest) => Promise<unknown>;

const { connectionTimeout, requestTimeout } = clientDefaults.requestHandler;

/** For what may pass by itself, in milliseconds. */
const pauses = [100, 300, 900];
const mayPass = (status: number) => [429, 500, 502, 503, 504].includes(status);

/** "The maximum size of any request is 1.5 MiB" (etcd, system limits): no object is larger. */
const answerLimit = 2 * 1024 * 1024;

/** RFC 1123, label and subdomain: what Kubernetes takes as names, and nothing that changes a path. */
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const isSubdomain = (name: string) =>
  name.length <= 253 && name.split('.').every((part) => label.test(part));

/** @param token a new one for each request */
export function kubernetesApi(
  cluster: ClusterPlace,
  token: () => Promise<string>,
  clock: Clock,
): KubernetesApi {
  return async (request) => {
    const path = pathOf(request);
    for (const pause of pauses) {
      try {
        return await once(cluster, request, path, await token());
      } catch (error) {
        if (!isPassing(error)) throw error;
        await clock.sleep(pause);
      }
    }
    return once(cluster, request, path, await token());
  };
}

function isPassing(error: unknown): boolean {
  return error instanceof KubernetesUnansweredError
    ? !/CERT|SIGNATURE|^ERR_|TOO_LARGE/.test(error.reason)
    : error instanceof KubernetesError && mayPass(error.status ?? 0);
}

function pathOf({ group, version, resource, namespace, name, verb }: KubernetesRequest): string {
  if (!label.test(namespace) || !isSubdomain(name)) {
    throw new KubernetesError(
      `"${namespace}/${name}" names no object of Kubernetes; expected a namespace that is a label, and a name that is a subdomain of RFC 1123: lower-case letters, digits and hyphens, in a name dots between them. Correct the configuration.`,
      'InvalidName',
    );
  }
  const path = `/apis/${group}/${version}/namespaces/${namespace}/${resource}/${name}`;
  // `kubectl get --show-managed-fields` then says who changed what.
  return verb === 'patch' ? `${path}?fieldManager=quarterturn` : path;
}

async function once(
  cluster: ClusterPlace,
  request: KubernetesRequest,
  path: string,
  token: string,
): Promise<unknown> {
  const { name, endpoint } = cluster;
  let answer: { status: number; body: string };
  try {
    answer = await exchange(cluster, request, path, token);
  } catch (error) {
    // Not as a cause: errors of Node.js may hold the request, and with it the token.
    throw unanswered(request, { name, host: endpoint.host }, codeOf(error));
  }
  const parsed = parse(answer.body);
  if (answer.status >= 200 && answer.status < 300 && parsed !== undefined) return parsed;
  const { reason, message } = (parsed ?? {}) as { reason?: unknown; message?: unknown };
  throw refused(request, name, {
    status: answer.status,
    reason: typeof reason === 'string' && wordOfAStatus.test(reason) ? reason : 'WithoutStatus',
    told: printable(message, token),
  });
}

function exchange(
  { endpoint, ca }: ClusterPlace,
  { patch }: KubernetesRequest,
  path: string,
  token: string,
): Promise<{ status: number; body: string }> {
  const body = patch && JSON.stringify(patch);
  return new Promise((answered, failed) => {
    const sent = send(
      new URL(path, endpoint),
      {
        method: body === undefined ? 'GET' : 'PATCH',
        headers: {
          accept: 'application/json',
          authorization: `Bearer ${token}`,
          ...(body !== undefined && {
            'content-type': 'application/merge-patch+json',
            'content-length': Buffer.byteLength(body),
          }),
        },
        // A connection of its own, that nothing of the environment redirects and nobody uses again.
        agent: false,
        ca,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        signal: AbortSignal.timeout(requestTimeout),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          size += chunk.length;
          chunks.push(chunk);
          if (size > answerLimit) answer.destroy(coded('ANSWER_TOO_LARGE'));
        });
        answer.on('error', failed);
        answer.on('end', () =>
          answered({
            status: answer.statusCode ?? 0,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    const impatience = setTimeout(() => sent.destroy(coded('ETIMEDOUT')), connectionTimeout);
    sent.on('socket', (socket) => socket.once('secureConnect', () => clearTimeout(impatience)));
    sent.on('close', () => clearTimeout(impatience));
    sent.on('error', failed);
    sent.end(body);
  });
}

const coded = (code: string): Error => Object.assign(new Error(code), { code });

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (name === 'TimeoutError' || name === 'AbortError') return 'ETIMEDOUT';
  return typeof code === 'string' && /^[A-Z0-9_]{2,64}$/.test(code) ? code : 'FAILED';
}

function parse(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** One line of what the cluster says; a server that sends the token back is not quoted. */
function printable(message: unknown, token: string): string {
  if (typeof message !== 'string' || message === '') return 'it gave no message';
  return piecesOf(token).some((piece) => message.includes(piece))
    ? 'its message is withheld, because it quotes the request'
    : message.replaceAll(/\p{Cc}+/gu, ' ').slice(0, 500);
}

/** "a machine-readable, CamelCase" word (API conventions, "Response Status Kind"); a value has digits. */
const wordOfAStatus = /^[A-Z][A-Za-z]{1,63}$/;

/** Whoever quotes a part of it has twelve characters of it in one piece, sooner or later: every run of 23 has one. */
function piecesOf(token: string): string[] {
  const secret = token.replace(/^k8s-aws-v1\./, '');
  const pieces: string[] = [];
  for (let at = 0; at < secret.length; at += 12) pieces.push(secret.slice(at, at + 12));
  return pieces.filter(({ length }) => length === 12 || length === secret.length);
}
