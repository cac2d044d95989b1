/**
 * Which credential a new connection logs in with, and what happens after a refusal.
 *
 * All connections of a pool share one gate. The first refusal closes it: one read of the secret, and while that
 * brings no other credential, one login at a time, ever further apart, until one is let in or `retryFor` is over.
 * Nobody else dials meanwhile, so a wrong credential is no storm on the server, on Secrets Manager, or on the
 * account's lockout rules.
 */
import type { SecretCache } from '../secret-cache.ts';
import type { SecretSource } from '../secret-source.ts';
import type { System } from '../system.ts';
import { type DatabaseCredential, databaseCredential } from './database-credential.ts';
import { CredentialRefusedError } from './errors.ts';
import { pauseAfter } from './wait.ts';

export interface LoginReport {
  /**
   * `refused`: the secret is read again. `changed`: that brought another credential. `pending`: AWSPENDING is let
   * in and used. `accepted`: the same credential is let in now. `given up`: `retryFor` is over.
   */
  readonly event: 'refused' | 'changed' | 'pending' | 'accepted' | 'given up';
  readonly sqlstate: string;
  readonly role: string;
  /** Refusals without a successful login between them. */
  readonly refusals: number;
  /** Why AWSPENDING was of no use: an error's code or name. */
  readonly pendingError?: string;
}

export interface GateOptions {
  readonly cache: SecretCache<DatabaseCredential>;
  /** Host and port, for messages. */
  readonly at: string;
  /** Logs in once, outside the pool, and closes the connection. */
  tryLogin(credential: DatabaseCredential): Promise<void>;
  /** The SQLSTATE of a refusal. */
  sqlstateOf(error: unknown): string | undefined;
  readonly retryFor: number;
  readonly pending: SecretSource | undefined;
  onLogin(report: LoginReport): void;
  readonly system: Pick<System, 'now' | 'chance'> & GateClock;
}

export interface GateClock {
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export interface Refusal {
  readonly credential: DatabaseCredential;
  readonly sqlstate: string;
  readonly error: Error;
}

/** How long a credential that stayed refused is not tried again. */
const restAfterGivingUp = 10_000;

export class LoginGate {
  readonly #options: GateOptions;
  readonly #refusals = new WeakMap<Error, Refusal>();
  readonly #ended = new AbortController();
  #closed: (Refusal & { readonly until: number }) | undefined;
  #inUse:
    | { readonly instead: DatabaseCredential; readonly pending: DatabaseCredential }
    | undefined;
  #flight: Promise<void> | undefined;
  #count = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /**
   * For a connection that is about to be made.
   * @throws CredentialRefusedError without dialling, when this credential was refused a moment ago
   */
  async credential(): Promise<DatabaseCredential> {
    const { value: current } = await this.#options.cache.get();
    if (this.#inUse?.instead.isSameAs(current)) {
      return this.#inUse.pending;
    }
    if (this.#closed?.credential.isSameAs(current) && this.#now() < this.#closed.until) {
      const error = this.#refusedError(this.#closed);
      this.#refusals.set(error, this.#closed);
      throw error;
    }
    return current;
  }

  /** A connection was let in: the next refusal is a first one. */
  accepted(): void {
    this.#count = 0;
  }

  /** Of an error that a connection gave before it could be used. */
  failed(error: unknown, credential: DatabaseCredential): void {
    const sqlstate = this.#options.sqlstateOf(error);
    if (sqlstate !== undefined && error instanceof Error) {
      this.#refusals.set(error, { credential, sqlstate, error });
    }
  }

  refusalOf(error: unknown): Refusal | undefined {
    return error instanceof Error ? this.#refusals.get(error) : undefined;
  }

  /**
   * Resolves when another login is worth it. Joins whoever is at it already.
   * @throws CredentialRefusedError, and what the cache throws
   */
  recover(refusal: Refusal): Promise<void> {
    if (this.#flight === undefined) {
      const held = this.#options.cache.peek()?.value;
      const isAbandoned = this.#inUse?.pending.isSameAs(refusal.credential) === true;
      if (this.#inUse !== undefined && isAbandoned) {
        refusal = { ...refusal, credential: this.#inUse.instead };
        this.#inUse = undefined;
      } else if (held !== undefined && !held.isSameAs(refusal.credential)) {
        // Somebody has read another one meanwhile.
        return Promise.resolve();
      }
      this.#flight = this.#regain(refusal).finally(() => {
        this.#flight = undefined;
      });
    }
    return this.#flight;
  }

