/** The access keys the sandbox issued itself. Any other key is foreign: refused, and never written down. */
import { randomBytes } from 'node:crypto';
import type { Credentials } from './sandbox.ts';
import type { Caller } from './service.ts';

export interface IssuedKey {
  credentials: Credentials;
  caller: Caller;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export class CredentialStore {
  readonly #keys = new Map<string, IssuedKey>();

  /** Key ids begin with LOCAL, never with AKIA or ASIA: nobody takes them for AWS's, nor a scanner. */
  issue(caller: Caller): Credentials {
    const suffix = [...randomBytes(11)].map((byte) => ALPHABET[byte % 32]).join('');
    const credentials: Credentials = {
      accessKeyId: `${caller.kind === 'role' ? 'LOCALROLE' : 'LOCALUSER'}${suffix}`,
      secretAccessKey: randomBytes(30).toString('base64'),
      ...((caller.kind === 'role' || caller.session !== undefined) && {
        sessionToken: randomBytes(48).toString('base64'),
      }),
    };
    this.#keys.set(credentials.accessKeyId, { credentials, caller });
    return credentials;
  }

  find(accessKeyId: string): IssuedKey | undefined {
    return this.#keys.get(accessKeyId);
  }
}
