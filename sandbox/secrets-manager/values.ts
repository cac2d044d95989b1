/**
 * Values under KMS, with the caller's rights: GenerateDataKey on write, Decrypt on read and compare,
 * encryption context {SecretARN, SecretVersionId}.
 * @see https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
import type { KmsPort } from '../ports.ts';
import { type Caller, ServiceException } from '../service.ts';
import { accessDenied } from './errors.ts';
import type { PlainValue } from './input.ts';
import type { SealedValue, Secret } from './secret.ts';

const DEFAULT_KEY = 'alias/aws/secretsmanager';

export class SecretValues {
  readonly #kms: KmsPort;
  readonly #via: string;

  constructor(kms: KmsPort, region: string) {
    this.#kms = kms;
    this.#via = `secretsmanager.${region}.amazonaws.com`;
  }

  /** Under the secret's own key, or `aws/secretsmanager` when it has none. */
  seal(
    caller: Caller,
    arn: string,
    secretKeyId: string | undefined,
    versionId: string,
    value: PlainValue,
  ): SealedValue {
    const kmsKeyId = secretKeyId ?? DEFAULT_KEY;
    const ciphertext = withKmsErrors('EncryptionFailure', () =>
      this.#kms.encryptFor(this.#through(caller), kmsKeyId, value.bytes, {
        SecretARN: arn,
        SecretVersionId: versionId,
      }),
    );
    return { kind: value.kind, ciphertext, kmsKeyId, sealedFor: versionId };
  }

  open(caller: Caller, secret: Secret, sealed: SealedValue): PlainValue {
    const bytes = withKmsErrors('DecryptionFailure', () =>
      this.#kms.decryptFor(this.#through(caller), sealed.kmsKeyId, sealed.ciphertext, {
        SecretARN: secret.arn,
        SecretVersionId: sealed.sealedFor,
      }),
    );
    return { kind: sealed.kind, bytes };
  }

  #through(caller: Caller): Caller {
    return { ...caller, via: this.#via };
  }
}

const FAILURES = {
  EncryptionFailure:
    "Secrets Manager can't encrypt the protected secret text using the provided KMS key.",
  DecryptionFailure:
    "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
} as const;

function withKmsErrors<T>(failure: keyof typeof FAILURES, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ServiceException)) {
      throw error;
    }
    if (error.code === 'AccessDeniedException') {
      throw accessDenied('Access to KMS is not allowed');
    }
    throw new ServiceException(failure, FAILURES[failure]);
  }
}
