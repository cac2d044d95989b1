/**
 * KMS for the sandbox: symmetric keys that really encrypt (AES-256-GCM), checked against key policy,
 * identity policies and encryption context.
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/
 */
import { randomBytes } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { IamPort, KeyUsePort, KmsPort, TrailPort } from '../ports.ts';
import type { AccessCheck, AwsService, Caller, Operation } from '../service.ts';
import { ServiceException } from '../service.ts';
import { administrationOperations } from './administration.ts';
import { type EncryptionContext, invalidCiphertext, keyIdOf, open, seal } from './ciphertext.ts';
import { blob, encryptionContext, numberOfBytes, requiredString, validation } from './input.ts';
import { assertUsable, type Key, type KeyProps } from './key.ts';
import { KeyStore } from './key-store.ts';

export interface KmsProps {
  account: string;
  region: string;
  iam: IamPort;
  clock: SandboxClock;
  /** Hears what services do with keys for their callers. @default nobody */
  trail?: Pick<TrailPort, 'keyUsed'>;
}

export class KmsService implements AwsService, KmsPort, KeyUsePort {
  readonly signingName = 'kms';
  readonly protocol = 'json-1.1';
  readonly targetPrefix = 'TrentService';
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #props: KmsProps;
  readonly #store: KeyStore;

