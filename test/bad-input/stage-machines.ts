/** The two other functions that take an event: the starter, and the tasks of the AfterRotation machine. */

import type { Manifest } from '../../domain/config/manifest.ts';
import { runTask } from '../../lambdas/after-rotation/run-task.ts';
import { startFor } from '../../lambdas/starter/start.ts';
import { inMemoryControlTable } from '../doors/in-memory-control-table.ts';
import { inMemoryEmergencyRecords } from '../doors/in-memory-emergency-records.ts';
import { inMemoryRolloutRecords } from '../doors/in-memory-rollout-records.ts';
import {
  recordedBus,
  recordedExecutions,
  recordedHook,
  recordedLog,
  recordedMetrics,
  settableClock,
} from '../doors/recorded.ts';
import { pharmacy } from '../lambdas/pharmacy.ts';
import { inMemorySecret } from './in-memory-secret.ts';
import type { Attempt } from './row.ts';
import { counted, currentId, functionArn, secretArn, secretName, token } from './stage.ts';

const region = 'eu-west-1:000000000000';
const machineArn = `arn:aws:states:${region}:stateMachine:after-rotation`;
const execution = `arn:aws:states:${region}:execution:after-rotation:${token}`;
const manifest: Manifest = {
  ...pharmacy,
  secrets: [
    {
      kind: 'jwt',
      key: 'secret',
      name: secretName,
      function: 'rotation',
      origin: 'new',
      armed: true,
      cadenceDays: 180,
      leadDays: 5,
      readerCacheSeconds: 300,
      readers: 'keyset',
      acceptForSeconds: 60,
      logsEveryoneOut: false,
    },
  ],
  consumers: [],
};

export const labelEvent = () => ({
  source: 'aws.secretsmanager',
  'detail-type': 'Secret Label Updated',
  time: '2026-05-17T17:00:01Z',
  resources: [secretArn],
  detail: { name: secretName, labelUpdated: 'AWSCURRENT', versionId: token },
});

export const task = (name: unknown, change: Record<string, unknown> = {}): object => ({
  task: name,
  execution,
  progress: { secretArn, secretName, versionId: token, ...change },
});

function outside() {
  const stages = { [token]: ['AWSCURRENT'], [currentId]: ['AWSPREVIOUS'] };
  const writes: string[] = [];
  const log = recordedLog();
  const eventBus = recordedBus();
  const secret = {
    arn: secretArn,
    name: secretName,
    rotationFunction: functionArn,
    rotationEnabled: true,
    values: new Map(),
    stages,
    companions: {},
  };
  const doors = {
    secretsManager: counted('secretsManager', inMemorySecret(secret), writes),
    controlTable: counted('controlTable', inMemoryControlTable(), writes),
    stepFunctions: counted('stepFunctions', recordedExecutions(), writes),
    eventBus: counted('eventBus', eventBus, writes),
    consumersHook: counted('consumersHook', recordedHook(), writes),
    manifest: async () => manifest,
    clock: settableClock('2026-05-17T17:00:02Z'),
    log,
  };
  const attempt = (work: () => Promise<unknown>): Attempt => ({
    work,
    writes: () => writes,
    state: () => stages,
    told: () => [log.lines, eventBus.events],
  });
  return { doors, attempt };
}

export function atStarter(event: unknown): Attempt {
  const { doors, attempt } = outside();
  return attempt(() => startFor(doors, doors.manifest, machineArn, event));
}

export function atAfterRotation(event: unknown): Attempt {
  const { doors, attempt } = outside();
  const more = {
    metrics: recordedMetrics(),
    machines: {},
    functions: { invoke: async () => undefined },
    rolloutRecords: inMemoryRolloutRecords(),
    emergencyRecords: inMemoryEmergencyRecords,
  };
  return attempt(() => runTask({ ...doors, ...more }, event));
}
