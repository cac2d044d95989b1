/** The audit log through the real SDK, against the stand-in of CloudWatch Logs. */

import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { auditLog } from '../../doors/audit-log.ts';
import { SandboxClock } from '../../sandbox/clock.ts';
import { Iam } from '../../sandbox/iam/iam.ts';
import { LogsService } from '../../sandbox/logs/service.ts';
import { ScriptedKeys } from '../sandbox/scripted-ports.ts';
import { serve } from '../sandbox/serve.ts';

const group = '/quarterturn/pharmacy/prod/audit';
const region = 'eu-west-1';
let server: Awaited<ReturnType<typeof serve>>;
let clock: SandboxClock;
beforeAll(async () => {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  clock = new SandboxClock(new Date('2026-05-17T17:00:00Z'), 'manual');
  const account = '000000000000';
  const iam = new Iam({ account, region, clock });
  const logs = new LogsService({ account, region, clock, iam, keys: new ScriptedKeys() });
  logs.createGroup(group);
  // Three pages of a megabyte.
  for (let nth = 0; nth < 5; nth++) logs.append(group, 's', `${nth} ${'x'.repeat(600_000)}`);
  server = await serve(logs, { authorize: () => undefined });
});
afterAll(() => server.stop());

const read = (name: string, from: string, until: string) =>
  auditLog(new CloudWatchLogsClient(server.client)).read(name, new Date(from), new Date(until));

test('reads page after page until none is left', async () => {
  const { lines, complete } = await read(group, '2026-05-01T00:00:00Z', '2026-05-18T00:00:00Z');
  expect(lines.map((text) => text.slice(0, 1))).toEqual(['0', '1', '2', '3', '4']);
  expect(complete).toBe(true);
});

test('reads what lies between the two instants', async () => {
  const { lines } = await read(group, '2026-05-17T17:00:01Z', '2026-05-18T00:00:00Z');
  expect(lines).toEqual([]);
});

test('of a group that is not there it says so, by AWS’s name', async () => {
  await expect(read('/none', '2026-05-01T00:00:00Z', '2026-05-18T00:00:00Z')).rejects.toMatchObject(
    {
      awsCode: 'ResourceNotFoundException',
    },
  );
});
