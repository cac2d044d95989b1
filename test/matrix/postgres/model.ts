/** Sessions of the server in memory: transactions over a copy of its state, an end that rolls back and lets go. */
import type { Credential, Endpoint } from '../../../doors/postgres/door.ts';
import { type Cluster, databaseError, type Role, type ServerState } from './cluster.ts';
import type { Connection } from './door.ts';
import { encryptionStatements } from './encryption-statements.ts';
import { answerTo, type Row } from './statements.ts';

export class ModelSession implements Connection {
  readonly cluster: Cluster;
  readonly role: Role;
  #transaction: { state: ServerState; isAborted: boolean } | undefined;
  #isOpen = true;

  constructor(cluster: Cluster, endpoint: Endpoint, credential: Credential) {
    this.cluster = cluster;
    this.role = cluster.authenticate(endpoint, credential);
  }

  /** What this session sees. */
  get state(): ServerState {
    return this.#transaction?.state ?? this.cluster.state;
  }

  write(state: ServerState): void {
    if (this.#transaction === undefined) {
      this.cluster.commit(state);
    } else {
      this.#transaction.state = state;
    }
  }

  async query(text: string, values: readonly unknown[] = []): Promise<{ rows: Row[] }> {
    if (!this.#isOpen) {
      throw new Error('Connection terminated unexpectedly');
    }
    if (text === 'begin') {
      // Within one it is a warning, and nothing else.
      this.#transaction ??= { state: this.cluster.state, isAborted: false };
      return { rows: [] };
    }
    if (text === 'commit' || text === 'rollback') {
      const ended = this.#transaction;
      this.#transaction = undefined;
      if (text === 'commit' && ended?.isAborted === false) {
        this.cluster.commit(ended.state);
      }
      return { rows: [] };
    }
    if (this.#transaction?.isAborted) {
      throw databaseError('25P02', 'current transaction is aborted');
    }
    try {
      return { rows: answerTo(this, text, values, encryptionStatements) };
    } catch (error) {
      if (this.#transaction !== undefined) {
        this.#transaction.isAborted = true;
      }
      throw error;
    }
  }

  cut(): void {
    this.#isOpen = false;
    this.#transaction = undefined;
    this.cluster.release(this);
  }

  async end(): Promise<void> {
    this.cut();
  }
}
