/**
 * A stand-in for the pharmacy's application: it reads its secrets under the consumer's own policy, each
 * time anew, and does with them what an application does. What it manages to do is the proof.
 */
import { jwtVerify, SignJWT } from 'jose';
import * as z from 'zod';
import { acceptedKeys, type Keyset, primaryOf } from '../domain/secrets/keyset.ts';
import { readKeyset } from '../domain/secrets/secret-value.ts';
import type { Credential, Endpoint, PostgresDoor, Session } from '../doors/postgres/door.ts';
import { LoginRefusedError } from '../doors/postgres/errors.ts';
import type { SecretsManagerDoor } from '../doors/secrets-manager.ts';
import type { FieldCipher } from './data/sealed-columns.ts';
import { fieldCipher } from './field-cipher.ts';
import { ProofFailedError } from './proof.ts';
import type { ValueGuard } from './terminal/value-guard.ts';

export interface ApplicationParts {
  secrets: SecretsManagerDoor;
  door: PostgresDoor;
  endpoint: Endpoint;
  /** Key in the configuration → name in Secrets Manager. */
  nameOf(key: string): string;
  now(): Date;
  guard: ValueGuard;
}

const tokenLifeSeconds = 30 * 86_400;

const credentialSchema = z.object({ username: z.string(), password: z.string() });

export class Application {
  readonly #parts: ApplicationParts;

  constructor(parts: ApplicationParts) {
    this.#parts = parts;
  }

  /** Signs a token of 30 days with the primary key. */
  async issueToken(subject: string): Promise<string> {
    const keyset = await this.keyset('jwt');
    const { kid, key } = primaryOf(keyset);
    const issuedAt = seconds(this.#parts.now());
    return new SignJWT()
      .setProtectedHeader({ alg: keyset.alg, kid })
      .setSubject(subject)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + tokenLifeSeconds)
      .sign(key);
  }

  /**
   * Verifies a token with the key it names, if that key is still accepted.
   * @returns the kid it was signed with
   */
  async verifyToken(token: string): Promise<string> {
    const keyset = await this.keyset('jwt');
    const now = this.#parts.now();
    const { protectedHeader } = await jwtVerify(
      token,
      ({ kid }) => {
        const found = acceptedKeys(keyset, now).find((entry) => entry.kid === kid);
        if (found === undefined) {
          throw new ProofFailedError(`No accepted key of the keyset has the token's kid ${kid}.`);
        }
        return found.key;
      },
      { algorithms: [keyset.alg], currentDate: now },
    );
    return protectedHeader.kid ?? '';
  }

  /** The keyset that AWSCURRENT holds, or that of the version labelled AWSPREVIOUS. */
  async keyset(key: 'jwt' | 'pii', previousVersion?: string): Promise<Keyset> {
    const field = key === 'jwt' ? 'JWT_SECRET' : 'ENCRYPTION_KEY';
    return readKeyset(await this.#read(key, previousVersion), field);
  }

  /** With every key of the keyset as it is now. */
  async cipher(): Promise<FieldCipher> {
    return fieldCipher(await this.keyset('pii'), this.#parts.now());
  }

  async credential(key: 'db' | 'legacyDb', previousVersion?: string): Promise<Credential> {
    const { username, password } = credentialSchema.parse(
      JSON.parse(await this.#read(key, previousVersion)),
    );
    return { username, password };
  }

  /** Logs in with what AWSCURRENT says, or with a credential it has kept. */
  async withDatabase<T>(
    login: 'db' | 'legacyDb' | Credential,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const credential = typeof login === 'string' ? await this.credential(login) : login;
    return this.#parts.door.withSession(this.#parts.endpoint, credential, work);
  }

  /** Does the server refuse this credential as wrong (28P01), and for no other reason? */
  async isRefused(credential: Credential): Promise<boolean> {
    try {
      await this.withDatabase(credential, (session) => session.query('SELECT 1'));
      return false;
    } catch (error) {
      if (error instanceof LoginRefusedError) {
        return true;
      }
      throw error;
    }
  }

  async #read(key: string, previousVersion?: string): Promise<string> {
    const { secrets, nameOf, guard } = this.#parts;
    const value =
      previousVersion === undefined
        ? await secrets.getCurrentValue(nameOf(key))
        : await secrets.getValue(nameOf(key), previousVersion, 'AWSPREVIOUS');
    if (value === undefined) {
      throw new ProofFailedError(`Secrets Manager has no such value of ${nameOf(key)}.`);
    }
    guard.watch(value);
    return value;
  }
}

const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);
