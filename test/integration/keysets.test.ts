import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { deploymentReportSchema } from '../../domain/reports/deployment-report.ts';
import { auditLog } from '../../doors/audit-log.ts';
import {
  controlTableWith,
  emergenciesWith,
  functionsWith,
  secretsManagerWith,
  triggersWith,
} from '../../doors/explicit-access.ts';
import { rolloutRecords } from '../../doors/rollout-records.ts';
import { stepFunctions } from '../../doors/step-functions.ts';
import { runCommand } from '../cli/run-command.ts';
import { everyKind, firstValue } from './every-kind.ts';
import { keysetIntents } from './keyset-intents.ts';
import { World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
}, 60_000);
afterAll(() => world?.stop());

firstValue('jwt', () => world);
firstValue('pii', () => world);

describe.each([
  ['JWT', 'jwt'],
  ['encryption', 'pii'],
] as const)('the %s secret, deployed', (_title, key) => {
  everyKind(key, () => world);
  keysetIntents(key, () => world);
});

test('quarterturn report tells it with on-call’s rights alone', async () => {
  const { sandbox, operator, operatorKey } = world.stage;
  const access = world.accessOf(operatorKey);
  const { manifest } = operator;
  const { said, complained } = await runCommand(
    {
      manifest,
      caller: {
        arn: 'arn:aws:iam::000000000000:user/on-call',
        account: '000000000000',
        region: sandbox.region,
      },
      secretsManager: secretsManagerWith(access),
      controlTable: controlTableWith(access, manifest.controlTable),
      rolloutRecords: rolloutRecords(manifest.controlTable, new DynamoDBClient(access)),
      ...emergenciesWith(access, manifest),
      functions: functionsWith(access),
      stepFunctions: stepFunctions(new SFNClient(access)),
      auditLog: auditLog(new CloudWatchLogsClient(access)),
      triggers: triggersWith(access, manifest.controlTable),
      clock: { now: () => sandbox.clock.now(), sleep: async () => undefined },
      newToken: () => world.newToken(),
    },
    ['report', '--format', 'json', '--control'],
  );
  expect(complained).toBe('');
  const report = deploymentReportSchema.parse(JSON.parse(said));
  expect(report.auditLog).toMatchObject({ state: 'read', notUnderstood: 0 });
  const [jwt, dbAdmin] = ['jwt', 'dbAdmin'].map((key) =>
    report.secrets.find((secret) => secret.key === key),
  );
  const rotated = jwt?.history.filter(
    (entry) => entry.type === 'rotation' && entry.proof === 'auditEvent',
  );
  expect(rotated?.length).toBeGreaterThan(0);
  // Of rotations that took place, records and labels know, too, and say the same.
  const alone = report.secrets.flatMap(({ history }) =>
    history.filter(({ proof }) => proof === 'auditEventAlone'),
  );
  expect(alone).toEqual([]);
  expect(rotated?.at(-1)).toMatchObject({
    outcome: 'rotated',
    evidence: expect.arrayContaining([expect.objectContaining({ fact: 'jwtKeysProbed' })]),
  });
  expect(jwt).toMatchObject({
    encryption: { managedBy: 'customer' },
    service: { rotationEnabled: true },
  });
  // ListSecrets tells of a secret that on-call may not describe.
  expect(dbAdmin).toMatchObject({ state: 'userManaged', encryption: { managedBy: 'customer' } });
});
