/** On-call: asks Secrets Manager for rotations and looks at labels. Reads no value, and may not. */

import { type StatusDoors, statusReport } from '../cli/status/gather.ts';
import type { Manifest, RotatedManifestSecret } from '../domain/config/manifest.ts';
import { manifestParameterName, type Scope } from '../domain/config/names.ts';
import type { ReencryptionRecord } from '../domain/events/control-records.ts';
import { type RowsPlan, rowsPlanSchema } from '../domain/events/operator-requests.ts';
import {
  type ReencryptionStatus,
  reencryptionStatusSchema,
} from '../domain/events/reencryption.ts';
import { currentVersion, previousVersion } from '../domain/policy/labels.ts';
import { deploymentReport } from '../domain/reports/deployment/build.ts';
import type { DeploymentReport } from '../domain/reports/deployment-report.ts';
import type { StatusReport } from '../domain/reports/status-report.ts';
import { type Asked, askForRotation } from '../doors/ask-for-rotation.ts';
import type { AuditLogDoor } from '../doors/audit-log.ts';
import { systemClock } from '../doors/clock.ts';
import type { ControlTableDoor } from '../doors/control-table.ts';
import { deploymentFacts } from '../doors/deployment-facts.ts';
import {
  auditLogWith,
  controlTableWith,
  type ExplicitAccess,
  functionsWith,
  parametersWith,
  secretsManagerWith,
  stepFunctionsWith,
} from '../doors/explicit-access.ts';
import type { FunctionsDoor } from '../doors/functions.ts';
import { manifestAt } from '../doors/manifest.ts';
import { localRandom } from '../doors/random.ts';
import type { SecretsManagerDoor } from '../doors/secrets-manager.ts';
import type { Sandbox } from '../sandbox/start.ts';
import { ProofFailedError, present, prove } from './proof.ts';

export interface Generation {
  current: string;
  previous?: string;
}

export class Operator {
  readonly manifest: Manifest;
  readonly #secrets: SecretsManagerDoor;
  readonly #controlTable: ControlTableDoor;
  readonly #functions: FunctionsDoor;
  readonly #looking: Pick<StatusDoors, 'caller' | 'stepFunctions'>;
  readonly #auditLog: AuditLogDoor;
  readonly #sandbox: Sandbox;

