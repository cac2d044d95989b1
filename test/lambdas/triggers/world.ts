/** A deployment of four secrets in memory, and the function of triggers over it. */
import { expect } from '@jest/globals';
import { manifestOf } from '../../../domain/config/manifest.ts';
import { type EmergencyInput, emergencyInputSchema } from '../../../domain/events/emergency.ts';
import {
  type CredentialTriggerEvent,
  credentialTriggerEventSchema,
  type TriggerType,
  triggerSource,
} from '../../../domain/events/triggers.ts';
import { formatDateLabel } from '../../../domain/policy/labels.ts';
import type { TriggerRecordsDoor } from '../../../doors/trigger-records.ts';
import type { TriggerDoors } from '../../../lambdas/triggers/doors.ts';
import type { TriggerSettings } from '../../../lambdas/triggers/environment.ts';
import { type Handled, handle } from '../../../lambdas/triggers/handle.ts';
import example from '../../../rotation.config.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { inMemoryEmergencyRecords } from '../../doors/in-memory-emergency-records.ts';
import { inMemorySecrets } from '../../doors/in-memory-secrets.ts';
import { inMemoryTriggerRecords } from '../../doors/in-memory-trigger-records.ts';
import { recordedBus, recordedLog, settableClock } from '../../doors/recorded.ts';

const machine = 'arn:aws:states:eu-west-1:000000000000:stateMachine:emergency';
export const own = '000000000000';
export const deployment = 'pharmacy/prod';
export const name = (key: string) => `${deployment}/${key}`;
export const first = '11111111-1111-4111-8111-111111111111';

export const settings: TriggerSettings = {
  exposure: { perSecretHours: 6, unattended: ['bus', 'gitHub', 'guardDuty'] },
  people: { ada: ['jwt', 'db', 'dbAdmin'] },
  deployment: true,
  findings: [
    { type: 'UnauthorizedAccess:IAMUser/', principal: 'pharmacy-api', secrets: ['jwt', 'db'] },
  ],
};

export function triggersWorld(more: Partial<TriggerSettings> = {}) {
  const manifest = structuredClone(manifestOf(example));
  const secrets = inMemorySecrets();
  const clock = settableClock('2026-03-02T10:00:00Z');
  const controlTable = inMemoryControlTable();
  const records: TriggerRecordsDoor = inMemoryTriggerRecords();
  const bus = recordedBus();
  const log = recordedLog();
  const emergencies = inMemoryEmergencyRecords();
  const started: { name: string; input: EmergencyInput }[] = [];
  const label = formatDateLabel(new Date('2026-02-01T00:00:00Z'));
  for (const secret of manifest.secrets) {
    secrets.add(secret.name, { [first]: ['AWSCURRENT', label] });
  }
  const world = {
    manifest,
    secrets,
    clock,
    controlTable,
    records,
    bus,
    log,
    emergencies,
    /** Executions of the machine of emergencies. */
    started,
    /** What Step Functions says of a start. */
    start: async (): Promise<void> => undefined,
    runs: true,
    /** @param wrap puts faults around the doors */
    handle: (
      event: unknown,
      wrap: (doors: TriggerDoors) => TriggerDoors = (doors) => doors,
    ): Promise<Handled> =>
      handle(
        {
          doors: wrap({
            secretsManager: secrets.door,
            controlTable,
            records,
            emergencies,
            stepFunctions: {
              async startExecution({ stateMachineArn, name: execution, input }) {
                expect(stateMachineArn).toBe(machine);
                await world.start();
                if (started.some((other) => other.name === execution)) return 'alreadyExists';
                started.push({ name: execution, input: emergencyInputSchema.parse(input) });
                return 'started';
              },
              isRunning: async () => world.runs,
            },
            eventBus: bus,
            clock,
            log,
          }),
          manifest: async () => manifest,
          settings: { ...settings, ...more },
          deployment,
          accounts: [own, '444455556666'],
          account: own,
          emergencyMachine: machine,
        },
        event,
      ),
    told: (): CredentialTriggerEvent[] =>
      bus.events.map(({ detail }) => credentialTriggerEventSchema.parse(detail)),
    secret: (key: string) => manifest.secrets.find((secret) => secret.key === key),
  };
  return world;
}

let events = 0;
/** As EventBridge hands it to a function. */
export const onBus = (type: TriggerType, detail: object, more: object = {}) => ({
  version: '0',
  id: `00000000-0000-4000-8000-${String(++events).padStart(12, '0')}`,
  'detail-type': type,
  source: triggerSource,
  account: own,
  time: '2026-03-02T10:00:00Z',
  region: 'eu-west-1',
  resources: [],
  detail: { version: 1, id: `request-${String(events).padStart(12, '0')}`, ...detail },
  ...more,
});
export const exposed = (secrets: readonly string[], detail: object = {}, more: object = {}) =>
  onBus('credential-exposure', { secrets, ...detail }, more);

export const finding = (detail: object, more: object = {}) =>
  onBus(
    'credential-exposure',
    {},
    {
      source: 'aws.guardduty',
      'detail-type': 'GuardDuty Finding',
      detail,
      ...more,
    },
  );
