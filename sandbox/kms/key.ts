/** One KMS key and what may be done with it in its present state. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { PolicyDocument } from '../iam/policy.ts';
import { ServiceException } from '../service.ts';

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion';

export interface Key {
  readonly keyId: string;
  readonly arn: string;
  /** The name it has in the template; told in DescribeKey's description when there is none. */
  readonly logicalId: string;
  description: string;
  readonly manager: 'CUSTOMER' | 'AWS';
  readonly created: Date;
  policy: PolicyDocument;
  rotationEnabled: boolean;
  /** 256 bits, in memory only. */
  readonly material: Buffer;
  state: KeyState;
  /** While it is pending deletion. */
  deletionDate?: Date | undefined;
}

export interface KeyProps {
  logicalId: string;
  policy: PolicyDocument;
  /** @default a new one */
  keyId?: string;
  description?: string;
  enableKeyRotation?: boolean;
}

export function newKey(
  account: string,
  region: string,
  created: Date,
  props: KeyProps,
  manager: Key['manager'] = 'CUSTOMER',
): Key {
  const keyId = props.keyId ?? randomUUID();
  return {
    keyId,
    arn: `arn:aws:kms:${region}:${account}:key/${keyId}`,
    logicalId: props.logicalId,
    description: props.description ?? '',
    manager,
    created,
    policy: props.policy,
    rotationEnabled: props.enableKeyRotation ?? false,
    material: randomBytes(32),
    state: 'Enabled',
  };
}

/**
 * @throws DisabledException, KMSInvalidStateException
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
 */
export function assertUsable(key: Key): void {
  if (key.state === 'Disabled') {
    throw new ServiceException('DisabledException', `${key.arn} is disabled.`);
  }
  if (key.state === 'PendingDeletion') {
    throw new ServiceException('KMSInvalidStateException', `${key.arn} is pending deletion.`);
  }
}

/**
 * The key policy of an AWS managed key: everybody in the account, through that service only.
 * @param service first part of its endpoint, e.g. "secretsmanager"
 * @param title what its statement calls the service
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
 */
export function managedKeyPolicy(
  service: string,
  title: string,
  account: string,
  region: string,
): PolicyDocument {
  return {
    Version: '2012-10-17',
    Id: `auto-${service}-2`,
    Statement: [
      {
        Sid: `Allow access through ${title} for all principals in the account that are authorized to use ${title}`,
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncrypt*',
          'kms:GenerateDataKey*',
          'kms:CreateGrant',
          'kms:DescribeKey',
        ],
        Resource: '*',
        Condition: {
          StringEquals: {
            'kms:CallerAccount': account,
            'kms:ViaService': `${service}.${region}.amazonaws.com`,
          },
        },
      },
      {
        Sid: 'Allow direct access to key metadata to the account',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${account}:root` },
        Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', 'kms:RevokeGrant'],
        Resource: '*',
      },
    ],
  };
}