  /** Ends what is under way. */
  end(): void {
    this.#ended.abort();
  }

  refusedError(refusal: Refusal): CredentialRefusedError {
    return this.#refusedError(refusal);
  }

  async #regain(refusal: Refusal): Promise<void> {
    const { cache, retryFor, system } = this.#options;
    const begun = this.#now();
    const rests = this.#closed !== undefined && begun < this.#closed.until;
    if (rests && this.#closed?.credential.isSameAs(refusal.credential)) {
      return this.#look(refusal);
    }
    this.#closed = { ...refusal, until: Number.POSITIVE_INFINITY };
    let last = refusal;
    try {
      for (;;) {
        this.#count += 1;
        this.#tell('refused', last);
        const { value: read } = await cache.refreshNow(`login refused (${last.sqlstate})`);
        if (!read.isSameAs(refusal.credential)) {
          return this.#tell('changed', last);
        }
        if (await this.#pendingIsLetIn(last)) {
          return;
        }
        const pause = pauseAfter(this.#count, system.chance());
        if (this.#now() + pause - begun > retryFor) {
          this.#tell('given up', last);
          throw this.#refusedError(last);
        }
        await system.wait(pause, this.#ended.signal);
        const { value: held } = await cache.get();
        if (!held.isSameAs(refusal.credential)) {
          return this.#tell('changed', last);
        }
        const again = await this.#refusalOfLogin(refusal.credential);
        if (again === undefined) {
          this.#closed = undefined;
          return this.#tell('accepted', last);
        }
        last = again;
      }
    } catch (error) {
      const rest = error instanceof CredentialRefusedError ? restAfterGivingUp : 0;
      this.#closed = { ...last, until: this.#now() + rest };
      throw error;
    }
  }

  /** While a credential rests: reads, which the cache does once a cooldown, and dials nobody. */
  async #look(refusal: Refusal): Promise<void> {
    const { value: read } = await this.#options.cache.refreshNow('login refused');
    if (read.isSameAs(refusal.credential)) {
      throw this.#refusedError(refusal);
    }
  }

  /**
   * With singleUser the server has the new password before AWSCURRENT moves. Of another role AWSPENDING is never
   * used: with two roles AWSCURRENT keeps working, and a refusal means something else.
   */
  async #pendingIsLetIn(refusal: Refusal): Promise<boolean> {
    const { pending: source } = this.#options;
    if (source === undefined) {
      return false;
    }
    try {
      const pending = databaseCredential()((await source.read('AWSPENDING')).value);
      const { credential } = refusal;
      if (pending.username !== credential.username || pending.isSameAs(credential)) {
        return false;
      }
      if ((await this.#refusalOfLogin(pending)) !== undefined) {
        return false;
      }
      this.#inUse = { instead: credential, pending };
      this.#tell('pending', refusal);
      return true;
    } catch (error) {
      // No rotation under way (ResourceNotFoundException), or no right to read it: then it is as without it.
      const reason = error instanceof Error && 'reason' in error ? error.reason : undefined;
      const name = error instanceof Error ? error.name : 'unknown';
      this.#tell('refused', refusal, typeof reason === 'string' ? reason : name);
      return false;
    }
  }

  /** @throws what is no refusal: the server is not there, or full */
  async #refusalOfLogin(credential: DatabaseCredential): Promise<Refusal | undefined> {
    try {
      await this.#options.tryLogin(credential);
      return undefined;
    } catch (error) {
      const sqlstate = this.#options.sqlstateOf(error);
      if (sqlstate === undefined || !(error instanceof Error)) {
        throw error;
      }
      return { credential, sqlstate, error };
    }
  }

  #refusedError({ sqlstate, error }: Refusal): CredentialRefusedError {
    const { at, cache } = this.#options;
    return new CredentialRefusedError(at, cache.name, sqlstate, error);
  }

  #tell(event: LoginReport['event'], refusal: Refusal, pendingError?: string): void {
    this.#options.onLogin({
      event,
      sqlstate: refusal.sqlstate,
      role: refusal.credential.username,
      refusals: this.#count,
      ...(pendingError !== undefined && { pendingError }),
    });
  }

  #now(): number {
    return this.#options.system.now().getTime();
  }
}
