/**
 * JWT signing secrets: HMAC keys in a keyset. A planned rotation publishes a key, activation signs with
 * it, and the key before stays accepted until the last token it signed has run out: nobody is logged out.
 * An emergency revokes every key at once: everybody is.
 */
import type { KeyFormat } from '../../domain/secrets/encoding.ts';
import { acceptedKeys, type Keyset, primaryOf } from '../../domain/secrets/keyset.ts';
import { algorithmFor, keysetMaterial } from '../../domain/secrets/keyset-material.ts';
import { leakedKeys, toldKids } from '../../domain/secrets/leaked-keys.ts';
import { type NextValueSettings, nextValue } from '../../domain/secrets/next-value.ts';
import {
  type PlainValue,
  parseSecretValue,
  type SecretValue,
  serializeSecretValue,
} from '../../domain/secrets/secret-value.ts';
import type { Material, Rotation, RotationStrategy, Versions } from '../rotation/strategy.ts';
import { JwtProbeFailedError } from './errors.ts';
import { signProbe, verifies, verifiesWith } from './probe-token.ts';

export type JwtValue = SecretValue;

export interface JwtSettings extends KeyFormat {
  /** Name of the flat field, e.g. `JWT_SECRET`. */
  field: string;
  /** Signers' cache bound + longest token life + leeway, in seconds. */
  acceptForSeconds: number;
  /** @default 'refused' */
  developmentFallbacks?: 'refused' | 'allowed';
}

export class JwtStrategy implements RotationStrategy<JwtValue> {
  readonly #settings: NextValueSettings;

  /** @throws InvalidSecretValueError when the key size fits no algorithm */
  constructor(settings: JwtSettings) {
    this.#settings = { ...settings, alg: algorithmFor('jwt', settings) };
  }

  parse(secretString: string): JwtValue {
    return parseSecretValue(secretString, this.#settings);
  }

  serialize(value: JwtValue): string {
    return serializeSecretValue(value, this.#settings);
  }

  material(value: JwtValue): Material {
    return keysetMaterial(value);
  }

  async createSecret(
    versions: Versions<JwtValue>,
    rotation: Rotation<JwtValue>,
  ): Promise<JwtValue> {
    return nextValue(this.#settings, versions, rotation);
  }

  /** Nothing outside holds a JWT secret: readers fetch it. */
  async setSecret(): Promise<void> {}

  async testSecret(versions: Versions<JwtValue>, rotation: Rotation<JwtValue>): Promise<void> {
    const value = versions.pending ?? versions.current;
    if (value === undefined) {
      return;
    }
    if (value.shape === 'plain') {
      this.#probePlain(value, rotation.now);
      return;
    }
    const { keyset } = value;
    const { now, compromised } = rotation;
    const { kid } = primaryOf(keyset);
    if (compromised.has(kid)) {
      throw new JwtProbeFailedError(`its primary key ${kid} is recorded as compromised`);
    }
    const accepted = probeAccepted(keyset, now);
    const refused = probeRefused(keyset, now);
    const current = versions.pending && versions.current;
    if (current?.shape === 'keyset') {
      probeHandOver(current.keyset, keyset, rotation);
    }
    rotation.evidence({ fact: 'jwtKeysProbed', detail: { primary: kid, accepted, refused } });
    if (versions.pending !== undefined && rotation.intent === 'emergency') {
      proveRevoked(keyset, rotation);
    }
  }

  #probePlain(value: PlainValue, now: Date): void {
    const { alg } = this.#settings;
    if (!verifiesWith(signProbe({ alg }, value.key, now), alg, value.key)) {
      throw new JwtProbeFailedError('a token does not verify under the key that signed it');
    }
  }
}

/** Every accepted key signs a token that verifies under its kid. */
function probeAccepted(keyset: Keyset, now: Date): number {
  const accepted = acceptedKeys(keyset, now);
  for (const { kid, key } of accepted) {
    if (!verifies(signProbe({ alg: keyset.alg, kid }, key, now), keyset, now)) {
      throw new JwtProbeFailedError(`a token signed with key ${kid} does not verify`);
    }
  }
  return accepted.length;
}

/** What a forger would try: another algorithm, none, no kid, a kid that is revoked or run out. */
function probeRefused(keyset: Keyset, now: Date): number {
  const { kid, key } = primaryOf(keyset);
  const accepted = new Set(acceptedKeys(keyset, now).map((entry) => entry.kid));
  const otherAlg = keyset.alg === 'HS256' ? 'HS512' : 'HS256';
  const forgeries = [
    { alg: otherAlg, kid },
    { alg: 'none', kid },
    { alg: keyset.alg },
    ...keyset.keys
      .filter((entry) => !accepted.has(entry.kid))
      .map((entry) => ({ alg: keyset.alg, kid: entry.kid })),
  ];
  for (const header of forgeries) {
    const forged = [header.alg, keyset.alg].map((macAlg) => signProbe(header, key, now, macAlg));
    if (forged.some((token) => verifies(token, keyset, now))) {
      throw new JwtProbeFailedError(
        `a token with alg ${header.alg} and kid ${header.kid ?? '(none)'} verifies, expected a refusal`,
      );
    }
  }
  return forgeries.length;
}

/** The value as it is stored, a moment before it is promoted: no key of before verifies anything. */
function proveRevoked(keyset: Keyset, { evidence }: Rotation<JwtValue>): void {
  const leaked = leakedKeys(keyset);
  if (leaked.usable.length > 0) {
    throw new JwtProbeFailedError(
      `key ${leaked.usable[0]} is not revoked, expected every earlier one to be`,
    );
  }
  if (leaked.kids.length > 0) evidence({ fact: 'oldKeysRevoked', detail: toldKids(leaked) });
}

/**
 * While the fleet reads two versions: tokens of the primary before still verify (after an emergency they
 * must not), and, except then, tokens of the new primary verify for whoever still holds the old version.
 */
function probeHandOver(
  current: Keyset,
  pending: Keyset,
  { intent, now }: Rotation<JwtValue>,
): void {
  const before = primaryOf(current);
  const old = signProbe({ alg: current.alg, kid: before.kid }, before.key, now);
  const leaked = intent === 'emergency';
  const { acceptUntil } = pending.keys.find(({ kid }) => kid === before.kid) ?? {};
  // A step that is repeated late, or a secret configured to accept nothing after a change.
  const ranOut = acceptUntil !== undefined && Date.parse(acceptUntil) <= now.getTime();
  if (!ranOut && verifies(old, pending, now) === leaked) {
    throw new JwtProbeFailedError(
      leaked
        ? `a token signed with the leaked key ${before.kid} still verifies`
        : `a token signed with the primary before, ${before.kid}, is refused: people would be logged out`,
    );
  }
  const after = primaryOf(pending);
  const fresh = signProbe({ alg: pending.alg, kid: after.kid }, after.key, now);
  if (!leaked && !verifies(fresh, current, now)) {
    throw new JwtProbeFailedError(
      `readers of AWSCURRENT would refuse tokens signed with ${after.kid}: it was not published long enough`,
    );
  }
}
