/**
 * Errors of the Kubernetes API, as the API server words them.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/
 */
import type { Answer } from '../protocols.ts';

export interface ObjectPlace {
  group: string;
  resource: string;
  namespace: string;
  name: string;
}

export class KubernetesStatus extends Error {
  override readonly name = 'KubernetesStatus';
  readonly code: number;
  readonly reason: string;
  readonly details: object | undefined;

  constructor(code: number, reason: string, message: string, details?: object) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.details = details;
  }
}

const quoted = ({ group, resource, name }: ObjectPlace) => `${resource}.${group} "${name}"`;
const detailsOf = ({ group, resource, name }: ObjectPlace) => ({ name, group, kind: resource });

export const unauthorized = () => new KubernetesStatus(401, 'Unauthorized', 'Unauthorized');

export const forbidden = (user: string, verb: string, place: ObjectPlace) =>
  new KubernetesStatus(
    403,
    'Forbidden',
    `${quoted(place)} is forbidden: User "${user}" cannot ${verb} resource "${place.resource}" in API group "${place.group}" in the namespace "${place.namespace}"`,
    detailsOf(place),
  );

export const notFound = (place: ObjectPlace) =>
  new KubernetesStatus(404, 'NotFound', `${quoted(place)} not found`, detailsOf(place));

export const invalid = (kind: string, place: ObjectPlace, why: string) =>
  new KubernetesStatus(
    422,
    'Invalid',
    `${kind}.${place.group} "${place.name}" is invalid: ${why}`,
    { name: place.name, group: place.group, kind },
  );

export const badRequest = (why: string) => new KubernetesStatus(400, 'BadRequest', why);

export const unsupportedMediaType = (accepted: readonly string[]) =>
  new KubernetesStatus(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );

/** Not Kubernetes': the sandbox has no more of it than it says. */
export const notSimulated = (what: string) =>
  new KubernetesStatus(501, 'NotSimulated', `The sandbox does not simulate ${what}.`);

export const statusAnswer = ({ code, reason, message, details }: KubernetesStatus): Answer =>
  json(code, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...(details && { details }),
    code,
  });

/** Where nobody serves the group or its version. */
export const noSuchPage = (): Answer => ({
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: '404 page not found\n',
});

export const json = (status: number, body: unknown): Answer => ({
  status,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private' },
  body: `${JSON.stringify(body)}\n`,
});

/** metav1.Time: whole seconds. */
export const timestamp = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');
