/**
 * An ExternalSecret with the operator behind it, which copies once more when an annotation, a label or the spec
 * changes, and then notes of which state of the object. What it copies is nowhere: nobody asks for it here.
 * @see https://external-secrets.io/latest/api/externalsecret/#update-behavior
 */
import { createHash, randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import type { ExistingExternalSecret, SyncBehaviour } from './existing.ts';
import { timestamp } from './status.ts';

interface Metadata {
  generation: number;
  annotations?: unknown;
  labels?: unknown;
  [member: string]: unknown;
}

const second = 1_000;
/** "failures are retried with exponential back-off", the longest of controller-runtime's. */
const longestPause = 1_000 * second;

export class ExternalSecret {
  readonly #clock: SandboxClock;
  readonly #label: string;
  #behaviour: SyncBehaviour;
  #metadata: Metadata;
  #spec: unknown;
  #refreshed: Date;
  #syncedVersion: string;
  #ready: object;
  #forgetTimer: () => void = () => undefined;

  constructor(existing: ExistingExternalSecret, clock: SandboxClock) {
    const { cluster, namespace, name, behaviour = { sync: 'succeeds' } } = existing;
    this.#clock = clock;
    this.#label = `external secret ${cluster}/${namespace}/${name}`;
    this.#behaviour = behaviour;
    this.#refreshed = clock.now();
    const creationTimestamp = timestamp(this.#refreshed);
    this.#metadata = { name, namespace, uid: randomUUID(), generation: 1, creationTimestamp };
    this.#spec = {
      refreshInterval: '1h0m0s',
      secretStoreRef: { kind: 'SecretStore', name: 'secrets-manager' },
      target: { name },
    };
    this.#syncedVersion = this.#version();
    this.#ready = this.#condition('True', 'SecretSynced', 'secret synced');
  }

  /** From the next attempt on. */
  behave(behaviour: SyncBehaviour): void {
    this.#behaviour = behaviour;
  }

  forget(): void {
    this.#forgetTimer();
  }

  object(version: string): { metadata: Metadata; [member: string]: unknown } {
    return {
      apiVersion: `external-secrets.io/${version}`,
      kind: 'ExternalSecret',
      metadata: this.#metadata,
      spec: this.#spec,
      status: {
        binding: { name: this.#metadata.name },
        conditions: [this.#ready],
        refreshTime: timestamp(this.#refreshed),
        syncedResourceVersion: this.#syncedVersion,
      },
    };
  }

  /** What somebody wants from now on. Status, name and counters are the server's own and stay. */
  want(merged: Record<string, unknown>): void {
    const { annotations, labels } = (merged.metadata ?? {}) as Partial<Metadata>;
    const { annotations: _annotations, labels: _labels, ...rest } = this.#metadata;
    const before = this.#version();
    const isOther = JSON.stringify(merged.spec) !== JSON.stringify(this.#spec);
    this.#spec = merged.spec;
    this.#metadata = {
      ...rest,
      generation: this.#metadata.generation + (isOther ? 1 : 0),
      ...(annotations !== undefined && { annotations }),
      ...(labels !== undefined && { labels }),
    };
    if (before === this.#version()) return;
    this.forget();
    this.#attempt(1);
  }

  #attempt(which: number): void {
    const { afterSeconds = 5 } = this.#behaviour;
    const pause = Math.min(longestPause, afterSeconds * second * 2 ** (which - 1));
    const at = new Date(this.#clock.now().getTime() + pause);
    this.#forgetTimer = this.#clock.at(at, `${this.#label}: copied`, async () => {
      if (this.#behaviour.sync === 'fails') {
        const why = 'could not get secret data from provider';
        this.#ready = this.#condition('False', 'SecretSyncedError', why);
        this.#attempt(which + 1);
        return;
      }
      this.#refreshed = this.#clock.now();
      this.#syncedVersion = this.#version();
      this.#ready = this.#condition('True', 'SecretSynced', 'secret synced');
    });
  }

  #condition(status: 'True' | 'False', reason: string, message: string): object {
    const lastTransitionTime = timestamp(this.#clock.now());
    return { lastTransitionTime, message, reason, status, type: 'Ready' };
  }

  /** Generation, and a hash of annotations and labels (external-secrets, GetResourceVersion). */
  #version(): string {
    const { generation, annotations = {}, labels = {} } = this.#metadata;
    const hash = createHash('sha224').update(JSON.stringify([annotations, labels]));
    return `${generation}-${hash.digest('hex')}`;
  }
}
