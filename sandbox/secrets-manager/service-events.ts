/**
 * Events the service itself puts on the default bus.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/cloudtrail_log_entries.html
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/secret-event-notifications.html
 */
import { randomUUID } from 'node:crypto';
import type { Caller } from '../service.ts';
import type { SecretsManagerPorts } from './backend.ts';
import type { Secret, SecretState } from './secret.ts';
import { PENDING, PREVIOUS } from './versions.ts';

const SERVICE = 'secretsmanager.amazonaws.com';

export type RotationEventName =
  | 'RotationStarted'
  | 'RotationSucceeded'
  | 'RotationFailed'
  | 'RotationAbandoned'
  | 'TestRotationStarted'
  | 'TestRotationSucceeded'
  | 'TestRotationFailed';

export type DeletionEventName =
  | 'StartSecretVersionDelete'
  | 'CancelSecretVersionDelete'
  | 'EndSecretVersionDelete';

export class ServiceEvents {
  readonly #ports: SecretsManagerPorts;

  constructor(ports: SecretsManagerPorts) {
    this.#ports = ports;
  }

  rotation(
    name: RotationEventName,
    secret: Secret,
    versionId: string,
    errorMessage?: string,
  ): void {
    this.#trail('AWS Service Event via CloudTrail', {
      ...this.#byService(name),
      ...(errorMessage === undefined ? {} : { errorMessage }),
      additionalEventData: { SecretId: secret.arn },
      requestID: `Rotation-${secret.arn}-${versionId}`,
    });
  }

  deletion(name: DeletionEventName, secret: Secret): void {
    for (const SecretVersionId of secret.state.versions.keys()) {
      this.#trail('AWS Service Event via CloudTrail', {
        ...this.#byService(name),
        additionalEventData: { SecretId: secret.arn, SecretVersionId },
        requestID: randomUUID(),
      });
    }
  }

  /** One event for each label that now sits elsewhere; none for AWSPENDING and AWSPREVIOUS. */
  labels(secret: Secret, before: SecretState): void {
    const held = new Map<string, string>();
    for (const version of before.versions.values()) {
      for (const label of version.labels) {
        held.set(label, version.versionId);
      }
    }
    for (const version of secret.state.versions.values()) {
      for (const label of version.labels) {
        if (label === PENDING || label === PREVIOUS || held.get(label) === version.versionId) {
          continue;
        }
        this.#ports.events.publish({
          source: 'aws.secretsmanager',
          'detail-type': 'Secret Label Updated',
          resources: [secret.arn],
          detail: { name: secret.name, labelUpdated: label, versionId: version.versionId },
        });
      }
    }
  }

  /** The API call as the trail sees it: never a value, never a rotation token. */
  apiCall(
    eventName: string,
    caller: Caller,
    input: Readonly<Record<string, unknown>>,
    outcome: { arn?: string; errorCode?: string; errorMessage?: string },
  ): void {
    const { arn, ...error } = outcome;
    this.#trail('AWS API Call via CloudTrail', {
      userIdentity: identity(caller, this.#ports.account),
      eventName,
      sourceIPAddress: caller.kind === 'service' ? caller.service : '127.0.0.1',
      userAgent: caller.kind === 'service' ? caller.service : 'aws-sdk',
      ...error,
      requestParameters: withoutValues(input),
      responseElements: arn === undefined ? null : { arn },
      requestID: randomUUID(),
      eventType: 'AwsApiCall',
    });
  }

  #byService(eventName: string): Record<string, unknown> {
    return {
      userIdentity: { accountId: this.#ports.account, invokedBy: SERVICE },
      eventName,
      sourceIPAddress: SERVICE,
      userAgent: SERVICE,
      requestParameters: null,
      responseElements: null,
      eventType: 'AwsServiceEvent',
    };
  }

  #trail(detailType: string, detail: Record<string, unknown>): void {
    this.#ports.events.publish({
      source: 'aws.secretsmanager',
      'detail-type': detailType,
      resources: [],
      detail: {
        eventVersion: '1.08',
        eventTime: this.#ports.clock
          .now()
          .toISOString()
          .replace(/\.\d+Z$/, 'Z'),
        eventSource: SERVICE,
        awsRegion: this.#ports.region,
        ...detail,
        eventID: randomUUID(),
        readOnly: false,
        managementEvent: true,
        recipientAccountId: this.#ports.account,
        eventCategory: 'Management',
      },
    });
  }
}

const HIDDEN = new Set(['SecretString', 'SecretBinary', 'RotationToken']);

function withoutValues(input: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(input)
      .filter(([member]) => !HIDDEN.has(member))
      .map(([member, value]) => [member.charAt(0).toLowerCase() + member.slice(1), value]),
  );
}

function identity(caller: Caller, account: string): Record<string, unknown> {
  if (caller.kind === 'service') {
    return { type: 'AWSService', invokedBy: caller.service };
  }
  const accountId = caller.arn.split(':')[4] ?? account;
  if (caller.kind === 'user') {
    const userName = caller.arn.split('/').at(-1);
    return { type: 'IAMUser', arn: caller.arn, accountId, userName };
  }
  // The caller may be named by its role or by its session (arn:aws:sts::…:assumed-role/<role>/<session>).
  const [, first = '', session = 'sandbox'] = caller.arn.split('/');
  const assumed = caller.arn.includes(':assumed-role/');
  const userName = assumed ? first : (caller.arn.split('/').at(-1) ?? '');
  return {
    type: 'AssumedRole',
    arn: assumed
      ? `arn:aws:sts::${accountId}:assumed-role/${userName}/${session}`
      : `arn:aws:sts::${accountId}:assumed-role/${userName}/sandbox`,
    accountId,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        arn: assumed ? `arn:aws:iam::${accountId}:role/${userName}` : caller.arn,
        accountId,
        userName,
      },
    },
  };
}
