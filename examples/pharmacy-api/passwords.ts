/** Passwords of users: scrypt (RFC 7914), stored in the PHC form `$scrypt$ln=17,r=8,p=1$salt$hash`. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

const blockSize = 8;
const hashBytes = 32;
/** At the usual cost one takes 128 MiB: more at once, and logins alone could end the process. */
const atOnce = 4;
const mayWait = 64;

const stored = /^\$scrypt\$ln=(\d{2}),r=8,p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$/;

/** More logins are waiting than can be served in time. */
export class TooManyLoginsError extends Error {
  override readonly name = 'TooManyLoginsError';
}

export class Passwords {
  readonly #cost: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** @param cost log2 of N. 17: OWASP Password Storage Cheat Sheet, "scrypt" */
  constructor(cost: number) {
    this.#cost = cost;
  }

  async hash(password: string): Promise<string> {
    const salt = randomBytes(16);
    const hash = await this.#derived(password, salt, this.#cost);
    return `$scrypt$ln=${this.#cost},r=8,p=1$${unpadded(salt)}$${unpadded(hash)}`;
  }

  /**
   * Takes as long when there is no such user: how long it takes tells nobody which names exist.
   * @throws TooManyLoginsError
   */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    const [, cost, salt, expected] = stored.exec(hash ?? '') ?? [];
    if (cost === undefined || salt === undefined || expected === undefined) {
      await this.#derived(password, randomBytes(16), this.#cost);
      return false;
    }
    const found = await this.#derived(password, Buffer.from(salt, 'base64'), Number(cost));
    return timingSafeEqual(found, Buffer.from(expected, 'base64'));
  }

  async #derived(password: string, salt: Buffer, cost: number): Promise<Buffer> {
    if (this.#running >= atOnce) {
      if (this.#waiting.length >= mayWait) {
        throw new TooManyLoginsError('Too many logins at once.');
      }
      // Whoever ends hands its place on, so that nobody slips in between.
      await new Promise<void>((turn) => this.#waiting.push(turn));
    } else {
      this.#running += 1;
    }
    try {
      return await scryptOf(password, salt, cost);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#running -= 1;
      } else {
        next();
      }
    }
  }
}

function scryptOf(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  const N = 2 ** cost;
  // What it needs is 128 · N · r bytes; Node.js asks for a little more.
  const options = { N, r: blockSize, p: 1, maxmem: 129 * N * blockSize };
  return new Promise((resolve, reject) => {
    // Two ways to type the same letter are one password (RFC 8265 section 4).
    scrypt(password.normalize('NFC'), salt, hashBytes, options, (error, hash) =>
      error === null ? resolve(hash) : reject(error),
    );
  });
}

const unpadded = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
