import { GitHubError, type GitHubSecretsDoor } from '../../../../doors/github-secrets.ts';
import type { ParameterCopiesDoor } from '../../../../doors/parameter-copies.ts';
import { WebhookUnreachableError } from '../../../../doors/webhook.ts';
import type { SyncTarget } from '../../../../lambdas/sync/environment.ts';
import { sync as copy } from '../../../../lambdas/sync/sync.ts';
import { arnOf } from '../../../doors/in-memory-secrets.ts';
import { recordedLog, settableClock } from '../../../doors/recorded.ts';
import { faultyDoors } from '../faulty-doors.ts';
import type { FunctionCase, FunctionWorld } from '../function-runs.ts';

const value = 'canary-of-the-value-77aa';
const token = 'canary-of-the-token-88bb';
const key = `whsec_${Buffer.from('canary-of-the-signing-key-9').toString('base64')}`;
const secretName = 'pharmacy/prod/jwt';
const versionId = '11111111-1111-4111-8111-111111111111';
const targets: SyncTarget[] = [
  {
    to: 'ssm',
    target: 'ssm /app/jwt',
    secret: secretName,
    parameter: '/app/jwt',
    kmsKeyArn: 'arn:aws:kms:eu-west-1:000000000000:key/copies',
    tier: 'Standard',
  },
  {
    to: 'github',
    target: 'github pharmacy/api JWT',
    secret: secretName,
    repository: 'pharmacy/api',
    name: 'JWT',
    api: 'https://api.github.example',
    token: 'pharmacy/prod/gitHubToken',
  },
  {
    to: 'webhook',
    target: 'webhook hooks.example',
    secret: secretName,
    url: 'https://hooks.example/jwt',
    signingSecret: 'pharmacy/prod/webhookKey',
  },
];

function world(): FunctionWorld {
  const log = recordedLog();
  const clock = settableClock('2026-05-17T17:00:00Z');
  const parameters = new Map<string, { value: string; version: number }>();
  const gitHub = new Map<string, { value: string; at: string }>();
  const hooks = new Map<string, string>();
  let changes = 0;
  const doors = {
    secretsManager: {
      getCurrent: async () => ({ versionId, secretString: value }),
      getCurrentValue: async (name: string) => (name.endsWith('Token') ? token : key),
    },
    parameters: {
      async put({ name, value: copied }) {
        const version = (parameters.get(name)?.version ?? 0) + 1;
        parameters.set(name, { value: copied, version });
        return { version };
      },
      read: async (name) => parameters.get(name),
    } satisfies ParameterCopiesDoor,
    gitHub: {
      updatedAt: async ({ name }) => gitHub.get(name)?.at,
      async put({ name }, _token, copied) {
        const known = gitHub.has(name);
        changes += 1;
        gitHub.set(name, {
          value: copied,
          at: new Date(clock.now().getTime() + changes * 1_000).toISOString(),
        });
        return known ? 'updated' : 'created';
      },
    } satisfies GitHubSecretsDoor,
    webhook: {
      deliver: async ({ id, body }: { id: string; body: unknown }) => {
        hooks.set(id, JSON.stringify(body));
        return { status: 204, body: '' };
      },
    },
    clock,
    log,
  };
  const given = {
    task: 'sync',
    execution: 'arn:aws:states:eu-west-1:000000000000:execution:after-rotation:one',
    progress: { secretArn: arnOf(secretName), secretName, versionId },
  };
  const failures = {
    gitHub: (site: string, kind: string) =>
      new GitHubError(site, kind === 'permanent' ? 403 : 503, {
        advice: 'look',
        retryable: kind !== 'permanent',
      }),
    webhook: () => new WebhookUnreachableError('hooks.example', 'ETIMEDOUT'),
  };
  return {
    invoke: (at) =>
      copy(faultyDoors(at, doors, failures), { targets, deployment: 'pharmacy/prod' }, given),
    outcome: () => [
      [...parameters].map(([name, { value: copied }]) => [name, copied]),
      [...gitHub].map(([name, { value: copied }]) => [name, copied]),
      // Delivered again it has the same id: whoever receives it knows that it is the same.
      [...hooks.keys()].length,
    ],
    told: () => log.lines,
  };
}

export const sync: readonly FunctionCase[] = [
  { name: 'copies', start: world, canaries: [value, token, key.slice(6)] },
];
