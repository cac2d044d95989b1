/**
 * Field-encryption keys: AES-256-GCM keys in a keyset. The four steps only publish and activate keys, and
 * prove them; rows are rewritten afterwards, by the re-encryption job, while both keys are readable.
 */
import type { RandomBytes } from '../../domain/ciphertext/format.ts';
import { unrepeated } from '../../domain/ciphertext/nonces.ts';
import { scopeOf } from '../../domain/policy/counted-scope.ts';
import type { KeyFormat } from '../../domain/secrets/encoding.ts';
import { primaryOf } from '../../domain/secrets/keyset.ts';
import { algorithmFor, keysetMaterial } from '../../domain/secrets/keyset-material.ts';
import { leakedKeys, toldKids } from '../../domain/secrets/leaked-keys.ts';
import { type Change, type NextValueSettings, nextValue } from '../../domain/secrets/next-value.ts';
import {
  parseSecretValue,
  type SecretValue,
  serializeSecretValue,
} from '../../domain/secrets/secret-value.ts';
import type { DeclaredColumn, DeclaredPlace } from '../../doors/declared-columns.ts';
import type { Endpoint, PostgresDoor } from '../../doors/postgres/door.ts';
import type {
  Gone,
  Intent,
  Material,
  Rotation,
  RotationStrategy,
  Versions,
} from '../rotation/strategy.ts';
import { canary, keysOf } from './canary.ts';
import { credentialOf } from './credential.ts';
import { CanaryError, EncryptionPreflightError } from './errors.ts';
import { codeOf, fenceJob } from './fence.ts';
import { goneKeys, holdsKey, leavingOf, leftWith, type Retention } from './leaving-keys.ts';
import { asTheLedgerSays } from './ledger-agrees.ts';
import { type Preflight, preflight } from './preflight.ts';

export type EncryptionValue = SecretValue;

export interface EncryptionSettings extends KeyFormat {
  /** Name of the flat field, e.g. `ENCRYPTION_KEY`. */
  field: string;
  /** @default 'refused' */
  developmentFallbacks?: 'refused' | 'allowed';
}

/** Where the declared columns are; the credentials come from the companion secrets `database` and `rows`. */
export interface DeclaredDatabase {
  columns: readonly DeclaredColumn[];
  /** What other secrets encrypt in the same database. */
  neighbours?: readonly DeclaredPlace[];
  door: PostgresDoor;
  endpoint: Endpoint;
  /** The rows follow the key; without it no job is closed and no key leaves. */
  rows?: {
    /** How long the longest-lived copy of a row is kept. */
    retentionDays: Retention;
    /** Names of the declared stores. */
    stores: readonly string[];
  };
}

/** Findings stop what can wait. What protects goes on and carries them along. */
const findingsStop: Record<Intent, boolean> = {
  planned: true,
  activate: true,
  rollback: false,
  emergency: false,
};

export class EncryptionStrategy implements RotationStrategy<EncryptionValue> {
  readonly #settings: NextValueSettings;
  readonly #database: DeclaredDatabase | undefined;

  /** @throws InvalidSecretValueError when the key size is not one of AES-256 */
  constructor(settings: EncryptionSettings, database?: DeclaredDatabase) {
    this.#settings = { ...settings, alg: algorithmFor('encryption', settings) };
    this.#database = database;
  }

