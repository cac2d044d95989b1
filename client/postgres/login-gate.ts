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
import { pauseAfter } from './pauses.ts';

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

/** What one connection logs in with. */
export interface Attempt {
  readonly credential: DatabaseCredential;
  /** How often the gate had been opened again by then: a refusal from before says nothing new. */
  readonly round: number;
}

export interface Refusal extends Attempt {
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
  #round = 0;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /**
   * For a connection that is about to be made.
   * @throws CredentialRefusedError without dialling, when this credential was refused a moment ago
   */
  async attempt(): Promise<Attempt> {
    const { value: current } = await this.#options.cache.get();
    const round = this.#round;
    if (this.#inUse?.instead.isSameAs(current)) {
      return { credential: this.#inUse.pending, round };
    }
    // AWSCURRENT has moved.
    this.#inUse = undefined;
    if (this.#closed?.credential.isSameAs(current) && this.#now() < this.#closed.until) {
      const error = this.refusedError(this.#closed);
      this.#refusals.set(error, this.#closed);
      throw error;
    }
    return { credential: current, round };
  }

  /** A connection was let in: the next refusal is a first one. */
  accepted(): void {
    this.#count = 0;
  }

  /** Of an error that a connection gave before it could be used. Closes the gate before anybody else dials. */
  failed(error: unknown, attempt: Attempt): void {
    const sqlstate = this.#options.sqlstateOf(error);
    if (sqlstate !== undefined && error instanceof Error) {
      const refusal = { ...attempt, sqlstate, error };
      this.#refusals.set(error, refusal);
      // Whoever made the connection asks for the outcome; it may have given up meanwhile.
      this.recover(refusal).catch(() => undefined);
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
      if (refusal.round !== this.#round || !this.#isInUse(refusal.credential)) {
        // Somebody else was let in meanwhile, or has read another one.
        return Promise.resolve();
      }
      const instead = this.#inUse?.instead;
      // AWSPENDING was abandoned after all.
      this.#inUse = undefined;
      this.#flight = this.#regain({
        ...refusal,
        credential: instead ?? refusal.credential,
      }).finally(() => {
        this.#flight = undefined;
      });
    }
    return this.#flight;
  }

  #isInUse(credential: DatabaseCredential): boolean {
    const inUse = this.#inUse?.pending ?? this.#options.cache.peek()?.value;
    return inUse === undefined || inUse.isSameAs(credential);
  }

  /** Ends what is under way. */
  end(): void {
    this.#ended.abort();
  }

  refusedError({ sqlstate, error }: Refusal): CredentialRefusedError {
    const { at, cache } = this.#options;
    return new CredentialRefusedError(at, cache.name, sqlstate, error);
  }

  async #regain(refusal: Refusal): Promise<void> {
    const rests = this.#closed !== undefined && this.#now() < this.#closed.until;
    if (rests && this.#closed?.credential.isSameAs(refusal.credential)) {
      return this.#look(refusal);
    }
    this.#closed = { ...refusal, until: Number.POSITIVE_INFINITY };
    try {
      const event = await this.#persist(refusal);
      this.#closed = undefined;
      this.#round += 1;
      this.#tell(event, refusal);
    } catch (error) {
      const rest = error instanceof CredentialRefusedError ? restAfterGivingUp : 0;
      this.#closed = { ...refusal, until: this.#now() + rest };
      throw error;
    }
  }

  async #persist(refusal: Refusal): Promise<'changed' | 'pending' | 'accepted'> {
    const { cache, retryFor, system } = this.#options;
    const begun = this.#now();
    for (let last = refusal; ; ) {
      this.#count += 1;
      this.#tell('refused', last);
      const { value: read } = await cache.refreshNow(`login refused (${last.sqlstate})`);
      if (!read.isSameAs(refusal.credential)) {
        return 'changed';
      }
      if (await this.#pendingIsLetIn(last)) {
        return 'pending';
      }
      const pause = pauseAfter(this.#count, system.chance());
      if (this.#now() + pause - begun > retryFor) {
        this.#tell('given up', last);
        throw this.refusedError(last);
      }
      await system.wait(pause, this.#ended.signal);
      const { value: held } = await cache.get();
      if (!held.isSameAs(refusal.credential)) {
        return 'changed';
      }
      const again = await this.#refusalOfLogin(refusal.credential);
      if (again === undefined) {
        return 'accepted';
      }
      last = again;
    }
  }

  /** While a credential rests: reads, which the cache does once a cooldown, and dials nobody. */
  async #look(refusal: Refusal): Promise<void> {
    const { value: read } = await this.#options.cache.refreshNow('login refused');
    if (read.isSameAs(refusal.credential)) {
      throw this.refusedError(refusal);
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
      return { credential, round: this.#round, sqlstate, error };
    }
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
