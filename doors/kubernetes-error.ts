/** What a cluster refused, and which entry or rule would let it through. */
import type { KubernetesRequest } from './kubernetes-api.ts';

export class KubernetesError extends Error {
  override readonly name: 'KubernetesError' | 'KubernetesUnansweredError' = 'KubernetesError';
  readonly code: 'ERR_ROTATION_KUBERNETES' | 'ERR_ROTATION_KUBERNETES_UNANSWERED' =
    'ERR_ROTATION_KUBERNETES';
  /** HTTP status; absent when the cluster was not asked. */
  readonly status: number | undefined;
  /** Kubernetes' own word, e.g. "Forbidden" (API conventions, "Response Status Kind"), or one of this door. */
  readonly reason: string;

  constructor(message: string, reason: string, status?: number) {
    super(message);
    this.reason = reason;
    this.status = status;
  }
}

/** The request left, or tried to, and nothing came back. Each of this door's may be sent again. */
export class KubernetesUnansweredError extends KubernetesError {
  override readonly name = 'KubernetesUnansweredError';
  override readonly code = 'ERR_ROTATION_KUBERNETES_UNANSWERED';
}

const what = ({ resource, namespace, name }: KubernetesRequest, cluster: string) =>
  `${resource} ${namespace}/${name} in EKS cluster ${cluster}`;

/** @param told the cluster's own message */
export function refused(
  request: KubernetesRequest,
  cluster: string,
  { status, reason, told }: { status: number; reason: string; told: string },
): KubernetesError {
  const call = `${request.verb} ${what(request, cluster)}`;
  const stop = /[.!?]$/.test(told) ? '' : '.';
  const repair = repairOf(status, request, cluster);
  return new KubernetesError(
    `${call} failed with ${status} ${reason}: ${told}${stop}${repair && ` What to do: ${repair}.`}`,
    reason,
    status,
  );
}

function repairOf(status: number, request: KubernetesRequest, cluster: string): string {
  const { group, resource, namespace, name } = request;
  switch (status) {
    case 401:
      return `give this function's role an access entry in the cluster (aws eks create-access-entry --cluster-name ${cluster} --type STANDARD --kubernetes-groups <group> --principal-arn <role>); the cluster's authentication mode must be API or API_AND_CONFIG_MAP`;
    case 403:
      return `bind the Kubernetes group of the access entry of this function's role, in namespace ${namespace}, to a Role with apiGroups ["${group}"], resources ["${resource}"], resourceNames ["${name}"], verbs ["get", "patch"]`;
    case 404:
      return resource === 'externalsecrets'
        ? 'name an ExternalSecret that is there, in the configuration; without the External Secrets Operator there is none'
        : 'name a deployment that is there, in the configuration';
    default:
      return '';
  }
}

/** @param code of Node.js, e.g. ECONNREFUSED or CERT_HAS_EXPIRED */
export function unanswered(
  request: KubernetesRequest,
  cluster: { name: string; host: string },
  code: string,
): KubernetesUnansweredError {
  const call = `${request.verb} ${what(request, cluster.name)}`;
  const repair = /CERT|SIGNATURE|^ERR_(TLS|SSL)/.test(code)
    ? 'somebody answers in its place, a proxy perhaps: its certificate is not of the authority DescribeCluster names'
    : "look whether the function's network reaches the cluster's endpoint: a private one admits port 443 by the cluster's security group, a public one by its list of networks";
  return new KubernetesUnansweredError(
    `${call} had no answer from ${cluster.host} (${code}). What to do: ${repair}.`,
    code,
  );
}
