/** Props of the construct: the words of `rotation.config.ts`, and what only an app can hand in. */
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { CertificateProps } from './certificate-props.ts';
import type { ContactsProps, NotificationsProps } from './contacts-props.ts';
import type { EmergencyProps, TrailProps } from './emergency-props.ts';
import type { HealthProps } from './health-props.ts';
import type { RestartProps, RolloutProps } from './rollout-props.ts';
import type { ScheduleProps } from './schedule-props.ts';
import type { SecretProps } from './secret-props.ts';
import type { SyncTargetProps } from './sync-props.ts';
import type { TriggersProps } from './triggers-props.ts';

/** A VPC of the app, owned or imported. */
export interface VpcNetworkProps {
  /** The VPC. */
  readonly vpc: IVpc;

  /**
   * Subnets of the functions.
   *
   * @default - what `vpc.selectSubnets()` gives
   */
  readonly subnets?: SubnetSelection;

  /** Security group of the databases: their port is opened for the functions. */
  readonly databaseSecurityGroup: ISecurityGroup;

  /**
   * `create`: the endpoints the functions need are made; `existing`: the VPC has them, or a way out.
   *
   * @default create
   */
  readonly endpoints?: 'create' | 'existing';

  /**
   * Prefix lists of the gateway endpoints, for exact egress rules.
   *
   * @default - port 443 is open to every address, and the routes decide
   */
  readonly prefixListIds?: PrefixListIds;
}

/** Prefix lists of the gateway endpoints in this region. */
export interface PrefixListIds {
  /** Of DynamoDB. */
  readonly dynamodb: string;

  /**
   * Of S3.
   *
   * @default - none
   */
  readonly s3?: string;
}

/** A VPC by its ids, which may be known at deployment only. */
export interface ExistingNetworkProps {
  /** Id of the VPC. */
  readonly vpcId: string;

  /** Subnets of the functions, one an Availability Zone. */
  readonly subnetIds: readonly string[];

  /** Security group of the databases: their port is opened for the functions. */
  readonly databaseSecurityGroupId: string;

  /**
   * `create`: the endpoints the functions need are made; `existing`: the VPC has them, or a way out.
   *
   * @default create
   */
  readonly endpoints?: 'create' | 'existing';

  /**
   * Route tables of the subnets, where the gateway endpoints are entered.
   *
   * @default - none, as `endpoints: 'existing'` expects
   */
  readonly routeTableIds?: readonly string[];

  /**
   * IPv4 ranges of the VPC, which the made endpoints admit.
   *
   * @default - none
   */
  readonly vpcCidrs?: readonly string[];

  /**
   * Prefix lists of the gateway endpoints, for exact egress rules.
   *
   * @default - port 443 is open to every address, and the routes decide
   */
  readonly prefixListIds?: PrefixListIds;
}

/** A VPC of isolated subnets that is made. */
export interface NewNetworkProps {
  /** Its IPv4 range, such as `10.42.0.0/24`; never to change once something stands in it. */
  readonly cidr: string;

  /**
   * Availability Zones it spans, 2 or 3.
   *
   * @default 2
   */
  readonly availabilityZones?: number;

  /**
   * Prefix lists of the gateway endpoints, for exact egress rules.
   *
   * @default - port 443 is open to every address, and the routes decide
   */
  readonly prefixListIds?: PrefixListIds;
}

/** Where functions run that open a connection to a database. */
export type NetworkProps = VpcNetworkProps | ExistingNetworkProps | NewNetworkProps;

/** Who reads secrets. */
export interface ConsumerProps {
  /** Its name, the last part of its policies' names. */
  readonly name: string;

  /** Keys of the secrets it may read. */
  readonly reads: readonly string[];

  /**
   * How it is made to read them again.
   *
   * @default - nothing restarts it
   */
  readonly restart?: RestartProps;

  /**
   * `refresh`: it reads again by itself within its cache bound; `restart`: only a start reads.
   *
   * @default - `restart` where it says how, otherwise `refresh`
   */
  readonly learns?: 'refresh' | 'restart';

  /**
   * How long it may take from the restart until it is steady.
   *
   * @default 15m
   */
  readonly steadyWithin?: string;

  /**
   * How it is asked whether it is well.
   *
   * @default - nobody asks it
   */
  readonly health?: HealthProps;

