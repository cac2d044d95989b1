/** Props of what may start a rotation besides the schedule and a person. */

/** Exposures: an emergency of the named secrets begins at once. */
export interface ExposureTriggerProps {
  /**
   * ARNs of the roles (or users) that may report one on the bus.
   *
   * @default - nobody: GitHub or GuardDuty do
   */
  readonly from?: readonly string[];

  /**
   * A secret is rotated unattended once in so many hours; more needs a person.
   *
   * @default 6
   */
  readonly perSecretHours?: number;

  /**
   * Which may begin an emergency with nobody deciding: `bus`, `gitHub`, `guardDuty`. What comes from another is
   * told, with what a person runs.
   *
   * @default - all three
   */
  readonly unattended?: readonly ('bus' | 'gitHub' | 'guardDuty')[];
}

/** Somebody leaves: everything that person could read rotates. */
export interface OffboardingTriggerProps {
  /** ARNs of the roles (or users) that may say so. */
  readonly from: readonly string[];

  /** Keys of the secrets a person could read, by an id the sender uses. */
  readonly people: Readonly<Record<string, readonly string[]>>;
}

/** A pipeline rotates what is due before it deploys. */
export interface DeploymentTriggerProps {
  /** ARNs of the roles (or users) of pipelines. */
  readonly from: readonly string[];
}

/** Which alerts of GitHub are about which secrets. */
export interface GitHubAlertProps {
  /**
   * `owner/name`.
   *
   * @default - any repository
   */
  readonly repository?: string;

  /**
   * GitHub's `secret_type`, such as that of a custom pattern.
   *
   * @default - any type
   */
  readonly secretType?: string;

  /** Keys of the secrets that rotate. */
  readonly secrets: readonly string[];
}

/** Alerts of GitHub's secret scanning. */
export interface GitHubTriggerProps {
  /** Key of the user-managed secret that holds what signs the deliveries. */
  readonly secret: string;

  /** Which alerts are about which secrets. */
  readonly alerts: readonly GitHubAlertProps[];
}

/** Which findings of GuardDuty are about which secrets. */
export interface GuardDutyFindingProps {
  /** The beginning of the finding's type, such as `UnauthorizedAccess:IAMUser/`. */
  readonly type: string;

  /**
   * Name of the role or user whose access key it is about.
   *
   * @default - any
   */
  readonly principal?: string;

  /** Keys of the secrets that rotate. */
  readonly secrets: readonly string[];
}

/** Findings of GuardDuty. */
export interface GuardDutyTriggerProps {
  /** Which findings are about which secrets. */
  readonly findings: readonly GuardDutyFindingProps[];
}

/** What may start a rotation besides the schedule and a person. */
export interface TriggersProps {
  /**
   * Exposures.
   *
   * @default - not taken
   */
  readonly exposure?: ExposureTriggerProps;

  /**
   * People who leave.
   *
   * @default - not taken
   */
  readonly offboarding?: OffboardingTriggerProps;

  /**
   * Deployments.
   *
   * @default - not taken
   */
  readonly deployment?: DeploymentTriggerProps;

  /**
   * Alerts of GitHub's secret scanning; leads to `exposure`.
   *
   * @default - no webhook
   */
  readonly gitHub?: GitHubTriggerProps;

  /**
   * Findings of GuardDuty; leads to `exposure`.
   *
   * @default - none
   */
  readonly guardDuty?: GuardDutyTriggerProps;
}
