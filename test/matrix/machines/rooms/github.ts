import { createHmac } from 'node:crypto';
import { receive } from '../../../../lambdas/github/receive.ts';
import { recordedBus, recordedLog } from '../../../doors/recorded.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

const key = 'canary-of-the-webhook-1f2e3d';
const leaked = 'canary-of-the-alert-9a8b7c';

/** A signed alert: GitHub sends a delivery that failed again, when somebody asks it to. */
function world(): FunctionWorld {
  const eventBus = recordedBus();
  const log = recordedLog();
  const doors = { secretsManager: { getCurrentValue: async () => key }, eventBus, log };
  const body = JSON.stringify({
    action: 'created',
    alert: { number: 7, secret_type: 'pharmacy_jwt', secret: leaked },
    repository: { full_name: 'pharmacy/api' },
  });
  const event = {
    version: '2.0',
    headers: {
      'x-github-event': 'secret_scanning_alert',
      'x-hub-signature-256': `sha256=${createHmac('sha256', key).update(body).digest('hex')}`,
    },
    body,
    isBase64Encoded: false,
    requestContext: { http: { method: 'POST' } },
  };
  const alerts = [{ repository: 'pharmacy/api', secrets: ['jwt'] }];
  return {
    invoke: (at) => receive(faultyDoors(at, doors), { secretArn: 'arn:webhook', alerts }, event),
    // Put again it has the same id: triggers recognise it.
    outcome: () => [...new Set(eventBus.events.map((one) => JSON.stringify(one)))],
    told: () => [log.lines, eventBus.events],
  };
}

export const github: readonly FunctionCase[] = [
  { name: 'alert', start: world, canaries: [key, leaked] },
];
