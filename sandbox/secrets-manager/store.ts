/** The secrets of the account, found by name, full ARN or partial ARN. */
import { randomInt } from 'node:crypto';
import { markedForDeletion, secretNotFound } from './errors.ts';
import { Secret } from './secret.ts';

const SUFFIX = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export class SecretStore {
  readonly #prefix: string;
  readonly #secrets = new Map<string, Secret>();

  constructor(account: string, region: string) {
    this.#prefix = `arn:aws:secretsmanager:${region}:${account}:secret:`;
  }

  /** The ARN a secret of that name would have, with its suffix still open; for access checks. */
  futureArn(name: string): string {
    return `${this.#prefix}${name}-??????`;
  }

  add(name: string, now: Date, suffix: string = randomSuffix()): Secret {
    const secret = new Secret(`${this.#prefix}${name}-${suffix}`, name, now);
    this.#secrets.set(secret.arn, secret);
    return secret;
  }

  remove(secret: Secret): void {
    this.#secrets.delete(secret.arn);
  }

  all(): Secret[] {
    return [...this.#secrets.values()];
  }

  named(name: string): Secret | undefined {
    return this.all().find((secret) => secret.name === name);
  }

  find(id: string): Secret | undefined {
    return (
      this.#secrets.get(id) ??
      this.named(id) ??
      // A partial ARN lacks the hyphen and the six characters AWS adds.
      (id.startsWith(this.#prefix) ? this.named(id.slice(this.#prefix.length)) : undefined)
    );
  }

  /** @throws ResourceNotFoundException */
  get(id: string): Secret {
    const secret = this.find(id);
    if (secret === undefined) {
      throw secretNotFound();
    }
    return secret;
  }

  /** @throws ResourceNotFoundException, InvalidRequestException when marked for deletion */
  live(id: string): Secret {
    const secret = this.get(id);
    if (secret.state.deletion !== undefined) {
      throw markedForDeletion();
    }
    return secret;
  }
}

function randomSuffix(): string {
  return Array.from({ length: 6 }, () => SUFFIX[randomInt(SUFFIX.length)]).join('');
}
