/** Whoever starts an emergency: the machine does the rest with rights of its own, and no value is read. */
import type { Manifest } from '../domain/config/manifest.ts';
import type {
  EmergencyInput,
  EmergencyRecord,
  EmergencySecretRecord,
} from '../domain/events/emergency.ts';
import type { EmergencyRecordsDoor } from '../doors/emergency-records.ts';
import {
  type ExplicitAccess,
  emergenciesWith,
  stepFunctionsWith,
} from '../doors/explicit-access.ts';
import type { IncidentReportsDoor } from '../doors/incident-reports.ts';
import { localRandom } from '../doors/random.ts';
import type { StepFunctionsDoor } from '../doors/step-functions.ts';
import type { Sandbox } from '../sandbox/start.ts';
import { present } from './proof.ts';

export class Security {
  readonly #manifest: Manifest;
  readonly #sandbox: Pick<Sandbox, 'region' | 'account' | 'clock'>;
  readonly #stepFunctions: StepFunctionsDoor;
  readonly #records: EmergencyRecordsDoor;
  readonly #reports: IncidentReportsDoor;

  constructor(
    manifest: Manifest,
    access: ExplicitAccess,
    sandbox: Pick<Sandbox, 'region' | 'account' | 'clock'>,
  ) {
    const { emergencyRecords, incidentReports } = emergenciesWith(access, manifest);
    this.#manifest = manifest;
    this.#sandbox = sandbox;
    this.#stepFunctions = stepFunctionsWith(access);
    this.#records = emergencyRecords;
    this.#reports = incidentReports;
  }

  /** As the console starts it, and to its end. */
  async emergency(
    input: Pick<EmergencyInput, 'secrets' | 'reason'> & { exposedSince: string },
  ): Promise<{ head: EmergencyRecord; secrets: readonly EmergencySecretRecord[] }> {
    const { region, account, clock } = this.#sandbox;
    const { machine } = present(this.#manifest.emergency, 'the deployment knows emergencies');
    await this.#stepFunctions.startExecution({
      stateMachineArn: `arn:aws:states:${region}:${account}:stateMachine:${machine}`,
      name: `console-${(await localRandom.bytes(8)).toString('hex')}`,
      input,
    });
    await clock.settle();
    const head = present((await this.#records.getEmergencies(1))[0], 'it is on record');
    return { head, secrets: await this.#records.getSecrets(head.id) };
  }

  /** The page, as the machine stored it. */
  async page({ report, id }: EmergencyRecord): Promise<string> {
    const { bucket, key } = present(report, `the report of ${id} was stored`);
    const owner = this.#sandbox.account;
    return this.#reports.read({ bucket, key: key.replace(/\.\w+$/, '.html'), owner });
  }
}
