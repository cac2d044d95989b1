/** Props of emergencies, and of where is looked who read what. */

/** Who may be cut off. */
export interface ContainProps {
  /** ARNs of the roles and users; never one of this deployment's own, nor who starts emergencies or breaks glass. */
  readonly principals: readonly string[];
}

/** When an emergency is practised by itself. */
export interface EmergencyDrillProps {
  /**
   * Months between two: 1, 3, 6 or 12, counted from January.
   *
   * @default 3
   */
  readonly everyMonths?: 1 | 3 | 6 | 12;

  /**
   * Day of the month, 1 to 28.
   *
   * @default 1
   */
  readonly day?: number;

  /**
   * Hour of the day, UTC.
   *
   * @default 8
   */
  readonly hour?: number;
}

/** What an emergency may do, who may start it, and how it is practised. */
export interface EmergencyProps {
  /**
   * Consumers that can be stopped are, while their secrets change.
   *
   * @default true
   */
  readonly stopConsumers?: boolean;

  /**
   * Only who showed an MFA device starts one: a user's session, or the role for emergencies, assumed by a user with
   * MFA. Sessions of other roles do not tell AWS of MFA, and start none.
   *
   * @default false
   */
  readonly requireMfa?: boolean;

  /**
   * ARNs of the roles and users that may assume the role for emergencies.
   *
   * @default - nobody: there is no such role, `emergencyPolicies` are attached to roles of yours
   */
  readonly assumedBy?: readonly string[];

  /**
   * Whom an emergency may cut off when it is told to.
   *
   * @default - nobody
   */
  readonly contain?: ContainProps;

  /**
   * The same machine without effects, by the calendar.
   *
   * @default - when somebody starts it
   */
  readonly drill?: EmergencyDrillProps;

  /**
   * Days for which reports of incidents are kept, at least.
   *
   * @default 3650
   */
  readonly reportRetentionDays?: number;
}

/** A trail of CloudTrail that keeps management events in a bucket. */
export interface TrailProps {
  /** Name of the bucket. */
  readonly bucket: string;

  /**
   * What stands before `AWSLogs/`, without a slash at either end.
   *
   * @default - nothing
   */
  readonly prefix?: string;

  /**
   * Id of the organisation whose trail it is.
   *
   * @default - the trail of one account
   */
  readonly organization?: string;

  /**
   * ARN of the key its files are encrypted with.
   *
   * @default - S3's own
   */
  readonly kmsKeyArn?: string;
}
