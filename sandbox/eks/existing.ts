/** What is put into an account's clusters beside the stack, and how it behaves, by the sandbox's clock. */

export interface ExistingCluster {
  name: string;
  /** What DescribeCluster says; every process of this machine reaches it. @default true */
  endpointPublicAccess?: boolean | undefined;
  /** Version of external-secrets.io that the operator serves; absent: there is no operator. @default v1 */
  externalSecretsVersion?: 'v1' | 'v1beta1' | 'none' | undefined;
}

/** An EKS access entry together with the RBAC rules that its Kubernetes group is bound to. */
export interface AccessEntry {
  cluster: string;
  /** ARN of a role or a user. */
  principalArn: string;
  rules: readonly AccessRule[];
}

export interface AccessRule {
  verbs: readonly ('get' | 'patch')[];
  resource: 'deployments' | 'externalsecrets';
  /** @default every namespace */
  namespace?: string | undefined;
  /** @default every name */
  name?: string | undefined;
}

export interface ExistingDeployment {
  cluster: string;
  namespace: string;
  name: string;
  /** @default 2 */
  replicas?: number | undefined;
  /** Of its pod template, as they are described. @default one without variables */
  containers?: readonly Record<string, unknown>[] | undefined;
  /** @default 600, Kubernetes' own */
  progressDeadlineSeconds?: number | undefined;
  paused?: boolean | undefined;
  behaviour?: PodBehaviour | undefined;
}

/**
 * What becomes of the pods that a rollout starts.
 * - start: all are available some time after it began
 * - fail:  none ever is; the deadline passes, and the pods before stay
 */
export type PodBehaviour =
  | {
      pods: 'start';
      /** @default 30 */
      steadyAfterSeconds?: number | undefined;
    }
  | { pods: 'fail' };

export interface ExistingExternalSecret {
  cluster: string;
  namespace: string;
  name: string;
  behaviour?: SyncBehaviour | undefined;
}

/** What becomes of a copy the operator is asked for; failing, it tries again and again. */
export type SyncBehaviour = {
  sync: 'succeeds' | 'fails';
  /** @default 5 */
  afterSeconds?: number | undefined;
};

/** Pods are about to be started or stopped. */
export interface PodChange {
  cluster: string;
  namespace: string;
  deployment: string;
  /** rollout: every pod is replaced; scaling: there are more or fewer of them */
  cause: 'rollout' | 'scaling';
  generation: number;
  /** How many run after it. */
  replicas: number;
}

/** Awaited before the pods count as available; where it rejects, none ever is. */
export type PodListener = (change: PodChange) => Promise<void> | void;
