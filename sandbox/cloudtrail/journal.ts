/**
 * Everything CloudTrail would have recorded of what happened in the sandbox: the management calls its services
 * answered, what services did for their callers, and what a test puts in as if it had happened elsewhere.
 */
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { TrailPort } from '../ports.ts';
import type { AnsweredCall } from '../request-log.ts';
import type { Caller } from '../service.ts';
import { type IdentityArn, servicePrincipal, userIdentityOf } from './identity.ts';
import { eventSourceOf, isManagementEvent, isReadOnly } from './management-events.ts';
import { requestParametersOf } from './parameters.ts';
import { type CloudTrailRecord, eventTimeOf } from './record.ts';

export interface JournalProps {
  account: string;
  region: string;
  clock: SandboxClock;
  identityArn: IdentityArn;
}

interface Event {
  caller: Caller;
  service: string;
  operation: string;
  parameters: Record<string, unknown> | null;
  requestId?: string;
  error?: { code: string; message: string };
  keyArn?: string;
}

export class Journal implements TrailPort {
  readonly #props: JournalProps;
  readonly #records: CloudTrailRecord[] = [];
  readonly #followers = new Set<() => void>();
  /** Sessions began when the world did, or with their first call. */
  readonly #sessions = new Map<string, string>();

  constructor(props: JournalProps) {
    this.#props = props;
  }

  /** In the order in which they were written. */
  get records(): readonly CloudTrailRecord[] {
    return this.#records;
  }

  onRecord(follow: () => void): void {
    this.#followers.add(follow);
  }

  /** As they are: of other accounts and regions, too. */
  put(records: readonly CloudTrailRecord[]): void {
    this.#records.push(...records);
    for (const follow of this.#followers) {
      follow();
    }
  }

  answered({ record, caller, error, times, keyArn }: AnsweredCall): void {
    const { service, operation, input, requestId } = record;
    if (!isManagementEvent(service, operation)) {
      return;
    }
    const parameters = requestParametersOf(input as Record<string, unknown>);
    const event = { caller, service, operation, requestId, ...(error && { error }) };
    const algorithm =
      service === 'kms' && /crypt$/.test(operation)
        ? // The entry "always includes the encryptionAlgorithm" (kms/latest/developerguide/ct-decrypt.html).
          { ...parameters, encryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
        : parameters;
    for (let time = 0; time < times; time += 1) {
      this.#write({ ...event, parameters: algorithm, ...(keyArn !== undefined && { keyArn }) });
    }
  }

  keyUsed({ caller, operation, keyArn, context, error }: Parameters<TrailPort['keyUsed']>[0]) {
    const parameters = {
      ...(operation === 'Decrypt'
        ? { encryptionAlgorithm: 'SYMMETRIC_DEFAULT' }
        : { keyId: keyArn, keySpec: 'AES_256' }),
      encryptionContext: { ...context },
    };
    this.#write({ caller, service: 'kms', operation, parameters, keyArn, ...(error && { error }) });
  }

  /** "Secrets Manager generates CloudTrail GetSecretValue log entries for each secret you request" (API_BatchGetSecretValue). */
  secretRead({ caller, secretId, error }: Parameters<TrailPort['secretRead']>[0]): void {
    const event = { caller, service: 'secretsmanager', operation: 'GetSecretValue' };
    this.#write({ ...event, parameters: { secretId }, ...(error && { error }) });
  }

  #write({ caller, service, operation, parameters, requestId, error, keyArn }: Event): void {
    const { account, region, clock, identityArn } = this.#props;
    const { request, via } = caller;
    const eventTime = eventTimeOf(clock.now());
    const since = this.#sessions.get(caller.arn) ?? eventTime;
    this.#sessions.set(caller.arn, since);
    const byService =
      via ?? (caller.kind === 'service' ? (caller.service ?? caller.arn) : undefined);
    const program = byService === undefined ? undefined : servicePrincipal(byService);
    this.put([
      {
        eventVersion: '1.11',
        userIdentity: userIdentityOf(caller, since, identityArn),
        eventTime,
        eventSource: eventSourceOf(service),
        eventName: operation,
        awsRegion: request?.region ?? region,
        sourceIPAddress: program ?? request?.sourceAddress ?? '127.0.0.1',
        userAgent: program ?? request?.userAgent ?? 'aws-internal',
        ...(error && { errorCode: errorCodeOf(service, error.code), errorMessage: error.message }),
        requestParameters: parameters,
        responseElements: null,
        requestID: requestId ?? randomUUID(),
        eventID: randomUUID(),
        readOnly: isReadOnly(operation),
        ...(keyArn !== undefined && {
          resources: [{ accountId: account, type: 'AWS::KMS::Key', ARN: keyArn }],
        }),
        eventType: 'AwsApiCall',
        managementEvent: true,
        recipientAccountId: account,
        eventCategory: 'Management',
      },
    ]);
  }
}

/** Services of the JSON protocols answer AccessDeniedException; these are filed as AccessDenied. */
const errorCodeOf = (service: string, code: string): string =>
  code === 'AccessDeniedException' &&
  ['secretsmanager', 'kms', 's3', 'sts', 'iam', 'sns'].includes(service)
    ? 'AccessDenied'
    : code;
