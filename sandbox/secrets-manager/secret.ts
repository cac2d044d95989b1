/**
 * The stored secret: versions, staging labels, configuration. Values only as KMS sealed them.
 *
 * Every change is one `write`: it works on a copy, so that an error on the way leaves nothing behind,
 * and the state before it is kept, which is what a stale read sees.
 */
import type { PolicyDocument } from '../iam/policy.ts';
import type { RotationRules } from './schedule-expression.ts';

export interface SealedValue {
  kind: 'string' | 'binary';
  ciphertext: Buffer;
  kmsKeyId: string;
  /** SecretVersionId of the encryption context: another version's when the value is a copy of it. */
  sealedFor: string;
}

export interface SecretVersion {
  readonly versionId: string;
  readonly created: Date;
  /** Absent while the version is only AWSPENDING's placeholder, before createSecret has put a value. */
  value?: SealedValue;
  readonly labels: Set<string>;
  lastAccessed?: Date;
}

export interface SecretState {
  description?: string;
  kmsKeyId?: string;
  tags: Map<string, string>;
  versions: Map<string, SecretVersion>;
  policy?: PolicyDocument;
  rotation?: RotationConfiguration;
  lastChanged: Date;
  lastRotated?: Date;
  /** Last rotation or manual change of the value: what the next rotation's date is counted from. */
  cadenceBase: Date;
  deletion?: { requested: Date; due: Date };
  /** The AWS service that made the secret and alone may change it, e.g. `rds`. */
  owningService?: string;
  /** Where the primary stands: another region's makes this secret a replica of it. */
  primaryRegion?: string;
}

export interface RotationConfiguration {
  enabled: boolean;
  lambdaArn: string;
  rules?: RotationRules;
}

export class Secret {
  readonly arn: string;
  readonly name: string;
  readonly created: Date;
  lastAccessed: Date | undefined;
  #state: SecretState;
  #before: SecretState;
  #staleReads = 0;

  constructor(arn: string, name: string, created: Date) {
    this.arn = arn;
    this.name = name;
    this.created = created;
    this.#state = {
      tags: new Map(),
      versions: new Map(),
      lastChanged: created,
      cadenceBase: created,
    };
    this.#before = this.#state;
  }

  /** What is stored. */
  get state(): SecretState {
    return this.#state;
  }

  get beforeLastWrite(): SecretState {
    return this.#before;
  }

  /** What a read sees: "all Secrets Manager operations are eventually consistent" (ListSecrets). */
  read(): SecretState {
    if (this.#staleReads > 0) {
      this.#staleReads -= 1;
      return this.#before;
    }
    return this.#state;
  }

  staleReads(count: number): void {
    this.#staleReads = count;
  }

  write<T>(now: Date, change: (draft: SecretState) => T): T {
    const draft = copy(this.#state);
    const result = change(draft);
    draft.lastChanged = now;
    this.#before = this.#state;
    this.#state = draft;
    return result;
  }
}

function copy(state: SecretState): SecretState {
  const versions = [...state.versions.values()].map((version) => ({
    ...version,
    labels: new Set(version.labels),
  }));
  return {
    ...state,
    tags: new Map(state.tags),
    versions: new Map(versions.map((version) => [version.versionId, version])),
    ...(state.rotation === undefined ? {} : { rotation: { ...state.rotation } }),
  };
}
