/**
 * What a kind of secret must know to be rotated: the one interface between the core, which owns the
 * protocol, and the rooms, which own their domain.
 *
 * Glossary
 * - secret:    one secret of Secrets Manager; its `SecretString` is one value
 * - version:   one stored value; `current`, `pending` and `previous` are the versions labelled
 *              AWSCURRENT, AWSPENDING and AWSPREVIOUS
 * - strategy:  a kind of secret (jwt, encryption, database). AWS's guide says "rotation strategy" for
 *              single user and alternating users; that is `scheme` inside the database room
 * - intent:    why this rotation happens, read from the control table, never from the event
 * - material:  the key or credential inside a value, by id (a kid, or role and fingerprint), never its bytes
 * - companion: another secret this one needs, named in the configuration
 */
import type {
  Evidence,
  Intent,
  MaterialId,
  Provenance,
  ReencryptionRecord,
  ZeroProof,
} from '../../domain/events/control-records.ts';

export type { Evidence, Intent, MaterialId, Provenance };

/** Stateless; every method may run again after a crash, with the same arguments or later ones. */
export interface RotationStrategy<Value> {
  /** @throws a typed error that names what was found and expected, and never echoes the input */
  parse(secretString: string): Value;
  serialize(value: Value): string;
  material(value: Value): Material;
  /** Makes the next value. Changes nothing outside. */
  createSecret(versions: Versions<Value>, rotation: Rotation<Value>): Promise<Value>;
  /** Makes the target accept `versions.pending`. */
  setSecret(versions: Versions<Value>, rotation: Rotation<Value>): Promise<void>;
  /** Free of effects. Right when only testSecret is called (`pending` absent: test `current`). */
  testSecret(versions: Versions<Value>, rotation: Rotation<Value>): Promise<void>;
  /** Keys that left this value for good, for kinds where keys leave. Pure. */
  gone?(value: Value): readonly Gone[];
  /** Does this value hold the bytes of that key? Pure. */
  holds?(value: Value, gone: Gone): boolean;
}

/** Material that a value names and no longer holds. Instants in ISO 8601. */
export interface Gone {
  material: MaterialId;
  createdAt: string;
  prunedAt: string;
  /** It was there before the first rotation, as a value that names no material. */
  adopted?: true;
}

/** Which material a value holds: `primary` is the one in use, `all` every one it can open or verify with. */
export interface Material {
  primary?: MaterialId;
  all: readonly MaterialId[];
  /** The key that is published and waits for activation, if any. */
  published?: MaterialId;
}

/** Absent: first value (the marker of a new secret is absent, too), or a test-only call. */
export interface Versions<Value> {
  current?: Value;
  pending?: Value;
  previous?: Value;
  /** Every other version that carries a label (dates, pins), newest first; given to createSecret only. */
  labelled?: readonly Value[];
}

export interface Rotation<Value> {
  intent: Intent;
  /** Rollback: the value to go back to. */
  restore?: Value;
  /** Activate: the published key that becomes primary. */
  activateKid?: string;
  /** Material that must never be used again. */
  compromised: ReadonlySet<MaterialId>;
  /** True when a rotation of this secret was promoted before: a plain value is then never adopted. */
  rotatedBefore: boolean;
  /** Opaque; keyset values carry a copy. */
  provenance: Provenance;
  /** Read once a step. */
  now: Date;
  /** KMS GenerateRandom XOR the local CSPRNG. */
  random(bytes: number): Promise<Buffer>;
  /** Another secret named in the configuration, read by the core, parsed by the strategy. */
  companion(name: JsonCompanionName): Promise<unknown>;
  /**
   * What the owners of the secret have put for it, as it is; undefined: nothing yet. Kinds without owners have none.
   * @param take throws at what cannot be the next value: then the inbox is read again for a moment, for to put a value
   * starts the rotation, and a read may not show it yet @throws what `take` threw last
   */
  inbox?<Taken>(take: (found: Inbox | undefined) => Taken): Promise<Taken>;
  /** Kinds whose rows follow their keys: what the control table knows of that. Absent for all others. */
  rows?(): Promise<Rows>;
  /**
   * Asked under the target's own lock, right before it is changed: while this step waited for that lock,
   * an emergency may have taken the secret, and its credential must not be replaced by an older one.
   * @throws RotationRefusedError, VersionNotStagedError
   */
  assertNotSuperseded(): Promise<void>;
  /** For the audit event; never a value. */
  evidence(fact: Evidence): void;
}

/** Where the re-encryption of this secret's rows stands. */
export interface Rows {
  /** Whose rows: the secret as the ledger in the database names it. */
  secretName: string;
  /** The job as its last task left it; absent: there never was one. */
  job?: ReencryptionRecord;
  /** By key: that no row of any declared store is under it. */
  zeroProofs: ReadonlyMap<MaterialId, ZeroProof>;
}

/** A value somebody put beside the secret, and the version of the inbox it is. */
export interface Inbox {
  versionId: string;
  secretString: string;
}

/** rows: the login of the re-encryption, which closes its job before a key is taken back. */
export type JsonCompanionName = 'admin' | 'database' | 'rows';
/** inbox: where the owners of a user-managed secret put its next value. */
export type CompanionName = JsonCompanionName | 'inbox';
