/** Props of rollouts: how consumers are restarted, and in which order. */

/** An ECS service: every task is started anew. */
export interface EcsRestartProps {
  /** Amazon ECS. */
  readonly by: 'ecs';

  /** Name of the cluster; may be known at deployment only. */
  readonly cluster: string;

  /** Name of the service; may be known at deployment only. */
  readonly service: string;

  /**
   * What deploys it, where that is CodeDeploy.
   *
   * @default - ECS itself, by rolling updates
   */
  readonly codeDeploy?: CodeDeployProps;
}

/** A deployment group of CodeDeploy. */
export interface CodeDeployProps {
  /** Name of the application. */
  readonly application: string;

  /** Name of the deployment group. */
  readonly deploymentGroup: string;
}

/** A deployment in EKS: as `kubectl rollout restart`. */
export interface KubernetesRestartProps {
  /** Amazon EKS. */
  readonly by: 'kubernetes';

  /** Name of the cluster; may be known at deployment only. */
  readonly cluster: string;

  /** Namespace of the deployment and its external secrets. */
  readonly namespace: string;

  /** Name of the deployment. */
  readonly deployment: string;

  /**
   * Names of the external secrets that must have been copied before pods start.
   *
   * @default []
   */
  readonly externalSecrets?: readonly string[];
}

/** A Lambda function: its description is changed, and nothing else. */
export interface LambdaRestartProps {
  /** AWS Lambda. */
  readonly by: 'lambda';

  /** Name of the function; may be known at deployment only. */
  readonly function: string;
}

/** An address that is told something. */
export interface WebhookProps {
  /** Its URL: https. The host may be known at deployment only. */
  readonly url: string;

  /** Key of a user-managed secret: base64 of 24 to 64 bytes, which signs what is sent. */
  readonly signingSecret: string;
}

/** Anything else: whoever has the address does it. */
export interface WebhookRestartProps extends WebhookProps {
  /** A signed request. */
  readonly by: 'webhook';
}

/** How a consumer is made to read its secrets again. */
export type RestartProps =
  | EcsRestartProps
  | KubernetesRestartProps
  | LambdaRestartProps
  | WebhookRestartProps;

/** In which order consumers get to a new value, and what happens when one fails. */
export interface RolloutProps {
  /**
   * Between two waves, such as `5m` or `0s`.
   *
   * @default 5m
   */
  readonly pause?: string;

  /**
   * Names of consumers that are dealt with at once; the rest follow one by one.
   *
   * @default []
   */
  readonly waves?: readonly (readonly string[])[];

  /**
   * Name of the consumer that is the first of all, alone.
   *
   * @default - none
   */
  readonly canary?: string;

  /**
   * How long the others wait after it.
   *
   * @default 15m
   */
  readonly canaryPause?: string;

  /**
   * What happens when a consumer that was well before is not well afterwards.
   *
   * @default rollBack
   */
  readonly onFailure?: 'rollBack' | 'stop';

  /**
   * For how long the schedule leaves a secret alone that was rolled back.
   *
   * @default 3d
   */
  readonly hold?: string;

  /**
   * Told of a rollback before consumers are restarted: redeploys the previous release.
   *
   * @default - nobody
   */
  readonly redeploy?: WebhookProps;
}
