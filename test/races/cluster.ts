/** Roles of one cluster, as invariants look at them. */
import type { Credential, PostgresDoor } from '../../doors/postgres/door.ts';
import { scramVerifier } from '../../doors/postgres/scram.ts';
import type { Schedule } from './schedule.ts';

export interface Role {
  verifier: string | undefined;
  login: boolean;
  readonly settings: Map<string, string>;
}

/** Salt and password → verifier: computing one takes a millisecond. */
const verifiers = new Map<string, string>();

export abstract class Cluster {
  readonly roles = new Map<string, Role>();
  /** Every change of a role that was committed. */
  readonly alters: { role: string; by: string }[] = [];
  /** Whose sessions were ended by somebody. */
  readonly terminated: string[] = [];

  /** Would this login succeed, by what was seen last? */
  accepts({ username, password }: Credential): boolean {
    const role = this.roles.get(username);
    return role?.login === true && fits(role, password);
  }

  /** The cluster as this participant reaches it; each statement is a call. */
  abstract door(schedule: Schedule, name: () => string): PostgresDoor;

  /** Looks at the server. */
  async refresh(): Promise<void> {}
}

export function fits({ verifier }: Role, password: string): boolean {
  if (verifier === undefined) return false;
  const salt = /:([^$]+)\$/.exec(verifier)?.[1] ?? '';
  const key = `${salt} ${password}`;
  const known = verifiers.get(key) ?? scramVerifier(password, Buffer.from(salt, 'base64'));
  verifiers.set(key, known);
  return known === verifier;
}
