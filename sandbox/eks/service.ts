/**
 * Amazon EKS: clusters that stand beside the stack, put in through the controls as certificates are. Each answers
 * a part of the Kubernetes API at an address of its own; pods are not run: who listens is told when some start.
 */
import type { SandboxClock } from '../clock.ts';
import type { CredentialStore } from '../credentials.ts';
import type { Faults } from '../faults.ts';
import type { RequestLog } from '../request-log.ts';
import { type AwsService, type RestRequest, ServiceException } from '../service.ts';
import { Cluster } from './cluster.ts';
import { Deployment } from './deployment.ts';
import type {
  AccessEntry,
  ExistingCluster,
  ExistingDeployment,
  ExistingExternalSecret,
  PodBehaviour,
  PodChange,
  PodListener,
  SyncBehaviour,
} from './existing.ts';
import { ExternalSecret } from './external-secret.ts';

export interface EksSettings {
  account: string;
  region: string;
  clock: SandboxClock;
  credentials: CredentialStore;
  faults: Faults;
  requests: RequestLog;
  /** The sandbox's own URL. */
  endpoint: () => string;
}

interface ObjectName {
  cluster: string;
  namespace: string;
  name: string;
}

export class EksService implements AwsService {
  readonly signingName = 'eks';
  readonly protocol = 'rest-json';
  readonly operations: AwsService['operations'];
  readonly #settings: EksSettings;
  readonly #clusters = new Map<string, Cluster>();
  readonly #listeners = new Set<PodListener>();

  constructor(settings: EksSettings) {
    this.#settings = settings;
    this.operations = {
      DescribeCluster: {
        authorize: ({ name }) => [
          { action: 'eks:DescribeCluster', resource: this.#arnOf(String(name)) },
        ],
        run: async ({ name }) => ({ cluster: this.#describe(this.#cluster(String(name))) }),
      },
    };
  }

  readonly route = ({ method, path }: RestRequest) => {
    const [, name] = /^\/clusters\/([^/]+)$/.exec(path) ?? [];
    return method === 'GET' && name !== undefined
      ? { operation: 'DescribeCluster', input: { name: decodeURIComponent(name) } }
      : undefined;
  };

  /** Starts its API; one of that name is stopped, and everything in it is gone. */
  async putCluster(existing: ExistingCluster): Promise<{ arn: string; endpoint: string }> {
    await this.#clusters.get(existing.name)?.stop();
    const cluster = await Cluster.start(existing, this.#settings);
    this.#clusters.set(existing.name, cluster);
    return { arn: this.#arnOf(existing.name), endpoint: cluster.endpoint };
  }

  /** In the place of that principal's. @throws ServiceException ResourceNotFoundException, here and below */
  putAccessEntry({ cluster, principalArn, rules }: AccessEntry): void {
    this.#cluster(cluster).access.set(principalArn, rules);
  }

  /** In the place of the one of that name. */
  putDeployment(existing: ExistingDeployment): void {
    const { deployments } = this.#cluster(existing.cluster);
    const { clock } = this.#settings;
    const id = `${existing.namespace}/${existing.name}`;
    deployments.get(id)?.forget();
    const tell = (change: PodChange) => this.#tell(change);
    deployments.set(id, new Deployment(existing, { clock, tell }));
  }

  /** In the place of the one of that name. */
  putExternalSecret(existing: ExistingExternalSecret): void {
    const { externalSecrets } = this.#cluster(existing.cluster);
    const id = `${existing.namespace}/${existing.name}`;
    externalSecrets.get(id)?.forget();
    externalSecrets.set(id, new ExternalSecret(existing, this.#settings.clock));
  }

  /** What pods of a deployment do from their next start on. */
  behave({ cluster, namespace, name, behaviour }: ObjectName & { behaviour: PodBehaviour }): void {
    const found = this.#cluster(cluster).deployment(namespace, name);
    if (found === undefined) throw noSuch('deployment', { cluster, namespace, name });
    found.behave(behaviour);
  }

  /** What becomes of copies from the next attempt on. */
  behaveSync({
    cluster,
    namespace,
    name,
    behaviour,
  }: ObjectName & { behaviour: SyncBehaviour }): void {
    const found = this.#cluster(cluster).externalSecret(namespace, name);
    if (found === undefined) throw noSuch('external secret', { cluster, namespace, name });
    found.behave(behaviour);
  }

  /**
   * Told when pods are to be started or stopped, for processes beside the sandbox that stand for them; awaited
   * before they count as available. It must not move the clock. @returns what ends it
   */
  onPods(listener: PodListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Every deployment and external secret, as the Kubernetes API gives them. */
  described(): readonly Record<string, unknown>[] {
    return [...this.#clusters.values()].flatMap(({ existing, deployments, externalSecrets }) =>
      [
        ...[...deployments.values()].map((deployment) => deployment.object()),
        ...[...externalSecrets.values()].map((one) => one.object('v1')),
      ].map((object) => ({ cluster: existing.name, ...object })),
    );
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#clusters.values()].map((cluster) => cluster.stop()));
    this.#clusters.clear();
  }

  async #tell(change: PodChange): Promise<void> {
    await Promise.all([...this.#listeners].map(async (listener) => listener(change)));
  }

  #cluster(name: string): Cluster {
    const found = this.#clusters.get(name);
    if (found === undefined) {
      throw new ServiceException(
        'ResourceNotFoundException',
        `No cluster found for name: ${name}.`,
        404,
        { clusterName: name },
      );
    }
    return found;
  }

  #arnOf(name: string): string {
    const { account, region } = this.#settings;
    return `arn:aws:eks:${region}:${account}:cluster/${name}`;
  }

  #describe({ existing, created, ca, endpoint }: Cluster): object {
    const { name, endpointPublicAccess = true } = existing;
    return {
      name,
      arn: this.#arnOf(name),
      createdAt: created,
      version: '1.33',
      endpoint,
      resourcesVpcConfig: {
        endpointPublicAccess,
        endpointPrivateAccess: true,
        publicAccessCidrs: endpointPublicAccess ? ['0.0.0.0/0'] : [],
      },
      status: 'ACTIVE',
      certificateAuthority: { data: Buffer.from(ca).toString('base64') },
      accessConfig: { authenticationMode: 'API' },
    };
  }
}

const noSuch = (what: string, { cluster, namespace, name }: ObjectName): ServiceException =>
  new ServiceException(
    'ResourceNotFoundException',
    `There is no ${what} ${namespace}/${name} in cluster ${cluster}.`,
    404,
  );
