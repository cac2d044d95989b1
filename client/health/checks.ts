/** What a process does with its secrets, done once: each check ends in an error or proves that it works now. */
import type { Row } from '../fields/column.ts';
import type { FieldKeys } from '../fields/field-keys.ts';
import type { KeysetSigner } from '../jwt/keyset-signer.ts';
import type { KeysetVerifier } from '../jwt/keyset-verifier.ts';
import type { TokenKeys } from '../jwt/token-keys.ts';
import type { Cached, SecretCache } from '../secret-cache.ts';
import { HealthCheckError } from './errors.ts';

/** A key as the process holds it: its name and state, nothing of itself. */
export interface KeyState {
  readonly kid?: string;
  readonly state: string;
}

export interface HealthCheck {
  /** Whose value is used. */
  readonly cache: Pick<SecretCache<unknown>, 'name' | 'peek'>;
  /** @throws whatever goes wrong */
  run(): Promise<void>;
  /** For the report, of the value at hand. */
  keys?(): readonly KeyState[];
  /** For the report: the role of a database credential. */
  role?(): string | undefined;
}

/** What a column's cipher can, of text or of bytes: `cipher.column(id)`, `cipher.bytesColumn(id)`. */
export interface RoundTrip<Stored> {
  encrypt(plaintext: string, row?: Row): Promise<Stored>;
  decrypt(stored: Stored, row?: Row): Promise<string>;
}

const probe = 'quarterturn health';

/** Encrypts and decrypts a constant text in `column`. Counts as one seal. @param row where its profile needs one */
export function fieldCheck<Stored>(
  cache: SecretCache<FieldKeys>,
  column: RoundTrip<Stored>,
  row?: Row,
): HealthCheck {
  return {
    cache,
    async run() {
      if ((await column.decrypt(await column.encrypt(probe, row), row)) !== probe) {
        throw new HealthCheckError('What was encrypted is another text when it is decrypted.');
      }
    },
    keys: () => cache.peek()?.value.states ?? [],
  };
}

/** Signs a token and verifies it. It never leaves the process. */
export function tokenCheck(
  cache: SecretCache<TokenKeys>,
  signer: KeysetSigner,
  verifier: KeysetVerifier,
): HealthCheck {
  return {
    cache,
    async run() {
      const { sub } = await verifier.verify(await signer.sign({ sub: probe }));
      if (sub !== probe) {
        throw new HealthCheckError(
          'The token that was signed has other claims when it is verified.',
        );
      }
    },
    keys: () => cache.peek()?.value.states ?? [],
  };
}

/** Asks the server one question that touches no table, through the pool the application uses. */
export function databaseCheck(
  cache: {
    readonly name: string;
    peek(): Cached<{ readonly username: string }> | undefined;
  },
  pool: { query(text: string): Promise<unknown> },
): HealthCheck {
  return {
    cache,
    async run() {
      await pool.query('select 1');
    },
    role: () => cache.peek()?.value.username,
  };
}