  /**
   * Roles of this account its policies are attached to.
   *
   * @default - none: attach `policiesFor(name)` where they are needed
   */
  readonly roles?: readonly IRole[];
}

/** The second copy of every encryption keyset. */
export interface EscrowProps {
  /**
   * Days before which nobody deletes a copy.
   *
   * @default 365
   */
  readonly retentionDays?: number;

  /**
   * Object Lock's mode; in `compliance` not even the account's root user deletes a copy.
   *
   * @default governance
   */
  readonly mode?: 'governance' | 'compliance';

  /**
   * ARNs of roles that may read the copies.
   *
   * @default []
   */
  readonly readerRoleArns?: readonly string[];
}

/** One environment of one product. */
export interface QuarterturnProps {
  /** The product: first part of every name, 2 to 16 characters. */
  readonly name: string;

  /** The environment; only `dev` may hold fallbacks. */
  readonly environment: string;

  /**
   * The region, which must be the stack's.
   *
   * @default - the stack's
   */
  readonly region?: string;

  /**
   * The account, which must be the stack's.
   *
   * @default - the stack's
   */
  readonly account?: string;

  /** The secrets, by a key that is part of their names. */
  readonly secrets: Readonly<Record<string, SecretProps>>;

  /**
   * Networks, by a key that database secrets refer to.
   *
   * @default {}
   */
  readonly networks?: Readonly<Record<string, NetworkProps>>;

  /**
   * Who reads secrets.
   *
   * @default []
   */
  readonly consumers?: readonly ConsumerProps[];

  /**
   * In which order consumers get to a new value, and what happens when one fails.
   *
   * @default - one by one, 5 minutes apart; one that fails is rolled back from
   */
  readonly rollout?: RolloutProps;

  /**
   * ARN of the one role besides the rotation's that may write a value or move a label.
   *
   * @default - no such role
   */
  readonly breakGlassRoleArn?: string;

  /**
   * The second copy of every encryption keyset.
   *
   * @default - 365 days in governance mode
   */
  readonly escrow?: EscrowProps;

  /**
   * Who is told of rotations and alarms.
   *
   * @default - nobody
   */
  readonly contacts?: ContactsProps;

  /**
   * What they are told.
   *
   * @default - the built-in texts
   */
  readonly notifications?: NotificationsProps;

  /**
   * When the schedule rotates, and how long before it says so.
   *
   * @default - at any time, announced two hours before
   */
  readonly schedule?: ScheduleProps;

  /**
   * What may start a rotation besides the schedule and a person.
   *
   * @default - nothing
   */
  readonly triggers?: TriggersProps;

  /**
   * TLS certificates whose expiry is watched.
   *
   * @default - none
   */
  readonly certificates?: readonly CertificateProps[];

  /**
   * Places outside of Secrets Manager that are given a copy after every rotation.
   *
   * @default - none
   */
  readonly sync?: readonly SyncTargetProps[];

  /**
   * What happens when a secret is exposed.
   *
   * @default - consumers that can be stopped are, nobody is cut off, drills when somebody starts one
   */
  readonly emergency?: EmergencyProps;

  /**
   * Where CloudTrail keeps who read which secret.
   *
   * @default - its last 90 days are asked event by event
   */
  readonly trail?: TrailProps;

  /**
   * Other regions that hold replicas of these secrets.
   *
   * @default - none
   */
  readonly replicaRegions?: readonly string[];

  /**
   * Years for which audit events are kept: 1, 2, 3, 5 or 10.
   *
   * @default 10
   */
  readonly auditYears?: 1 | 2 | 3 | 5 | 10;

  /**
   * Key that encrypts the new secrets; never to change once they stand.
   *
   * @default - a key is made
   */
  readonly encryptionKey?: IKey;

  /**
   * Roles of this account that the operator policies are attached to.
   *
   * @default - none: attach `operatorPolicies` where they are needed
   */
  readonly operatorRoles?: readonly IRole[];

  /**
   * What a relative `ca.file` or `notifications.templates` starts from.
   *
   * @default - the working directory
   */
  readonly configDirectory?: string;

  /**
   * Folder of the bundled functions.
   *
   * @default - those of this package
   */
  readonly lambdasDirectory?: string;
}
