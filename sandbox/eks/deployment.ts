/**
 * A Deployment with the controller behind it: what is patched is wanted at once, observed a second later, and
 * there when its pods are available.
 * @see https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status
 */
import { createHash, randomUUID } from 'node:crypto';
import type { SandboxClock } from '../clock.ts';
import { deploymentStatus, type Pods, type Progress } from './deployment-status.ts';
import type { ExistingDeployment, PodBehaviour, PodChange } from './existing.ts';
import { invalid, type ObjectPlace, timestamp } from './status.ts';

export interface DeploymentSettings {
  clock: SandboxClock;
  /** Tells whoever listens; rejects when the pods shall not come up. */
  tell(change: PodChange): Promise<void>;
}

interface Spec {
  replicas: number;
  paused?: boolean;
  progressDeadlineSeconds: number;
  template: unknown;
  [member: string]: unknown;
}

interface Metadata {
  name: string;
  namespace: string;
  generation: number;
  annotations?: Record<string, string>;
  [member: string]: unknown;
}

const observedAfter = 1_000;
const second = 1_000;

export class Deployment {
  readonly #cluster: string;
  readonly #settings: DeploymentSettings;
  #behaviour: PodBehaviour;
  #metadata: Metadata;
  #spec: Spec;
  /** The template that pods were started from. */
  #template: string;
  #pods: Pods;
  #observedGeneration = 1;
  #progress: Progress = 'done';
  #changed: Date;
  #forgetTimers: (() => void)[] = [];

  constructor(existing: ExistingDeployment, settings: DeploymentSettings) {
    const { cluster, namespace, name, replicas = 2, behaviour = { pods: 'start' } } = existing;
    this.#cluster = cluster;
    this.#settings = settings;
    this.#behaviour = behaviour;
    this.#changed = settings.clock.now();
    const creationTimestamp = timestamp(this.#changed);
    this.#metadata = { name, namespace, uid: randomUUID(), generation: 1, creationTimestamp };
    const labels = { app: name };
    const containers = existing.containers ?? [{ name, image: `${name}:1` }];
    this.#spec = {
      replicas,
      ...(existing.paused && { paused: true }),
      progressDeadlineSeconds: existing.progressDeadlineSeconds ?? 600,
      selector: { matchLabels: labels },
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' },
      },
      template: { metadata: { labels }, spec: { containers } },
    };
    this.#template = JSON.stringify(this.#spec.template);
    this.#pods = { old: 0, fresh: replicas, pending: 0 };
  }

  /** From the next rollout on. */
  behave(behaviour: PodBehaviour): void {
    this.#behaviour = behaviour;
  }

  /** Of pods that are under way, too: somebody else stands in its place. */
  forget(): void {
    for (const forget of this.#forgetTimers.splice(0)) forget();
  }

  object(): { metadata: Metadata; spec: Spec; status: object; [member: string]: unknown } {
    return {
      kind: 'Deployment',
      apiVersion: 'apps/v1',
      metadata: this.#metadata,
      spec: this.#spec,
      status: deploymentStatus({
        name: this.#metadata.name,
        template: hashed(this.#template),
        observedGeneration: this.#observedGeneration,
        pods: this.#pods,
        wanted: this.#spec.replicas,
        progress: this.#progress,
        changed: this.#changed,
      }),
    };
  }

  /**
   * What somebody wants from now on. Status, name and counters are the server's own and stay.
   * @throws KubernetesStatus 422 for a number of pods that is none
   */
  want(merged: Record<string, unknown>, place: ObjectPlace): void {
    const spec = (merged.spec ?? {}) as Spec;
    if (!Number.isInteger(spec.replicas) || spec.replicas < 0) {
      const why = `spec.replicas: Invalid value: ${JSON.stringify(spec.replicas)}: must be greater than or equal to 0`;
      throw invalid('Deployment', place, why);
    }
    const { annotations } = (merged.metadata ?? {}) as Partial<Metadata>;
    const { annotations: _before, ...metadata } = this.#metadata;
    this.#metadata = { ...metadata, ...(annotations && { annotations }) } as Metadata;
    // "A sequence number representing a specific generation of the desired state": nothing wanted anew, none counted.
    if (JSON.stringify(spec) === JSON.stringify(this.#spec)) return;
    this.#spec = spec;
    const generation = this.#metadata.generation + 1;
    this.#metadata = { ...this.#metadata, generation };
    this.forget();
    this.#after(observedAfter, 'observed', () => this.#observe(generation));
  }

  async #observe(generation: number): Promise<void> {
    const { replicas, paused } = this.#spec;
    const template = JSON.stringify(this.#spec.template);
    this.#observedGeneration = generation;
    const isRollout = template !== this.#template && paused !== true;
    const { old, fresh } = this.#pods;
    const running = old + fresh;
    if (isRollout) {
      this.#template = template;
      // "at most 25% over the desired number of Pods" while others go.
      const surge = Math.max(1, Math.ceil(replicas * 0.25));
      const kept = Math.min(running, replicas);
      this.#pods = { old: kept, fresh: 0, pending: Math.max(replicas - kept, surge) };
    } else {
      const kept = Math.min(old, replicas);
      this.#pods = { old: kept, fresh: Math.min(fresh, replicas - kept), pending: 0 };
      if (old > 0 || running < replicas) {
        this.#pods.pending = Math.max(1, replicas - running);
      }
    }
    if (replicas === 0) {
      this.#pods = { old: 0, fresh: 0, pending: 0 };
    }
    this.#turn(this.#pods.pending === 0 ? 'done' : 'under way');
    if (!isRollout && running === replicas) return;
    await this.#start(generation, isRollout ? 'rollout' : 'scaling');
  }

  async #start(generation: number, cause: PodChange['cause']): Promise<void> {
    const { replicas, progressDeadlineSeconds } = this.#spec;
    const { namespace, name } = this.#metadata;
    const change = { cluster: this.#cluster, namespace, deployment: name, cause, generation };
    const started = await this.#settings.tell({ ...change, replicas }).then(
      () => this.#behaviour.pods === 'start',
      () => false,
    );
    if (this.#metadata.generation !== generation || this.#pods.pending === 0) return;
    if (started && this.#behaviour.pods === 'start') {
      const { steadyAfterSeconds = 30 } = this.#behaviour;
      this.#after(steadyAfterSeconds * second, 'available', async () => {
        this.#pods = { old: 0, fresh: this.#spec.replicas, pending: 0 };
        this.#turn('done');
      });
    } else {
      this.#after(progressDeadlineSeconds * second, 'deadline', async () => {
        this.#turn('deadline exceeded');
      });
    }
  }

  #turn(progress: Progress): void {
    this.#progress = progress;
    this.#changed = this.#settings.clock.now();
  }

  #after(milliseconds: number, what: string, work: () => Promise<void>): void {
    const { clock } = this.#settings;
    const { namespace, name } = this.#metadata;
    const at = new Date(clock.now().getTime() + milliseconds);
    const label = `deployment ${this.#cluster}/${namespace}/${name}: ${what}`;
    this.#forgetTimers.push(clock.at(at, label, work));
  }
}

/** As the names of replica sets carry it. */
const hashed = (template: string): string =>
  createHash('sha256').update(template).digest('hex').slice(0, 10);
