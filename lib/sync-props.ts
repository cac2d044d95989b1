/** Props of sync targets: places outside of Secrets Manager that are given a copy after every rotation. */

/** What every sync target has. */
export interface SyncSourceProps {
  /** Key of the secret that is copied; it rotates. */
  readonly secret: string;

  /**
   * One member of its value, such as `JWT_SECRET`.
   *
   * @default - the whole value
   */
  readonly field?: string;
}

/** A SecureString of Parameter Store. */
export interface SsmSyncProps extends SyncSourceProps {
  /** Parameter Store. */
  readonly to: 'ssm';

  /** Name of the parameter, with its path. */
  readonly parameter: string;

  /** ARN of the key that encrypts it, of the stack's region. */
  readonly kmsKeyArn: string;

  /**
   * Its tier: 4 KB in `Standard`, 8 KB in `Advanced`.
   *
   * @default Standard
   */
  readonly tier?: 'Standard' | 'Advanced';
}

/** A secret of GitHub Actions. */
export interface GitHubSyncProps extends SyncSourceProps {
  /** GitHub Actions. */
  readonly to: 'github';

  /** The repository, as `owner/name`. */
  readonly repository: string;

  /**
   * Environment of the repository whose secret it is.
   *
   * @default - the repository's own secret
   */
  readonly environment?: string;

  /** Name of the secret there. */
  readonly name: string;

  /** Key of a user-managed secret that holds a token which may write it. */
  readonly token: string;

  /**
   * Root of the REST API; of GitHub Enterprise Server `https://<host>/api/v3`.
   *
   * @default https://api.github.com
   */
  readonly api?: string;
}

/** A webhook that is handed the value, signed. */
export interface WebhookSyncProps extends SyncSourceProps {
  /** A webhook. */
  readonly to: 'webhook';

  /** Its https URL. */
  readonly url: string;

  /** Key of a user-managed secret that holds what signs the messages. */
  readonly signingSecret: string;
}

/** A place that is given a copy of a value after every rotation. */
export type SyncTargetProps = SsmSyncProps | GitHubSyncProps | WebhookSyncProps;
