/** What the services of the stand-in need of each other: one port each, handed in when they are made. */
import type { PolicyDocument } from './iam/policy.ts';
import type { AccessCheck, Caller } from './service.ts';

export interface IamPort {
  /** @throws AccessDeniedException with AWS's message when not allowed */
  authorize(caller: Caller, check: AccessCheck): void;
}

export interface WayPort {
  /**
   * How a caller, a function inside a VPC perhaps, comes to a service.
   * @returns asks the policy of what the request passes: throws AccessDeniedException
   * @throws NoWayError when the request never arrives
   */
  wayOf(caller: Caller, service: string): (check: AccessCheck) => void;
}

export interface EndpointPolicyPort {
  /**
   * What identity and resource policies allow, may it pass this VPC endpoint?
   * @throws AccessDeniedException with AWS's message when not
   */
  authorizeThrough(endpointPolicy: PolicyDocument, caller: Caller, check: AccessCheck): void;
}

export interface KmsPort {
  /** kms:GenerateDataKey and kms:Decrypt as Secrets Manager does it for its caller (kms:ViaService set). */
  encryptFor(
    caller: Caller,
    keyId: string,
    plaintext: Buffer,
    context: Record<string, string>,
  ): Buffer;
  decryptFor(
    caller: Caller,
    keyId: string,
    ciphertext: Buffer,
    context: Record<string, string>,
  ): Buffer;
}

/** What the account's trail hears of beside the calls that come over the wire. */
export interface TrailPort {
  /** A service used a key for its caller, or was refused. */
  keyUsed(use: {
    caller: Caller;
    operation: 'Decrypt' | 'GenerateDataKey';
    keyArn: string;
    context: Readonly<Record<string, string>>;
    error?: { code: string; message: string };
  }): void;
  /** One of the secrets of a BatchGetSecretValue, under the name it was asked for by. */
  secretRead(read: {
    caller: Caller;
    secretId: string;
    error?: { code: string; message: string };
  }): void;
}

export interface InvokeOutcome {
  payload: string;
  /** "Unhandled" when the function threw, timed out or died. */
  functionError?: 'Unhandled';
}

export interface LambdaPort {
  exists(functionArn: string): boolean;
  /** May this caller invoke it, by identity policy or the function's resource policy? */
  mayInvoke(caller: Caller, functionArn: string): boolean;
  /** Checks `mayInvoke`, then runs the function synchronously. @throws AccessDeniedException, ResourceNotFoundException */
  invoke(caller: Caller, functionArn: string, payload: unknown): Promise<InvokeOutcome>;
}

export interface EventEnvelope {
  source: string;
  'detail-type': string;
  resources: readonly string[];
  detail: Readonly<Record<string, unknown>>;
}

export interface EventsPort {
  /** Puts an event of an AWS service on the default bus. Delivery is asynchronous. */
  publish(event: EventEnvelope): void;
}

export interface StatesPort {
  startExecution(
    caller: Caller,
    stateMachineArn: string,
    name: string | undefined,
    input: unknown,
  ): { executionArn: string };
}

export interface KeyUsePort {
  /**
   * These uses of a key by this caller: its own rights, or, for a service, what the key's policy says of it.
   * @throws AccessDeniedException, NotFoundException, DisabledException, KMSInvalidStateException
   */
  useAs(
    caller: Caller,
    keyId: string,
    actions: readonly string[],
    context: Readonly<Record<string, string>>,
  ): void;
}

export interface MetricsPort {
  /** One more, now. @default 1 */
  count(
    metric: { namespace: string; name: string; dimensions: Readonly<Record<string, string>> },
    value?: number,
  ): void;
  /** A level that stands until it is told again. */
  stand(
    metric: { namespace: string; name: string; dimensions: Readonly<Record<string, string>> },
    value: number,
  ): void;
}

/** Asks the topic's policy and its key, as Publish does. */
export interface TopicPort {
  publishAs(caller: Caller, topicArn: string, message: { subject?: string; message: string }): void;
}

/** Asks the queue's policy and its key, as SendMessage does. */
export interface QueuePort {
  sendAs(
    caller: Caller,
    queueArn: string,
    body: string,
    attributes?: Readonly<Record<string, string>>,
  ): void;
}

/** Asks the resource policies of CloudWatch Logs and the log group's key, as PutLogEvents does. */
export interface LogGroupPort {
  writeAs(caller: Caller, logGroupArn: string, message: string): void;
}

/** Asynchronous invocation: what Lambda does with an event whose function failed. */
export interface AsyncLambdaPort {
  /** Pauses before each further attempt, in milliseconds. */
  retriesOf(functionArn: string): readonly number[];
  /** The last attempt failed: to the dead-letter queue and the on-failure destination, where there are any. */
  gaveUp(functionArn: string, event: unknown, failure: { payload: string; attempts: number }): void;
}
