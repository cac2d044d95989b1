/** A connection that asks for its role and password when it is made. */
import type { Client } from 'pg';
import type { DatabaseCredential } from './database-credential.ts';
import type { LoginGate } from './login-gate.ts';

export type ClientClass = typeof Client;

type Connected = (error: Error | null, client?: Client) => void;

/**
 * pg takes a function as `password`, and a text as `user`: with two roles both change. So both are set between
 * the making of a client and its first packet.
 */
export function rotatingClient(Base: ClientClass, gate: LoginGate): ClientClass {
  class RotatingClient extends Base {
    override connect(): Promise<this>;
    override connect(callback: Connected): void;
    override connect(callback?: Connected): Promise<this> | undefined {
      const connected = this.#connect(() => super.connect());
      if (callback === undefined) {
        return connected.then(() => this);
      }
      // Outside of the promise: what a callback throws is nobody's rejection.
      connected.then(
        () => process.nextTick(callback, null, this),
        (error: Error) => process.nextTick(callback, error),
      );
      return undefined;
    }

    async #connect(dial: () => Promise<unknown>): Promise<void> {
      const attempt = await gate.attempt();
      if (this.connection.stream.destroyed) {
        throw new Error('Connection ended before it was made');
      }
      asRole(this, attempt.credential);
      try {
        await dial();
      } catch (error) {
        gate.failed(error, attempt);
        throw error;
      }
      gate.accepted();
    }
  }
  return RotatingClient as ClientClass;
}

/** The startup packet takes the role from `connectionParameters`, an md5 answer from `user` (pg 8, lib/client.js). */
function asRole(client: Client, { username, password }: DatabaseCredential): void {
  client.user = username;
  client.password = password;
  const { connectionParameters } = client as unknown as {
    connectionParameters: { user: string };
  };
  connectionParameters.user = username;
}
