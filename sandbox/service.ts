/**
 * How one AWS service of the stand-in is described: its wire protocol and its operations.
 * The server verifies the signature, asks IAM, injects faults and logs; a service only behaves.
 */
import type { PolicyDocument } from './iam/policy.ts';

/** Temporary credentials: since when, until when, and when their holder showed an MFA device. */
export interface Session {
  issuedAt: Date;
  /** Absent: renewed by who holds them, as the credentials of a function are. */
  expiresAt?: Date;
  mfaAt?: Date;
}

/** Who signed the request. `service` callers never come over HTTP: they are services calling each other. */
export interface Caller {
  arn: string;
  kind: 'role' | 'user' | 'service';
  /** For `service`: e.g. "secretsmanager.amazonaws.com". */
  service?: string;
  /** Account of the calling service's resource and the resource itself (confused deputy conditions). */
  sourceAccount?: string;
  sourceArn?: string;
  /** Set when a service calls another one with the caller's own rights, e.g. Secrets Manager → KMS. */
  via?: string;
  /** Services that went on in the caller's name, the first one first (aws:CalledVia). */
  calledVia?: readonly string[];
  /** Absent for the access key of a user; a service that works with a role has assumed it this moment. */
  session?: Session;
  /** Where the function that signed has its interfaces; absent outside of every VPC. */
  placement?: { subnetIds: readonly string[]; securityGroupIds: readonly string[] };
  /** The request that was signed; absent where services call each other in nobody's name. */
  request?: { accessKeyId: string; region: string; sourceAddress: string; userAgent: string };
}

/** One question to IAM: may the caller do `action` on `resource`, in this context? */
export interface AccessCheck {
  action: string;
  resource: string;
  /** Condition keys and values, e.g. `secretsmanager:VersionStage`; multi-valued keys as arrays. */
  context?: Readonly<Record<string, string | readonly string[]>>;
  resourcePolicy?: PolicyDocument;
  /** KMS: without a statement in the key policy, identity policies count for nothing. */
  resourcePolicyRequired?: boolean;
}

export interface Operation {
  /** Asked before `run`, with the same input. Throws the service's own errors for unknown resources. */
  authorize(input: Record<string, unknown>, caller: Caller): readonly AccessCheck[];
  run(input: Record<string, unknown>, caller: Caller): Promise<unknown>;
}

export interface AwsService {
  /** SigV4 signing name: "secretsmanager", "kms", "dynamodb", "events", "states", "lambda", "ssm", "sns", "sts", "logs". */
  readonly signingName: string;
  /** JSON protocols dispatch by `X-Amz-Target: <targetPrefix>.<Operation>`. */
  readonly protocol: 'json-1.0' | 'json-1.1' | 'query' | 'rest-json' | 'rest-xml';
  readonly targetPrefix?: string;
  /** rest-json and rest-xml: finds the operation by method and path, and the input from path, query and body. */
  readonly route?: (
    request: RestRequest,
  ) => { operation: string; input: Record<string, unknown> } | undefined;
  readonly operations: Readonly<Record<string, Operation>>;
  /** It answers for every region, which the signature names; the others only for the sandbox's own. */
  readonly everyRegion?: true;
}

export interface RestRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** An error with AWS's exact name and message. */
export class ServiceException extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of the error's shape. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, members: Record<string, unknown> = {}) {
    super(message);
    this.name = code;
    this.code = code;
    this.status = status;
    this.members = members;
  }
}
