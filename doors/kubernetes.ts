/**
 * The door to Deployments and ExternalSecrets in EKS clusters: three reads and writes over the Kubernetes API, with
 * a token that STS vouches for (docs/decisions/0013-kubernetes-without-its-client.md).
 */
import { DescribeClusterCommand, EKSClient } from '@aws-sdk/client-eks';
import { awsCall, clientDefaults } from './aws-call.ts';
import { type Clock, systemClock } from './clock.ts';
import { type KubernetesApi, type KubernetesRequest, kubernetesApi } from './kubernetes-api.ts';
import {
  type DeploymentState,
  parseDeployment,
  restartedAtAnnotation,
} from './kubernetes-deployment.ts';
import { KubernetesError, KubernetesUnansweredError } from './kubernetes-error.ts';
import {
  type ExternalSecretState,
  forceSyncAnnotation,
  parseExternalSecret,
} from './kubernetes-external-secret.ts';
import { clusterToken } from './kubernetes-token.ts';

export interface KubernetesTarget {
  /** Name of the EKS cluster, in this account and region. */
  cluster: string;
  namespace: string;
  name: string;
}

/** @throws KubernetesError, KubernetesUnansweredError; AwsCallError when EKS does not tell where the cluster is */
export interface KubernetesDoor {
  /**
   * Replaces every pod, as `kubectl rollout restart` does. The same instant again changes nothing.
   * @returns the generation that the status must have observed before its counts say anything
   */
  restart(target: KubernetesTarget, at: Date): Promise<number>;
  look(target: KubernetesTarget): Promise<DeploymentState>;
  /** @returns the generation. A HorizontalPodAutoscaler leaves 0 alone, and sets any other number again. */
  scale(target: KubernetesTarget, replicas: number): Promise<number>;
  /**
   * Asks the External Secrets Operator to copy now. The same marker again changes nothing: look first, keep that,
   * and hold it against what is there later (`isSynced`).
   */
  syncExternalSecret(target: KubernetesTarget, marker: string): Promise<void>;
  lookExternalSecret(target: KubernetesTarget): Promise<ExternalSecretState>;
}

export interface KubernetesOptions {
  /** Its region and credentials sign the token. */
  client?: EKSClient;
  /** Of the function, for the endpoint of STS in the sandbox. @default process.env */
  environment?: NodeJS.ProcessEnv;
  clock?: Clock;
}

/** The operator serves `v1` since 0.16, and before that only `v1beta1`. */
const externalSecretVersions = ['v1', 'v1beta1'] as const;

/** Where a cluster is, is asked once, and again after it did not answer: it may have been made anew. */
export function kubernetes(options: KubernetesOptions = {}): KubernetesDoor {
  const {
    client = new EKSClient(clientDefaults),
    environment = process.env,
    clock = systemClock,
  } = options;
  const clusters = new Map<string, Promise<KubernetesApi>>();

  const apiOf = (name: string): Promise<KubernetesApi> => {
    const found = clusters.get(name) ?? reach(name, client, environment, clock);
    clusters.set(name, found);
    found.catch(() => clusters.delete(name));
    return found;
  };

  const ask = async (cluster: string, request: KubernetesRequest): Promise<unknown> => {
    const api = await apiOf(cluster);
    try {
      return await api(request);
    } catch (error) {
      if (error instanceof KubernetesUnansweredError) clusters.delete(cluster);
      throw error;
    }
  };

  const deployment = async (
    { cluster, namespace, name }: KubernetesTarget,
    patch?: object,
  ): Promise<DeploymentState> => {
    const place = {
      group: 'apps',
      version: 'v1',
      resource: 'deployments',
      namespace,
      name,
    } as const;
    return understood(await ask(cluster, withPatch(place, patch)), parseDeployment);
  };

  const externalSecret = async (
    { cluster, namespace, name }: KubernetesTarget,
    patch?: object,
  ): Promise<ExternalSecretState> => {
    const place = {
      group: 'external-secrets.io',
      resource: 'externalsecrets',
      namespace,
      name,
    } as const;
    const [newest, before] = externalSecretVersions;
    const answer = await ask(cluster, withPatch({ ...place, version: newest }, patch)).catch(
      (error) => {
        // A version nobody serves is a page that is not found, without the Status of an object that is not there.
        if (
          !(error instanceof KubernetesError) ||
          error.status !== 404 ||
          error.reason === 'NotFound'
        ) {
          throw error;
        }
        return ask(cluster, withPatch({ ...place, version: before }, patch));
      },
    );
    return understood(answer, parseExternalSecret);
  };

  return {
    look: (target) => deployment(target),

    async restart(target, at) {
      const { paused } = await deployment(target);
      if (paused) {
        const { cluster, namespace, name } = target;
        throw new KubernetesError(
          `deployments ${namespace}/${name} in EKS cluster ${cluster} is paused; expected one whose changes start a rollout. Resume it (kubectl rollout resume deployment/${name} -n ${namespace}), or take it out of the configuration.`,
          'Paused',
        );
      }
      const annotations = { [restartedAtAnnotation]: at.toISOString() };
      const patch = { spec: { template: { metadata: { annotations } } } };
      return (await deployment(target, patch)).generation;
    },

    async scale(target, replicas) {
      return (await deployment(target, { spec: { replicas } })).generation;
    },

    async syncExternalSecret(target, marker) {
      await externalSecret(target, {
        metadata: { annotations: { [forceSyncAnnotation]: marker } },
      });
    },

    lookExternalSecret: (target) => externalSecret(target),
  };
}

const withPatch = (
  place: Omit<KubernetesRequest, 'verb' | 'patch'>,
  patch: object | undefined,
): KubernetesRequest =>
  patch === undefined ? { ...place, verb: 'get' } : { ...place, verb: 'patch', patch };

async function reach(
  name: string,
  client: EKSClient,
  environment: NodeJS.ProcessEnv,
  clock: Clock,
): Promise<KubernetesApi> {
  const { cluster } = await awsCall('DescribeCluster', () =>
    client.send(new DescribeClusterCommand({ name })),
  );
  const { endpoint, certificateAuthority, status } = cluster ?? {};
  if (!endpoint?.startsWith('https://') || !certificateAuthority?.data) {
    throw new KubernetesError(
      `EKS cluster ${name} is ${status ?? 'without a status'} and has no endpoint; expected an active one. Wait until it is, or take its consumers out of the configuration.`,
      'NoEndpoint',
    );
  }
  const ca = Buffer.from(certificateAuthority.data, 'base64').toString('utf8');
  const token = () => clusterToken(client, name, environment, clock.now());
  return kubernetesApi({ name, endpoint: new URL(endpoint), ca }, token, clock);
}

function understood<State>(answer: unknown, parse: (answer: unknown) => State): State {
  try {
    return parse(answer);
  } catch {
    throw new KubernetesError(
      'The cluster answered something else than the object that was asked for; expected a Deployment of apps/v1 or an ExternalSecret. Look who serves that API group (kubectl get apiservices).',
      'NotUnderstood',
    );
  }
}