  private constructor(manifest: Manifest, access: ExplicitAccess, sandbox: Sandbox) {
    this.manifest = manifest;
    this.#secrets = secretsManagerWith(access);
    this.#controlTable = controlTableWith(access, manifest.controlTable);
    this.#functions = functionsWith(access);
    const { region, account, url: endpoint } = sandbox;
    this.#looking = {
      caller: { arn: `arn:aws:iam::${account}:user/on-call`, account, region, endpoint },
      stepFunctions: stepFunctionsWith(access),
    };
    this.#auditLog = auditLogWith(access);
    this.#sandbox = sandbox;
  }

  /** Reads the manifest the stack left: on-call needs no checkout. */
  static async of(scope: Scope, access: ExplicitAccess, sandbox: Sandbox): Promise<Operator> {
    const manifest = await manifestAt(manifestParameterName(scope), parametersWith(access))();
    return new Operator(manifest, access, sandbox);
  }

  /** A secret that rotates, by its key in the configuration. */
  secret(key: string): RotatedManifestSecret {
    const found = this.manifest.secrets.find((secret) => secret.key === key);
    prove(found !== undefined && found.kind !== 'userManaged', `the manifest has "${key}" rotate`);
    return found;
  }

  rotatedSecrets(): RotatedManifestSecret[] {
    return this.manifest.secrets.filter((secret) => secret.kind !== 'userManaged');
  }

  /** What `quarterturn status` shows, with the operator's own rights. */
  async status(): Promise<StatusReport> {
    return statusReport({
      manifest: this.manifest,
      secretsManager: this.#secrets,
      controlTable: this.#controlTable,
      clock: { now: () => this.#sandbox.clock.now(), sleep: systemClock.sleep },
      ...this.#looking,
    });
  }

  /** What `quarterturn report` tells, with the operator's own rights. */
  async report(): Promise<DeploymentReport> {
    const doors = {
      secretsManager: this.#secrets,
      controlTable: this.#controlTable,
      stepFunctions: this.#looking.stepFunctions,
      auditLog: this.#auditLog,
      clock: { now: () => this.#sandbox.clock.now(), sleep: systemClock.sleep },
    };
    return deploymentReport(await deploymentFacts(doors, this.manifest, this.#looking.caller));
  }

  async describe(key: string) {
    return this.#secrets.describe(this.secret(key).name);
  }

  async generation(key: string): Promise<Generation> {
    const stages = (await this.describe(key)).versionIdsToStages;
    const previous = previousVersion(stages);
    return {
      current: present(currentVersion(stages), `a version of ${key} carries AWSCURRENT`),
      ...(previous !== undefined && { previous }),
    };
  }

  /**
   * RotateSecret, as `aws secretsmanager rotate-secret` or the console's button would; the four steps
   * run in the background.
   * @returns the version the rotation makes
   */
  async ask(key: string): Promise<string> {
    const token = (await localRandom.bytes(16)).toString('hex');
    const outcome = await this.#secrets.rotate({
      secretId: this.secret(key).name,
      clientRequestToken: token,
    });
    prove(outcome === 'started', `RotateSecret of ${key} is accepted`);
    return token;
  }

  /** As `quarterturn rotate` asks: whether it may start is decided before RotateSecret. */
  async askFirst(key: string): Promise<Asked> {
    return askForRotation(
      {
        secretsManager: this.#secrets,
        controlTable: this.#controlTable,
        clock: { now: () => this.#sandbox.clock.now(), sleep: systemClock.sleep },
      },
      this.secret(key),
      await this.describe(key),
      { token: (await localRandom.bytes(16)).toString('hex'), requestedBy: 'on-call' },
    );
  }

  /** What the database lacks before rows of `key` can be rewritten, as the operator's function sees it. */
  async planRows(key: string): Promise<RowsPlan> {
    const login = this.secret(this.#rows(key).login ?? '');
    const operator = login.kind === 'database' ? login.operator : undefined;
    return rowsPlanSchema.parse(
      await this.#functions.invoke(present(operator, `an operator prepares ${login.name}`), {
        operation: 'planRows',
        secret: this.secret(key).name,
      }),
    );
  }

  /** Where the rows of `key` are, from the ledger in their database. */
  async reencryptionStatus(key: string): Promise<ReencryptionStatus> {
    return reencryptionStatusSchema.parse(
      await this.#functions.invoke(this.#rows(key).function, {
        operation: 'reencryptionStatus',
        secret: this.secret(key).name,
      }),
    );
  }

  /** What is remembered of it outside of the database. */
  async reencryption(key: string): Promise<ReencryptionRecord | undefined> {
    return this.#controlTable.getReencryption(this.secret(key).name);
  }

  #rows(key: string) {
    const secret = this.secret(key);
    return present(
      secret.kind === 'encryption' ? secret.reencryption : undefined,
      `the rows of ${key} follow its keys (reencryption in rotation.config.ts)`,
    );
  }

  /** The AfterRotation of AWSCURRENT: where it stands, and why it stopped if it did. */
  async afterRotation(key: string): Promise<{ state: string; reason?: string | undefined }> {
    const { current } = await this.generation(key);
    const record = await this.#controlTable.getAfterRotation(this.secret(key).name, current);
    return record ?? { state: 'absent' };
  }

  /**
   * Rotates and lets everything that follows come to rest, the AfterRotation included.
   * @throws ProofFailedError with the function's last log lines when AWSCURRENT did not move
   */
  async rotate(key: string): Promise<Generation> {
    const { clock } = this.#sandbox;
    // Date labels tell generations apart by the second: rotations by hand are a minute apart here.
    await clock.advanceTo(new Date(clock.now().getTime() + 60_000));
    const before = await this.generation(key);
    await this.ask(key);
    await clock.settle();
    const after = await this.generation(key);
    if (after.current === before.current) {
      const lines = this.#sandbox.logs(this.secret(key).function).slice(-4);
      throw new ProofFailedError(
        `RotateSecret of ${key} did not move AWSCURRENT. Its function's last lines:\n${lines.join('\n')}`,
      );
    }
    const { state, reason } = await this.afterRotation(key);
    prove(state === 'finished', `the AfterRotation of ${key} is finished, not ${state}: ${reason}`);
    return after;
  }
}