  parse(secretString: string): EncryptionValue {
    return parseSecretValue(secretString, this.#settings);
  }

  serialize(value: EncryptionValue): string {
    return serializeSecretValue(value, this.#settings);
  }

  material(value: EncryptionValue): Material {
    return keysetMaterial(value);
  }

  async createSecret(
    versions: Versions<EncryptionValue>,
    rotation: Rotation<EncryptionValue>,
  ): Promise<EncryptionValue> {
    const value = await nextValue(this.#settings, versions, {
      ...rotation,
      ...(await this.#leaving(rotation)),
    });
    if (this.#database !== undefined) {
      const firstValue = value.keyset.keys.length === 1;
      const keys = firstValue ? undefined : keysOf(value.keyset, rotation.now);
      await this.#checkDatabase(this.#database, keys, rotation);
    }
    return value;
  }

  /** Nothing outside holds an encryption key; what goes on outside is the job toward the one that is left. */
  async setSecret(
    _versions: Versions<EncryptionValue>,
    rotation: Rotation<EncryptionValue>,
  ): Promise<void> {
    if (this.#database?.rows !== undefined) {
      await fenceJob(this.#database.door, this.#database.endpoint, rotation);
    }
  }

  async testSecret(
    versions: Versions<EncryptionValue>,
    rotation: Rotation<EncryptionValue>,
  ): Promise<void> {
    const value = versions.pending ?? versions.current;
    if (versions.pending !== undefined) {
      leftWith(versions.current, versions.pending).forEach(rotation.evidence);
    }
    if (value?.shape !== 'keyset') {
      // A plain key was decoded at its full size by `parse`; without a kid there is nothing to seal.
      return;
    }
    const { kid } = primaryOf(value.keyset);
    if (rotation.compromised.has(kid)) {
      throw new CanaryError(`its primary key ${kid} is recorded as compromised`);
    }
    const columns = this.#database?.columns ?? [];
    const random = unrepeated(await nonces(rotation, Math.max(1, columns.length)));
    const plaintext = await rotation.random(32);
    const places = canary(value.keyset, columns, plaintext, random, rotation.now);
    rotation.evidence({ fact: 'encryptionCanary', detail: { primary: kid, places } });
    const leaked = leakedKeys(value.keyset);
    if (versions.pending === undefined || rotation.intent !== 'emergency') return;
    if (leaked.usable.length > 0) {
      throw new CanaryError(`key ${leaked.usable[0]} of before may still seal`);
    }
    if (leaked.kids.length > 0) {
      rotation.evidence({ fact: 'oldKeysReadableOnly', detail: toldKids(leaked) });
    }
  }

  gone(value: EncryptionValue): Gone[] {
    return goneKeys(value);
  }

  holds(value: EncryptionValue, gone: Gone): boolean {
    return holdsKey(value, gone);
  }

  async #leaving(rotation: Rotation<EncryptionValue>): Promise<Pick<Change, 'leaving'>> {
    const { rows, columns = [], door, endpoint } = this.#database ?? {};
    if (
      rows === undefined ||
      door === undefined ||
      endpoint === undefined ||
      rotation.rows === undefined ||
      rotation.intent !== 'planned'
    ) {
      return {};
    }
    const { retentionDays, stores } = rows;
    const scope = scopeOf({ columns, stores, endpoint });
    const known = await asTheLedgerSays(door, endpoint, rotation, await rotation.rows());
    return { leaving: leavingOf(known, { retentionDays, scope }, rotation) };
  }

  async #checkDatabase(
    { columns, neighbours, door, endpoint }: DeclaredDatabase,
    keys: Parameters<typeof preflight>[2],
    rotation: Rotation<EncryptionValue>,
  ): Promise<void> {
    let result: Preflight;
    try {
      const credential = await credentialOf(rotation, 'database');
      result = await door.withSession(endpoint, credential, (session) =>
        preflight(session, columns, keys, neighbours),
      );
    } catch (error) {
      if (findingsStop[rotation.intent]) {
        throw error;
      }
      rotation.evidence({ fact: 'encryptionPreflightNotDone', detail: { code: codeOf(error) } });
      return;
    }
    const { findings, ...counts } = result;
    if (findings.length > 0 && findingsStop[rotation.intent]) {
      throw new EncryptionPreflightError(findings);
    }
    rotation.evidence({
      fact: 'encryptionPreflight',
      detail: { ...counts, findings: findings.length },
    });
    for (const finding of findings) {
      rotation.evidence({
        fact: 'encryptionPreflightFinding',
        detail: { finding: finding.slice(0, 512) },
      });
    }
  }
}

/** The longest of any format; one that needs 12 takes the start. */
const nonceBytes = 16;
/** KMS GenerateRandom gives at most 1,024 bytes a call. */
const noncesPerCall = 64;

/** Draws the nonces beforehand: sealing is synchronous, the random source is not. */
async function nonces(rotation: Rotation<EncryptionValue>, count: number): Promise<RandomBytes> {
  const drawn: Buffer[] = [];
  for (let left = count; left > 0; left -= noncesPerCall) {
    const bytes = await rotation.random(nonceBytes * Math.min(left, noncesPerCall));
    for (let start = 0; start < bytes.length; start += nonceBytes) {
      drawn.push(bytes.subarray(start, start + nonceBytes));
    }
  }
  return (bytes) => drawn.pop()?.subarray(0, bytes) ?? Buffer.alloc(0);
}
