/** Props of whom a deployment tells, and of what they read. */

/** By audience, the addresses of HTTPS endpoints. */
export interface EndpointsProps {
  /**
   * On-call.
   *
   * @default []
   */
  readonly onCall?: readonly string[];

  /**
   * Security.
   *
   * @default []
   */
  readonly security?: readonly string[];

  /**
   * Support.
   *
   * @default []
   */
  readonly support?: readonly string[];

  /**
   * Product.
   *
   * @default []
   */
  readonly product?: readonly string[];
}

/** A channel of a Slack workspace that is authorised in Amazon Q Developer in chat applications. */
export interface SlackChannelProps {
  /** Id of the workspace, such as `T0123ABCD`. */
  readonly workspaceId: string;

  /** Id of the channel, such as `C0123ABCD`. */
  readonly channelId: string;
}

/** A channel of a team that is authorised in Amazon Q Developer in chat applications. */
export interface TeamsChannelProps {
  /** Id of the tenant. */
  readonly tenantId: string;

  /** Id of the team. */
  readonly teamId: string;

  /** Id of the channel, as its link spells it. */
  readonly channelId: string;
}

/** Where an audience reads in chat. */
export interface ChatChannelsProps {
  /**
   * A Slack channel.
   *
   * @default - none
   */
  readonly slack?: SlackChannelProps;

  /**
   * A Microsoft Teams channel.
   *
   * @default - none
   */
  readonly teams?: TeamsChannelProps;
}

/** By audience, its channels. */
export interface ChatProps {
  /**
   * On-call, which sees the alarms there, too.
   *
   * @default - none
   */
  readonly onCall?: ChatChannelsProps;

  /**
   * Security.
   *
   * @default - none
   */
  readonly security?: ChatChannelsProps;

  /**
   * Support.
   *
   * @default - none
   */
  readonly support?: ChatChannelsProps;

  /**
   * Product.
   *
   * @default - none
   */
  readonly product?: ChatChannelsProps;
}

/** Somebody of the contact sheet. */
export interface PersonProps {
  /** What they answer for. */
  readonly role: 'security' | 'on-call' | 'dba';

  /** Who they are. */
  readonly name: string;

  /** How to reach them: a number, an address, a rota. */
  readonly reach: string;
}

/** Who is told, by e-mail address, and who answers for what. */
export interface ContactsProps {
  /**
   * On-call: alarms, failures, what is overdue.
   *
   * @default []
   */
  readonly onCall?: readonly string[];

  /**
   * Security: the same, ends of rotations, emergencies, writes outside of a rotation.
   *
   * @default []
   */
  readonly security?: readonly string[];

  /**
   * Support: what users may notice, in plain words.
   *
   * @default []
   */
  readonly support?: readonly string[];

  /**
   * Product: what is planned and done.
   *
   * @default []
   */
  readonly product?: readonly string[];

  /**
   * HTTPS endpoints that are told besides.
   *
   * @default - none
   */
  readonly endpoints?: EndpointsProps;

  /**
   * Chat channels that are told besides.
   *
   * @default - none
   */
  readonly chat?: ChatProps;

  /**
   * The contact sheet of the report.
   *
   * @default []
   */
  readonly people?: readonly PersonProps[];

  /**
   * The day the contact sheet was last gone through, such as `2026-01-31`.
   *
   * @default - none: required beside people
   */
  readonly reviewedOn?: string;

  /**
   * Days until it is to be gone through again.
   *
   * @default 90
   */
  readonly reviewEveryDays?: number;

  /**
   * Whether the manifest, a parameter of the account, holds how people are reached.
   *
   * @default false
   */
  readonly publishReach?: boolean;
}

/** What people are told. */
export interface NotificationsProps {
  /**
   * Folder of texts that take the place of the built-in ones; a relative one starts from `configDirectory`.
   *
   * @default - the built-in texts
   */
  readonly templates?: string;
}
