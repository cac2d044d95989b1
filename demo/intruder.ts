/** A stranger with a lost access key, who may read what the key's owner may. */

import { primaryOf } from '../domain/secrets/keyset.ts';
import type { Credential } from '../doors/postgres/door.ts';
import type { Application } from './application.ts';

export class Intruder {
  /** As CloudTrail tells of it. */
  readonly name: string;
  readonly #reads: Application;

  /** @param reads what the lost key lets one see */
  constructor(name: string, reads: Application) {
    this.name = name;
    this.#reads = reads;
  }

  /** Reads the database credential and the signing key. */
  async steal(): Promise<{ credential: Credential; kid: string }> {
    const credential = await this.#reads.credential('db');
    return { credential, kid: primaryOf(await this.#reads.keyset('jwt')).kid };
  }
}
