/**
 * What the consumer's own policy lets one see: its secrets, read anew each time, and what they open. The chapters look
 * with it at what the running application (pharmacy.ts) does not show: earlier versions, refused credentials.
 */
import * as z from 'zod';
import {
  KeysetSigner,
  KeysetVerifier,
  SecretCache,
  type SecretSource,
  tokenKeys,
} from '../client/index.ts';
import type { Keyset } from '../domain/secrets/keyset.ts';
import { readKeyset } from '../domain/secrets/secret-value.ts';
import type { Credential, Endpoint, PostgresDoor, Session } from '../doors/postgres/door.ts';
import { LoginRefusedError } from '../doors/postgres/errors.ts';
import type { SecretsManagerDoor } from '../doors/secrets-manager.ts';
import type { FieldCipher } from './data/sealed-columns.ts';
import { ProofFailedError } from './proof.ts';
import { fieldsUnder } from './sealed-fields.ts';
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
    const lifetime = tokenLifeSeconds;
    return new KeysetSigner(this.#tokens(), { lifetime, system: this.#parts }).sign({
      sub: subject,
    });
  }

  /**
   * Verifies a token with the key it names, if that key is still accepted.
   * @returns the kid it was signed with
   * @throws TokenRefusedError
   */
  async verifyToken(token: string): Promise<string> {
    const verifier = new KeysetVerifier(this.#tokens(), { system: this.#parts });
    await verifier.verify(token);
    return (await verifier.keyFor(token)).kid ?? '';
  }

  /** The keyset that AWSCURRENT holds, or that of the version labelled AWSPREVIOUS. */
  async keyset(key: 'jwt' | 'pii', previousVersion?: string): Promise<Keyset> {
    const field = key === 'jwt' ? 'JWT_SECRET' : 'ENCRYPTION_KEY';
    return readKeyset(await this.#read(key, previousVersion), field);
  }

  /** With every key of the keyset as it is now. */
  async cipher(): Promise<FieldCipher> {
    return fieldsUnder(await this.#read('pii'));
  }

  /** As the client library reads it. */
  source(key: 'jwt' | 'pii'): SecretSource {
    const name = this.#parts.nameOf(key);
    return { name, refreshes: true, read: async () => ({ value: await this.#read(key) }) };
  }

  /** Lets the guard know every value that the consumer may read now. */
  async watchValues(): Promise<void> {
    for (const key of ['jwt', 'pii', 'db', 'legacyDb']) {
      await this.#read(key);
    }
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

  #tokens() {
    return new SecretCache(this.source('jwt'), { parse: tokenKeys() });
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