  constructor(props: KmsProps) {
    this.#props = props;
    this.#store = new KeyStore(props.account, props.region, props.clock.now());
    this.operations = {
      Encrypt: this.#encrypt(),
      Decrypt: this.#decrypt(),
      GenerateDataKey: this.#generateDataKey(),
      GenerateRandom: {
        // "GenerateRandom does not use a KMS key": its resource is * (KMS permissions reference).
        authorize: () => [{ action: 'kms:GenerateRandom', resource: '*' }],
        run: async (input) => {
          const bytes = numberOfBytes(input);
          if (bytes === undefined) {
            throw validation('NumberOfBytes is required.');
          }
          return { Plaintext: randomBytes(bytes).toString('base64') };
        },
      },
      DescribeKey: {
        authorize: (input, caller) => {
          const key = this.#store.find(requiredString(input, 'KeyId'));
          return [this.#check('kms:DescribeKey', key, caller, {})];
        },
        run: async (input) => ({
          KeyMetadata: this.#metadata(this.#store.find(requiredString(input, 'KeyId'))),
        }),
      },
      ...administrationOperations({
        store: this.#store,
        clock: props.clock,
        check: (action, key, caller) => this.#check(action, key, caller, {}),
      }),
    };
  }

  /** The loader's: a key of the template. */
  createKey(props: KeyProps): { keyId: string; arn: string } {
    const { keyId, arn } = this.#store.create(props, this.#props.clock.now());
    return { keyId, arn };
  }

  /** The loader's. @throws AlreadyExistsException, NotFoundException */
  createAlias(name: string, keyId: string): void {
    this.#store.alias(name, keyId);
  }

  /** The loader's: AWS::KMS::Alias with another key, or gone. @throws NotFoundException */
  moveAlias(name: string, keyId: string | undefined): void {
    this.#store.removeAlias(name);
    if (keyId !== undefined) {
      this.#store.alias(name, keyId);
    }
  }

  /** Controls of the sandbox: what a key's states do to everything that hangs on it. */
  disableKey(keyId: string): void {
    this.#store.find(keyId).state = 'Disabled';
  }

  enableKey(keyId: string): void {
    this.#store.find(keyId).state = 'Enabled';
  }

  scheduleKeyDeletion(keyId: string): void {
    this.#store.find(keyId).state = 'PendingDeletion';
  }

  /**
   * Envelope encryption as a service does it for its caller: kms:GenerateDataKey with the caller's
   * rights, the value under the data key, the data key thrown away. Only the wrapped key is kept.
   */
  encryptFor(
    caller: Caller,
    keyId: string,
    plaintext: Buffer,
    context: Record<string, string>,
  ): Buffer {
    const key = this.#store.find(keyId);
    this.#useFor(caller, 'GenerateDataKey', key, context);
    const dataKey = randomBytes(32);
    const wrapped = seal(key, dataKey, context);
    const body = seal({ ...key, material: dataKey }, plaintext, context);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(wrapped.length);
    return Buffer.concat([length, wrapped, body]);
  }

  useAs(
    caller: Caller,
    keyId: string,
    actions: readonly string[],
    context: Readonly<Record<string, string>>,
  ): void {
    const key = this.#store.find(keyId);
    // EventBridge does not tell KMS which rule of which account it works for: source conditions in a key
    // policy are "not supported" with it (sns/latest/dg/sns-key-management.html).
    const { sourceAccount: _, sourceArn: __, ...withoutSource } = caller;
    const asking = caller.service === 'events.amazonaws.com' ? withoutSource : caller;
    for (const action of actions) {
      const operation = action === 'kms:Decrypt' ? 'Decrypt' : 'GenerateDataKey';
      this.#told({ caller: asking, operation, keyArn: key.arn, context }, () => {
        this.#props.iam.authorize(asking, this.#check(action, key, asking, context));
        assertUsable(key);
      });
    }
  }

  decryptFor(
    caller: Caller,
    keyId: string,
    ciphertext: Buffer,
    context: Record<string, string>,
  ): Buffer {
    const wrapped = ciphertext.subarray(2, 2 + ciphertext.readUInt16BE(0));
    // The blob names its key: a secret that got another key since stays readable with the old one.
    const key = this.#store.find(keyIdOf(wrapped));
    const asked = this.#store.find(keyId);
    if (asked.keyId !== key.keyId) {
      throw incorrectKey();
    }
    this.#useFor(caller, 'Decrypt', key, context);
    const dataKey = open(key, wrapped, context);
    return open({ ...key, material: dataKey }, ciphertext.subarray(2 + wrapped.length), context);
  }

  #useFor(
    caller: Caller,
    operation: 'Decrypt' | 'GenerateDataKey',
    key: Key,
    context: EncryptionContext,
  ): void {
    // The loader makes secrets in the name of the deployment, whose own rights are not modelled.
    // Over HTTP nobody is a `service` caller.
    if (caller.kind === 'service' && caller.service === 'cloudformation.amazonaws.com') {
      assertUsable(key);
      return;
    }
    const via = caller.via ?? `secretsmanager.${this.#props.region}.amazonaws.com`;
    const through: Caller = { ...caller, via };
    this.#told({ caller: through, operation, keyArn: key.arn, context }, () => {
      this.#props.iam.authorize(through, this.#check(`kms:${operation}`, key, through, context));
      assertUsable(key);
    });
  }

  #told(use: Parameters<TrailPort['keyUsed']>[0], work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof ServiceException) {
        this.#props.trail?.keyUsed({ ...use, error });
      }
      throw error;
    }
    this.#props.trail?.keyUsed(use);
  }

  #check(action: string, key: Key, caller: Caller, encryption: EncryptionContext): AccessCheck {
    const context: Record<string, string | string[]> = {
      'kms:CallerAccount':
        caller.kind === 'service'
          ? (caller.sourceAccount ?? this.#props.account)
          : (caller.arn.split(':')[4] ?? ''),
    };
    if (caller.via !== undefined) {
      context['kms:ViaService'] = caller.via;
    }
    const pairs = Object.entries(encryption);
    for (const [name, value] of pairs) {
      context[`kms:EncryptionContext:${name}`] = value;
    }
    if (pairs.length > 0) {
      context['kms:EncryptionContextKeys'] = pairs.map(([name]) => name);
    }
    return {
      action,
      resource: key.arn,
      context,
      resourcePolicy: key.policy,
      resourcePolicyRequired: true,
    };
  }

  #encrypt(): Operation {
    return {
      authorize: (input, caller) => {
        const key = this.#store.find(requiredString(input, 'KeyId'));
        return [this.#check('kms:Encrypt', key, caller, encryptionContext(input))];
      },
      run: async (input) => {
        const key = this.#store.find(requiredString(input, 'KeyId'));
        const plaintext = blob(input, 'Plaintext', 4096);
        assertUsable(key);
        return {
          CiphertextBlob: seal(key, plaintext, encryptionContext(input)).toString('base64'),
          KeyId: key.arn,
          EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        };
      },
    };
  }

  #decrypt(): Operation {
    const keyOf = (input: Record<string, unknown>): { key: Key; sealed: Buffer } => {
      const sealed = blob(input, 'CiphertextBlob', 6144);
      const id = keyIdOf(sealed);
      let key: Key;
      try {
        key = this.#store.find(id);
      } catch {
        throw invalidCiphertext();
      }
      if (input.KeyId !== undefined) {
        if (this.#store.find(requiredString(input, 'KeyId')).keyId !== key.keyId) {
          throw incorrectKey();
        }
      }
      return { key, sealed };
    };
    return {
      authorize: (input, caller) => {
        const { key } = keyOf(input);
        return [this.#check('kms:Decrypt', key, caller, encryptionContext(input))];
      },
      run: async (input) => {
        const { key, sealed } = keyOf(input);
        assertUsable(key);
        return {
          Plaintext: open(key, sealed, encryptionContext(input)).toString('base64'),
          KeyId: key.arn,
          EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
        };
      },
    };
  }

  #generateDataKey(): Operation {
    const lengths: Readonly<Record<string, number>> = { AES_256: 32, AES_128: 16 };
    return {
      authorize: (input, caller) => {
        const key = this.#store.find(requiredString(input, 'KeyId'));
        return [this.#check('kms:GenerateDataKey', key, caller, encryptionContext(input))];
      },
      run: async (input) => {
        const key = this.#store.find(requiredString(input, 'KeyId'));
        const bytes = numberOfBytes(input);
        if ((bytes === undefined) === (input.KeySpec === undefined)) {
          throw validation('Please specify either number of bytes or key spec.');
        }
        const length = bytes ?? lengths[String(input.KeySpec)];
        if (length === undefined) {
          throw validation(
            `1 validation error detected: Value '${String(input.KeySpec)}' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]`,
          );
        }
        assertUsable(key);
        const dataKey = randomBytes(length);
        return {
          CiphertextBlob: seal(key, dataKey, encryptionContext(input)).toString('base64'),
          Plaintext: dataKey.toString('base64'),
          KeyId: key.arn,
        };
      },
    };
  }

  #metadata(key: Key): Record<string, unknown> {
    return {
      AWSAccountId: this.#props.account,
      KeyId: key.keyId,
      Arn: key.arn,
      CreationDate: key.created.getTime() / 1000,
      Enabled: key.state === 'Enabled',
      Description: key.description,
      KeyUsage: 'ENCRYPT_DECRYPT',
      KeyState: key.state,
      ...(key.deletionDate && { DeletionDate: key.deletionDate.getTime() / 1000 }),
      Origin: 'AWS_KMS',
      KeyManager: key.manager,
      KeySpec: 'SYMMETRIC_DEFAULT',
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      MultiRegion: false,
    };
  }
}

function incorrectKey(): ServiceException {
  return new ServiceException(
    'IncorrectKeyException',
    'The key ID in the request does not identify a CMK that can perform this operation.',
  );
}
