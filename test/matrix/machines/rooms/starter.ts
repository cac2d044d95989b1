import type { Manifest } from '../../../../domain/config/manifest.ts';
import { startFor } from '../../../../lambdas/starter/start.ts';
import { inMemoryControlTable } from '../../../doors/in-memory-control-table.ts';
import { arnOf, inMemorySecrets } from '../../../doors/in-memory-secrets.ts';
import {
  recordedBus,
  recordedExecutions,
  recordedLog,
  settableClock,
} from '../../../doors/recorded.ts';
import { pharmacy, signingSecret } from '../../../lambdas/pharmacy.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

const machine = 'arn:aws:states:eu-west-1:000000000000:stateMachine:after-rotation';
const vendor = 'pharmacy/prod/vendor';
const { name } = signingSecret('jwt');
const [v1, v2] = ['1', '2'].map((digit) => `${digit.repeat(8)}-0000-4000-8000-000000000000`) as [
  string,
  string,
];
const at = '2026-05-17T17:00:02.000Z';
const manifest: Manifest = {
  ...pharmacy,
  secrets: [
    signingSecret('jwt'),
    {
      kind: 'userManaged',
      key: 'vendor',
      name: vendor,
      purpose: 'vendor key',
      remindDays: 90,
      inbox: { name: `${vendor}/inbox` },
      function: 'fn-vendor',
      origin: 'new',
      armed: true,
      readerCacheSeconds: 300,
    },
  ],
  consumers: [],
};

async function world(of: string, isRotated: boolean): Promise<FunctionWorld> {
  const secrets = inMemorySecrets();
  const controlTable = inMemoryControlTable();
  const stepFunctions = recordedExecutions();
  const eventBus = recordedBus();
  const log = recordedLog();
  const stages = { [v2]: ['AWSCURRENT', 'rotated-20260517T170001Z'], [v1]: ['AWSPREVIOUS'] };
  secrets.add(name, stages);
  secrets.add(vendor, { [v1]: ['AWSCURRENT'] });
  secrets.add(`${vendor}/inbox`, { [v2]: ['AWSCURRENT'], [v1]: ['AWSPREVIOUS'] }, false);
  const rotation = { token: v2, intent: 'planned' as const, basedOn: v1, at };
  if (isRotated) {
    await controlTable.fixRotation(name, {
      ...rotation,
      provenance: { intent: 'planned', token: v2, attributed: false },
      steps: {},
      evidence: [],
    });
    const { token: versionId, ...rest } = rotation;
    await controlTable.putAfterRotation(name, { ...rest, versionId, state: 'due' });
  }
  const event = {
    source: 'aws.secretsmanager',
    'detail-type': 'Secret Label Updated',
    time: at,
    resources: [arnOf(of)],
    detail: { name: of, labelUpdated: 'AWSCURRENT', versionId: v2 },
  };
  const doors = {
    secretsManager: secrets.door,
    controlTable,
    stepFunctions,
    eventBus,
    clock: settableClock(at),
    log,
  };
  return {
    invoke: (call) =>
      startFor(
        faultyDoors(call, doors),
        () => call.call('manifest', async () => manifest),
        machine,
        event,
      ),
    // Secrets Manager runs the steps of what was asked for, and createSecret records it.
    between: () => {
      for (const { clientRequestToken } of secrets.rotations) {
        void controlTable.fixRotation(vendor, {
          ...rotation,
          token: clientRequestToken,
          provenance: { intent: 'planned', token: clientRequestToken, attributed: true },
          steps: {},
          evidence: [],
        });
      }
    },
    outcome: async () => [
      stepFunctions.started,
      new Set(eventBus.events.map((one) => JSON.stringify(one))).size,
      secrets.rotations,
      await controlTable.getTold(name, 'unmanagedWrite', v2),
    ],
    once: () => secrets.rotations.map(({ clientRequestToken }) => clientRequestToken),
    said: () => eventBus.events.map(({ detail }) => detail),
    told: () => [log.lines, eventBus.events, stepFunctions.started],
  };
}

export const starter: readonly FunctionCase[] = [
  { name: 'promoted', start: () => world(name, true) },
  { name: 'unmanaged write', start: () => world(name, false) },
  { name: 'inbox', start: () => world(`${vendor}/inbox`, false) },
];
