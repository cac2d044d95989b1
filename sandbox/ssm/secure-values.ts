/**
 * SecureStrings under KMS, with the caller's rights. "Standard parameters … are encrypted and decrypted directly
 * under the KMS key", advanced ones under a data key; the encryption context is PARAMETER_ARN.
 * @see https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html
 */
import { randomUUID } from 'node:crypto';
import type { IamPort, KmsPort } from '../ports.ts';
import { type AwsService, type Caller, ServiceException } from '../service.ts';

export type Tier = 'Standard' | 'Advanced';

export interface SealedParameter {
  tier: Tier;
  keyId: string;
  ciphertext: Buffer;
}

export interface ParameterKeys {
  iam: IamPort;
  /** Its operations, as every caller has them, and its envelope encryption. */
  kms: KmsPort & Pick<AwsService, 'operations'>;
}

export class SecureValues {
  readonly #keys: ParameterKeys;
  readonly #via: string;

  constructor(keys: ParameterKeys, region: string) {
    this.#keys = keys;
    this.#via = `ssm.${region}.amazonaws.com`;
  }

  /** @throws ServiceException InvalidKeyId, AccessDeniedException */
  async seal(
    caller: Caller,
    { arn, keyId, tier }: { arn: string; keyId: string; tier: Tier },
    value: string,
  ): Promise<SealedParameter> {
    const plaintext = Buffer.from(value);
    const context = { PARAMETER_ARN: arn };
    const ciphertext = await withKmsErrors(async () => {
      if (tier === 'Advanced') {
        return this.#keys.kms.encryptFor(this.#through(caller), keyId, plaintext, context);
      }
      const input = { Plaintext: plaintext.toString('base64'), EncryptionContext: context };
      const answer = await this.#call('Encrypt', { ...input, KeyId: keyId }, caller);
      return Buffer.from(String(answer.CiphertextBlob), 'base64');
    });
    return { tier, keyId, ciphertext };
  }

  /** @throws ServiceException InvalidKeyId, AccessDeniedException */
  async open(caller: Caller, arn: string, sealed: SealedParameter): Promise<string> {
    const { keyId, ciphertext } = sealed;
    const context = { PARAMETER_ARN: arn };
    return withKmsErrors(async () => {
      if (sealed.tier === 'Advanced') {
        const { kms } = this.#keys;
        return kms.decryptFor(this.#through(caller), keyId, ciphertext, context).toString('utf8');
      }
      const input = { CiphertextBlob: ciphertext.toString('base64'), EncryptionContext: context };
      const answer = await this.#call('Decrypt', input, caller);
      return Buffer.from(String(answer.Plaintext), 'base64').toString('utf8');
    });
  }

  async #call(name: 'Encrypt' | 'Decrypt', input: Record<string, unknown>, caller: Caller) {
    const operation = this.#keys.kms.operations[name];
    if (operation === undefined) throw new TypeError(`KMS has no operation ${name}.`);
    const through = this.#through(caller);
    for (const check of operation.authorize(input, through)) {
      this.#keys.iam.authorize(through, check);
    }
    return (await operation.run(input, through)) as Record<string, unknown>;
  }

  #through(caller: Caller): Caller {
    return { ...caller, via: this.#via };
  }
}

/** Parameter Store hands on what KMS said, under a name of its own unless access was denied. */
async function withKmsErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ServiceException)) {
      throw error;
    }
    const from = `(Service: AWSKMS; Status Code: 400; Error Code: ${error.code}; Request ID: ${randomUUID()}; Proxy: null)`;
    const code = error.code === 'AccessDeniedException' ? error.code : 'InvalidKeyId';
    throw new ServiceException(code, `${error.message} ${from}`.trim());
  }
}
