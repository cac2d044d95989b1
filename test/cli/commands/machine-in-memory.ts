/** The machine of emergencies as the command line sees it: records that move while somebody looks. */
import type {
  EmergencyRecord,
  EmergencySecretRecord,
  EmergencyStage,
  StageRecord,
} from '../../../domain/events/emergency.ts';
import type { InMemoryDeployment } from '../in-memory-deployment.ts';

export const bucket = 'pharmacy-prod-incidents';

/** At each sleep of whoever follows, the next of these happens. */
export function meanwhile(deployment: InMemoryDeployment, ...events: (() => unknown)[]): void {
  const left = [...events];
  deployment.meanwhile = async () => void (await left.shift()?.());
}

export class MachineInMemory {
  readonly #deployment: InMemoryDeployment;
  readonly id: string;
  readonly execution: string;

  /** @param execution absent: the one that was started last */
  constructor(deployment: InMemoryDeployment, id?: string, execution?: string) {
    this.#deployment = deployment;
    const name = deployment.started.at(-1)?.name ?? '';
    this.id = id ?? name;
    this.execution =
      execution ??
      `arn:aws:states:eu-west-1:000000000000:execution:quarterturn-pharmacy-prod-emergency:${name}`;
  }

  get #now(): string {
    return this.#deployment.clock.now().toISOString();
  }

  async begin(more: Partial<EmergencyRecord> = {}): Promise<void> {
    this.#deployment.alive.add(this.execution);
    await this.#deployment.emergencyRecords.updateEmergency(this.id, () => ({
      id: this.id,
      exposed: ['jwt'],
      others: [],
      reason: 'in a log',
      suspects: [],
      keepRunning: false,
      drill: false,
      unattended: false,
      requestedBy: 'arn:aws:iam::000000000000:user/on-call',
      execution: this.execution,
      state: 'running',
      startedAt: this.#now,
      consumers: { stop: [], restart: [], alone: [] },
      ...more,
    }));
  }

  stage(stage: EmergencyStage, state: StageRecord['state'], more: Partial<StageRecord> = {}) {
    return this.#deployment.emergencyRecords.updateStage(this.id, stage, (standing) => ({
      id: this.id,
      stage,
      startedAt: standing?.startedAt ?? this.#now,
      evidence: [],
      ...(state !== 'running' && { endedAt: this.#now }),
      ...more,
      state,
    }));
  }

  secret(
    key: string,
    state: EmergencySecretRecord['state'],
    more: Partial<EmergencySecretRecord> = {},
  ) {
    const at = this.#now;
    return this.#deployment.emergencyRecords.updateSecret(this.id, key, (standing) => ({
      ...(standing ?? {
        id: this.id,
        key,
        name: `pharmacy/prod/${key}`,
        kind: 'jwt',
        exposed: true,
        attempts: 0,
        compromised: [],
        evidence: [],
      }),
      ...(state === 'asked' && { askedAt: at, attempts: 1 }),
      ...(state === 'promoted' && { promotedAt: at, versionId: 'd'.repeat(32) }),
      ...(state === 'proven' && { provenAt: at }),
      ...more,
      state,
    }));
  }

  /** Its execution ends, and its record says how. */
  async end(
    state: 'closed' | 'incomplete' = 'closed',
    more: Partial<EmergencyRecord> = {},
  ): Promise<void> {
    const { emergencyRecords, alive } = this.#deployment;
    await emergencyRecords.updateEmergency(this.id, (head) =>
      head === undefined ? undefined : { ...head, state, endedAt: this.#now, ...more },
    );
    alive.delete(this.execution);
  }

  /** As the machine stores it, in every form. */
  async report(): Promise<void> {
    const { emergencyRecords, storedReports } = this.#deployment;
    const key = `${this.id}/report.json`;
    await emergencyRecords.updateEmergency(this.id, (head) =>
      head === undefined ? undefined : { ...head, report: { bucket, key, at: this.#now } },
    );
    for (const form of ['md', 'html', 'json']) {
      storedReports.set(`${bucket}/${this.id}/report.${form}`, `# The incident, as ${form}\n`);
    }
  }
}
