/** How the loader makes one type of resource. One file a type (or a family of types) in `resources/`. */
import type { AthenaService } from '../athena/service.ts';
import type { CloudWatchService } from '../cloudwatch/service.ts';
import type { DynamoDbService } from '../dynamodb/service.ts';
import type { Networks } from '../ec2/networks.ts';
import type { EventsService } from '../events/service.ts';
import type { Iam } from '../iam/iam.ts';
import type { PolicyDocument, Statement } from '../iam/policy.ts';
import type { KmsService } from '../kms/service.ts';
import type { LambdaService } from '../lambda/service.ts';
import type { LogsService } from '../logs/service.ts';
import type { S3Service } from '../s3/service.ts';
import type { Caller } from '../service.ts';
import type { SnsService } from '../sns/service.ts';
import type { SqsService } from '../sqs/service.ts';
import type { SsmService } from '../ssm/service.ts';

/** What the loader needs of Secrets Manager. */
export interface SecretsOfTemplate {
  createFromTemplate(secret: {
    name: string;
    secretString?: string;
    kmsKeyId?: string;
    description?: string;
    tags?: { Key: string; Value: string }[];
  }): { arn: string };
  putResourcePolicy(arn: string, policy: PolicyDocument): void;
  configureRotation(
    caller: Caller,
    rotation: {
      secretId: string;
      rotationLambdaArn: string;
      rotationRules: Record<string, unknown>;
      rotateImmediately: boolean;
    },
  ): Promise<void>;
}

/** What the loader needs of Step Functions. */
export interface StateMachinesOfTemplate {
  createStateMachine(machine: MachineOfTemplate): { arn: string };
  updateStateMachine(machine: MachineOfTemplate): void;
  deleteStateMachine(arn: string): void;
}

export interface MachineOfTemplate {
  name: string;
  definition: string;
  roleArn: string;
  type: 'STANDARD' | 'EXPRESS';
}

export interface Services {
  athena: AthenaService;
  cloudwatch: CloudWatchService;
  dynamodb: DynamoDbService;
  events: EventsService;
  kms: KmsService;
  lambda: LambdaService;
  logs: LogsService;
  networks: Networks;
  s3: S3Service;
  secretsManager: SecretsOfTemplate;
  sns: SnsService;
  sqs: SqsService;
  ssm: SsmService;
  stepFunctions: StateMachinesOfTemplate;
}

export interface World extends Services {
  account: string;
  region: string;
  iam: Iam;
  /** Statements of the buses' policies so far: each AWS::Events::EventBusPolicy adds one. */
  busStatements: Map<string, Statement[]>;
  /** File or folder behind a key of the bootstrap bucket. @throws SandboxLoadError */
  asset(objectKey: string): string;
  /** Something that was asked for and that nothing here acts on. */
  notSimulated(what: string): void;
  /**
   * An operation of a service, with the rights of CloudFormation's execution role: everything its identity
   * allows, and what resource and key policies leave of that.
   * @throws ServiceException the service's own
   */
  call(
    signingName: string,
    operation: string,
    input: Record<string, unknown>,
  ): Promise<Record<string, unknown>>;
}

/** A resource whose intrinsics are resolved. */
export interface Declared {
  logicalId: string;
  properties: Record<string, unknown>;
  /** The name CloudFormation would give, at most this long. */
  generatedName(maximum: number): string;
}

export interface Made {
  /** What `Ref` gives. */
  ref: string;
  /** What `Fn::GetAtt` gives. */
  attributes?: Readonly<Record<string, string>>;
}

/** A resource as it stands: what was declared, and what came of it. */
export interface Existing extends Declared {
  ref: string;
  attributes: Readonly<Record<string, string>>;
}

export interface ResourceType {
  /** Properties that are acted on, or that change nothing here (Tags, Description); others are listed. */
  readonly properties: readonly string[];
  create(declared: Declared, world: World): Made | Promise<Made>;
  /** Properties that CloudFormation changes by making the resource anew ("Update requires: Replacement"). */
  readonly replacement?: readonly string[];
  /**
   * Every other change. Absent: such a deployment is refused, by name; so is a change of a property that
   * `properties` does not list.
   * @throws what the service throws: the stack is rolled back
   */
  update?(existing: Existing, declared: Declared, world: World): void | Promise<void>;
  /** Absent: a deployment that would delete it is refused, by name. */
  delete?(existing: Existing, world: World): void | Promise<void>;
}
