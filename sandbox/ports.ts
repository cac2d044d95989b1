/** What the services of the stand-in need of each other: one port each, handed in when they are made. */
import type { AccessCheck, Caller } from './service.ts';

export interface IamPort {
  /** @throws AccessDeniedException with AWS's message when not allowed */
  authorize(caller: Caller, check: AccessCheck): void;
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
