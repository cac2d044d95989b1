/**
 * The rotation function of a database secret in a process of its own: the real handler, strategy and doors, over HTTP
 * and TLS. Before each call it says what it is about to do, and waits until it is let go.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { controlTable } from '../../../doors/control-table.ts';
import type { PostgresDoor, Session } from '../../../doors/postgres/door.ts';
import { nodePostgres } from '../../../doors/postgres/node-postgres.ts';
import { localRandom } from '../../../doors/random.ts';
import { secretsManager } from '../../../doors/secrets-manager.ts';
import type { DatabaseTools } from '../../../lambdas/database/admin.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { restoreLogin } from '../../../lambdas/database/restore-login.ts';
import { retireRole } from '../../../lambdas/database/retire-role.ts';
import type { DatabaseSettings } from '../../../lambdas/database/settings.ts';
import { undisturbed } from '../../../lambdas/database/undisturbed.ts';
import { rotationHandler } from '../../../lambdas/rotation/handler.ts';

export interface Placed {
  readonly endpoints: { secretsManager: string; dynamoDb: string };
  readonly credentials: { accessKeyId: string; secretAccessKey: string };
  readonly secretArn: string;
  readonly secretName: string;
  readonly functionArn: string;
  readonly companions: Readonly<Record<string, string>>;
  readonly settings: DatabaseSettings;
  readonly ca: string;
  /** The clock stands still while a function runs. */
  readonly now: string;
}

export type ToFunction =
  | { kind: 'invoke'; id: number; placed: Placed; event: unknown }
  | { kind: 'go'; call: number };
export type FromFunction =
  | { kind: 'gate'; call: number; site: string }
  | { kind: 'done'; call: number }
  | { kind: 'log'; level: string; event: string; code: unknown }
  | { kind: 'answer'; id: number; answer: unknown }
  | { kind: 'failure'; id: number; code: unknown; message: string };

let calls = 0;
const waiting = new Map<number, () => void>();
const say = (message: FromFunction) => process.send?.(message);

/** @returns to be called when the call has come back */
async function pass(site: string): Promise<() => void> {
  const call = ++calls;
  await new Promise<void>((resolve) => {
    waiting.set(call, resolve);
    say({ kind: 'gate', call, site });
  });
  let isDone = false;
  return () => {
    if (!isDone) say({ kind: 'done', call });
    isDone = true;
  };
}

async function gated<T>(site: string, run: () => Promise<T>): Promise<T> {
  const done = await pass(site);
  try {
    return await run();
  } finally {
    done();
  }
}

/** Each request of an SDK client. */
function gatedClient<Client extends { send(command: never): Promise<unknown> }>(
  client: Client,
): Client {
  const send = client.send.bind(client);
  client.send = ((command: { constructor: { name: string } }) =>
    gated(command.constructor.name.replace(/Command\d*$/, ''), () =>
      send(command as never),
    )) as never;
  return client;
}

/** Each login, statement and commit. */
const door: PostgresDoor = {
  async withSession(endpoint, credential, work) {
    const done = await pass(`login ${credential.username}`);
    try {
      return await nodePostgres.withSession(endpoint, credential, async (session) => {
        done();
        const gatedSession: Session = {
          query: (text, values) =>
            gated(text.trim().slice(0, 40).replaceAll(/\s+/g, ' '), () =>
              session.query(text, values),
            ),
          transaction: (inside) =>
            session.transaction(async () => {
              const result = await inside();
              await gated('commit', async () => undefined);
              return result;
            }),
        };
        return work(gatedSession);
      });
    } finally {
      done();
    }
  },
};

function handlerOf({ endpoints, credentials, now, settings, ca, ...placed }: Placed) {
  const access = { credentials, region: 'eu-west-1', maxAttempts: 1 };
  const at = new Date(now);
  const tools: DatabaseTools = {
    ...{ settings, ca, door },
    // What the server's authentication_timeout is waited for ended long ago.
    sleep: async () => undefined,
  };
  const log = (level: string) => (event: string, fields: Readonly<Record<string, unknown>>) =>
    void say({ kind: 'log', level, event, code: fields.code });
  return rotationHandler({
    environment: { SECRET_ARN: placed.secretArn, SECRET_NAME: placed.secretName, ARMED: 'true' },
    companions: placed.companions,
    strategy: new DatabaseStrategy(tools),
    undisturbed: (value, companion, work) => undisturbed(tools, value, companion, work),
    operations: {
      restoreLogin: (input, given) => restoreLogin(input, given, tools),
      retireRole: (input, given) => retireRole(input, given, tools),
    },
    doors: {
      secretsManager: secretsManager(
        gatedClient(new SecretsManagerClient({ ...access, endpoint: endpoints.secretsManager })),
      ),
      controlTable: controlTable(
        'control',
        gatedClient(new DynamoDBClient({ ...access, endpoint: endpoints.dynamoDb })),
      ),
      kmsRandom: localRandom,
      localRandom,
      clock: { now: () => at, sleep: async () => undefined },
      log: { info: log('info'), error: log('error') },
    },
  });
}

process.on('message', (message: ToFunction) => {
  if (message.kind === 'go') {
    waiting.get(message.call)?.();
    waiting.delete(message.call);
    return;
  }
  const { id, placed, event } = message;
  handlerOf(placed)(event, { invokedFunctionArn: placed.functionArn }).then(
    (answer) => say({ kind: 'answer', id, answer }),
    (error: Error & { code?: unknown }) =>
      say({ kind: 'failure', id, code: error.code, message: error.message }),
  );
});
process.on('disconnect', () => process.exit());
