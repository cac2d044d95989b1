/**
 * The part of the Kubernetes API that restarts need: GET and PATCH of Deployments and ExternalSecrets. In the order
 * of the API server: who is it, may they, is there such a page, is there such an object, may it become that.
 */
import type { Answer } from '../protocols.ts';
import type { RestRequest } from '../service.ts';
import type { Cluster } from './cluster.ts';
import { mergePatch, needsStrategy } from './merge-patch.ts';
import {
  badRequest,
  forbidden,
  json,
  noSuchPage,
  notFound,
  notSimulated,
  type ObjectPlace,
  unsupportedMediaType,
} from './status.ts';

/** Of the request log, and of faults: service "kubernetes". */
export interface KubernetesCall {
  /** `getDeployments`, `patchExternalsecrets`, … */
  operation: string;
  input: Record<string, unknown>;
}

interface Route extends ObjectPlace {
  version: string;
}

const objectPath = /^\/apis\/([^/]+)\/([^/]+)\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)$/;
const verbs: Readonly<Record<string, 'get' | 'patch'>> = { GET: 'get', PATCH: 'patch' };

export function readCall(request: RestRequest, cluster: string): KubernetesCall {
  const route = routeOf(request);
  const verb = verbs[request.method];
  if (route === undefined || verb === undefined) {
    return { operation: `${request.method} ${request.path}`, input: { cluster } };
  }
  const { namespace, name, resource } = route;
  return {
    operation: `${verb}${resource.charAt(0).toUpperCase()}${resource.slice(1)}`,
    input: { cluster, namespace, name, ...(verb === 'patch' && { patch: patchIn(request) }) },
  };
}

/**
 * @param user absent: the request brought no token
 * @throws KubernetesStatus
 */
export function answerAs(
  user: { name: string; arn: string } | undefined,
  request: RestRequest,
  cluster: Cluster,
): Answer {
  const route = routeOf(request);
  const verb = verbs[request.method];
  if (route === undefined || verb === undefined) {
    throw notSimulated(`${request.method} ${request.path} of the Kubernetes API`);
  }
  if (user === undefined || !cluster.allows(user.arn, verb, route)) {
    throw forbidden(user?.name ?? 'system:anonymous', verb, route);
  }
  if (!cluster.serves(route.group, route.version)) return noSuchPage();
  return route.resource === 'deployments'
    ? onDeployment(request, cluster, route)
    : onExternalSecret(request, cluster, route);
}

function onDeployment(request: RestRequest, cluster: Cluster, route: Route): Answer {
  const deployment = cluster.deployment(route.namespace, route.name);
  if (deployment === undefined) throw notFound(route);
  if (request.method === 'PATCH') {
    const kinds = ['application/merge-patch+json', 'application/strategic-merge-patch+json'];
    deployment.want(patched(deployment.object(), request, kinds), route);
  }
  return json(200, deployment.object());
}

function onExternalSecret(request: RestRequest, cluster: Cluster, route: Route): Answer {
  const externalSecret = cluster.externalSecret(route.namespace, route.name);
  if (externalSecret === undefined) throw notFound(route);
  if (request.method === 'PATCH') {
    // "strategic merge patch is not supported for custom resources".
    const kinds = ['application/merge-patch+json'];
    externalSecret.want(patched(externalSecret.object(route.version), request, kinds));
  }
  return json(200, externalSecret.object(route.version));
}

/** @throws KubernetesStatus 400, 415, 501 */
function patched(object: object, request: RestRequest, kinds: readonly string[]) {
  const [kind = ''] = (request.headers['content-type'] ?? '').split(';');
  if (['application/json-patch+json', 'application/apply-patch+yaml'].includes(kind)) {
    throw notSimulated(`patches of the type ${kind}`);
  }
  if (!kinds.includes(kind)) throw unsupportedMediaType(kinds);
  const patch = patchIn(request);
  if (typeof patch !== 'object' || patch === null) {
    throw badRequest('error decoding patch: it is not a JSON object');
  }
  if (kind === 'application/strategic-merge-patch+json' && needsStrategy(patch)) {
    throw notSimulated('lists and directives in a strategic merge patch');
  }
  return mergePatch(object, patch) as Record<string, unknown>;
}

function patchIn({ body }: RestRequest): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

function routeOf({ path }: RestRequest): Route | undefined {
  const [, group = '', version = '', namespace = '', resource = '', name = ''] =
    objectPath.exec(path) ?? [];
  const isKnown =
    (group === 'apps' && resource === 'deployments') ||
    (group === 'external-secrets.io' && resource === 'externalsecrets');
  return isKnown ? { group, version, namespace, resource, name } : undefined;
}
