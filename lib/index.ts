/** What `quarterturn/cdk` publishes: the construct, its props, and what it throws. */
export type { RotationConfig, RotationConfigInput } from '../domain/config/rotation-config.ts';
export { defineRotation, InvalidConfigError } from '../domain/config/rotation-config.ts';
export type { CertificateProps } from './certificate-props.ts';
export type {
  ChatChannelsProps,
  ChatProps,
  ContactsProps,
  EndpointsProps,
  NotificationsProps,
  PersonProps,
  SlackChannelProps,
  TeamsChannelProps,
} from './contacts-props.ts';
export type { SecretReference } from './deployment.ts';
export type {
  ContainProps,
  EmergencyDrillProps,
  EmergencyProps,
  TrailProps,
} from './emergency-props.ts';
export { DeploymentTooLargeError, NameTakenError, UnknownKeyError } from './errors.ts';
export type { HealthAuthoritiesProps, HealthProbeProps, HealthProps } from './health-props.ts';
export { Quarterturn } from './quarterturn.ts';
export type {
  ConsumerProps,
  EscrowProps,
  ExistingNetworkProps,
  NetworkProps,
  NewNetworkProps,
  PrefixListIds,
  QuarterturnProps,
  VpcNetworkProps,
} from './quarterturn-props.ts';
export { QuarterturnStack, type QuarterturnStackProps } from './quarterturn-stack.ts';
export type {
  CodeDeployProps,
  EcsRestartProps,
  KubernetesRestartProps,
  LambdaRestartProps,
  RestartProps,
  RolloutProps,
  WebhookProps,
  WebhookRestartProps,
} from './rollout-props.ts';
export type { FreezeProps, ScheduleProps, WindowProps } from './schedule-props.ts';
export type {
  ColumnProps,
  DatabaseProps,
  EncryptionProps,
  ExistingSecret,
  ExistingSecretArns,
  ExistingSecretConstruct,
  InboxProps,
  JwtProps,
  KeysetProps,
  ProbeProps,
  ReencryptionProps,
  RotatedProps,
  SecretProps,
  StoreProps,
  UserManagedProps,
} from './secret-props.ts';
export type {
  GitHubSyncProps,
  SsmSyncProps,
  SyncSourceProps,
  SyncTargetProps,
  WebhookSyncProps,
} from './sync-props.ts';
export type {
  DeploymentTriggerProps,
  ExposureTriggerProps,
  GitHubAlertProps,
  GitHubTriggerProps,
  GuardDutyFindingProps,
  GuardDutyTriggerProps,
  OffboardingTriggerProps,
  TriggersProps,
} from './triggers-props.ts';
