/** What `startSandbox` takes and gives: the in-process face of the sandbox, for tests, the demo and the CLI. */
import type { CertificateInAcm } from './acm/service.ts';
import type { ExistingTarget } from './application-auto-scaling/scalable-target.ts';
import type { AthenaService } from './athena/service.ts';
import type { ClockMode, SandboxClock } from './clock.ts';
import type { CloudTrailService } from './cloudtrail/service.ts';
import type { HistoryItem } from './cloudwatch/alarm-desk.ts';
import type { ExistingDeploymentGroup } from './codedeploy/deployment-group.ts';
import type { EcsService } from './ecs/service.ts';
import type { EksService } from './eks/service.ts';
import type { RecordedEvent } from './events/rule.ts';
import type { PolicyDocument } from './iam/policy.ts';
import type { ExistingFunction } from './lambda/existing-functions.ts';
import type { ExistingSecret } from './secrets-manager/service.ts';
import type { PublishedMessage } from './sns/service.ts';
import type { Mail } from './sns/topic.ts';
import type { StackOperation } from './template/stack-operation.ts';

export type { RecordedEvent, StackOperation };

export const ACCOUNT = '000000000000';

export interface SandboxOptions {
  /** Folder of the synthesized assembly (`cdk.out`). */
  assembly: string;
  /** Needed when the assembly holds more than one stack. */
  stackName?: string;
  /** Region of a stack that does not name one. @default 'eu-west-1' */
  region?: string;
  clock: { start: Date; mode: ClockMode };
  /** @default 0, a free port */
  port?: number;
  /** What the account holds before the stack, which refers to it by ARN. */
  existing?: {
    /** Customer managed keys. */
    keys?: readonly { keyId: string; policy: PolicyDocument }[];
    secrets?: readonly ExistingSecret[];
  };
}

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface Grant {
  /** A role of the account instead of a user: the credentials are of a session of it that was issued now. */
  role?: boolean;
  /** Of a user: the credentials are of a session that showed the user's MFA device now. */
  mfa?: boolean;
  policies?: readonly PolicyDocument[];
  /** Names, logical ids or ARNs of the stack's AWS::IAM::ManagedPolicy resources. */
  managedPolicies?: readonly string[];
}

/**
 * - before: the error instead of the effect
 * - after:  the effect happens, its answer is lost (or replaced by the error)
 * - twice:  the operation runs twice, as when a client repeats a call whose answer was lost
 */
export interface Fault {
  /** Signing name, e.g. "secretsmanager". */
  service: string;
  operation: string;
  /** Subset of the input; for lambda Invoke of the payload, with `functionName` beside it. */
  match?: Readonly<Record<string, unknown>>;
  when: 'before' | 'after' | 'twice';
  error?: FaultError;
  /** How many matching calls it hits. @default every one */
  times?: number;
  /** ARN of the caller, or the role's or user's name. */
  principal?: string;
}

export type FaultError =
  | { code: string; message?: string; status?: number }
  | 'connectionReset'
  | 'timeout';

export interface InjectedFault {
  fired(): number;
  remove(): void;
}

export interface RequestRecord {
  time: Date;
  /** ARN or service principal; absent when the signature named nobody. */
  principal?: string;
  service: string;
  operation: string;
  /** Without secret values and tokens. */
  input: unknown;
  status: number;
  errorCode?: string;
  requestId: string;
  /** How long the answer took, by the machine's clock. */
  milliseconds: number;
}

export interface LoadedResource {
  type: string;
  physicalId: string;
  attributes: Record<string, string>;
}

export interface Sandbox {
  url: string;
  region: string;
  account: typeof ACCOUNT;
  /** Bearer token of `/_sandbox/`. */
  controlToken: string;
  readonly clock: SandboxClock;
  readonly outputs: Record<string, string>;
  /** Resources and properties of the template that nothing here acts on. */
  readonly notSimulated: readonly string[];
  readonly resources: ReadonlyMap<string, LoadedResource>;
  createPrincipal(name: string, grant: Grant): Credentials;
  injectFault(fault: Fault): InjectedFault;
  /** Puts a certificate into AWS Certificate Manager, or another one in its place. A reset takes it away. */
  putCertificate(certificate: CertificateInAcm): { arn: string };
  /** Services of Amazon ECS that stand beside the stack. A reset takes them and their listeners away. */
  readonly ecs: Pick<EcsService, 'putService' | 'behave' | 'onTasks' | 'described'>;
  /** EKS clusters that stand beside the stack. A reset takes them and their listeners away. */
  readonly eks: Pick<
    EksService,
    | 'putCluster'
    | 'putAccessEntry'
    | 'putDeployment'
    | 'putExternalSecret'
    | 'behave'
    | 'behaveSync'
    | 'onPods'
    | 'described'
  >;
  /** How long queries of Athena take. */
  readonly athena: Pick<AthenaService, 'queriesTake'>;
  /** What CloudTrail recorded, and its trails. A reset takes both away. */
  readonly cloudtrail: Pick<
    CloudTrailService,
    'putTrail' | 'deliver' | 'recordEvents' | 'records' | 'delay' | 'throttle'
  >;
  /** Registers a service of `ecs` with Application Auto Scaling. */
  putScalableTarget(target: ExistingTarget): { arn: string };
  /** A deployment group of CodeDeploy for a service of `ecs` whose deployment controller is CODE_DEPLOY. */
  putDeploymentGroup(group: ExistingDeploymentGroup): { arn: string };
  /** A Lambda function beside the stack: it has a configuration, and runs nothing. */
  putFunction(existing: ExistingFunction): { arn: string };
  /** The next event of this detail type, with this subset of its detail, reaches no rule. */
  dropNextEvent(detailType: string, detail?: object): void;
  /** The next such event reaches its rules twice, under the same id. */
  duplicateNextEvent(detailType: string, detail?: object): void;
  requests(): readonly RequestRecord[];
  events(): readonly RecordedEvent[];
  /** Lines a function wrote, or every log line when no name is given. */
  logs(functionName?: string): readonly string[];
  /** Lines of one log group, by its name. */
  linesOf(logGroup: string): readonly string[];
  /** What was published to topics. */
  messages(): readonly PublishedMessage[];
  /** What arrived at the addresses that subscribed: confirmations, and messages once they confirmed. */
  mail(): readonly Mail[];
  /** Actions of alarms that reached nobody, and why. */
  undelivered(): readonly HistoryItem[];
  /**
   * Deploys a synthesized assembly over the stack, as `cdk deploy` would: creates, changes in place, replaces
   * and deletes, with the rights of CloudFormation's execution role; a failure is rolled back.
   * @throws StackOperationError with the service's own message and the stack's status; SandboxLoadError for a
   * change that is not simulated
   */
  deploy(assembly: string): Promise<StackOperation>;
  /**
   * Deletes the stack, as `cdk destroy` would; what is retained stays reachable.
   * @throws ServiceException ValidationError under termination protection; StackOperationError
   */
  destroy(): Promise<StackOperation>;
  /** ContinueUpdateRollback. @param skip logical ids that count as rolled back */
  continueRollback(skip?: readonly string[]): Promise<StackOperation>;
  /**
   * Everything as after the start: the clock, every value, table and log; faults are gone. Access keys and
   * principals stay.
   */
  reset(): Promise<void>;
  stop(): Promise<void>;
}
