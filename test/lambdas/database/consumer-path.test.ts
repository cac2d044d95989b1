import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DatabaseTools } from '../../../lambdas/database/admin.ts';
import { DatabaseStrategy } from '../../../lambdas/database/database-strategy.ts';
import { databaseEnvironmentSchema } from '../../../lambdas/database/environment.ts';
import { proveProxy } from '../../../lambdas/database/prove-proxy.ts';
import type { DatabaseSettings } from '../../../lambdas/database/settings.ts';
import type { DatabaseValue } from '../../../lambdas/database/value.ts';
import { failureOf as failureLeaving } from '../../../lambdas/rotation/failure.ts';
import { afterRotationDefinition } from '../../../lib/after-rotation-definition.ts';
import { makeCertificates } from '../../../sandbox/postgres/certificates.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { diagnosing } from './diagnosing.ts';
import { type Pharmacy, rotationOf, startPharmacy } from './pharmacy.ts';
import { type Pooler, startPooler } from './pooler.ts';

let pharmacy: Pharmacy;
let poolers: Pooler[];

beforeAll(async () => {
  pharmacy = await startPharmacy();
  const certificates = await makeCertificates(['localhost', '127.0.0.1']);
  const { server } = pharmacy;
  poolers = [await startPooler(server, certificates), await startPooler(server, certificates)];
});
afterAll(async () => {
  for (const pooler of poolers ?? []) await pooler.stop();
  await pharmacy?.server.stop();
});
beforeEach(() => {
  for (const { refused, logins, statements } of poolers) {
    refused.clear();
    logins.length = 0;
    statements.length = 0;
  }
});

const behind = (
  scheme: 'multiUser' | 'singleUser',
  CONNECTION: 'pgbouncer' | 'rdsProxy',
  more: Partial<DatabaseTools> = {},
): DatabaseTools => ({
  ...pharmacy[scheme],
  settings: {
    ...pharmacy[scheme].settings,
    CONNECTION,
    ENDPOINTS: poolers.map(({ port }) => ({ host: 'localhost', port })),
  },
  poolerCa: poolers[0]?.ca ?? '',
  ...more,
});
const adopted = (strategy: DatabaseStrategy, username: string, password: string) =>
  strategy.parse(JSON.stringify({ engine: 'postgres', host: 'localhost', username, password }));

async function setPending(strategy: DatabaseStrategy, current: DatabaseValue) {
  const rotation = rotationOf('planned', pharmacy.admin);
  const pending = await strategy.createSecret({ current }, rotation);
  await strategy.setSecret({ current, pending }, rotation);
  return { versions: { current, pending }, rotation };
}

describe('consumers connect through PgBouncer', () => {
  test('the pending credential is proven at every endpoint, as the role it is to run as', async () => {
    const strategy = new DatabaseStrategy(behind('multiUser', 'pgbouncer'));
    const current = adopted(strategy, 'pharmacy_app', pharmacy.identityPassword);
    const { versions, rotation } = await setPending(strategy, current);
    // Roles are changed on the server itself: an advisory lock is the session's.
    expect(poolers.flatMap(({ logins }) => logins)).toEqual([]);
    await strategy.testSecret(versions, rotation);
    for (const { logins, statements } of poolers) {
      expect(logins).toEqual(['pharmacy_app_a']);
      // One query that sets nothing: what it set would meet the next client of the same server session.
      expect(statements).toEqual([
        'select session_user::text as login, current_user::text as identity',
      ]);
    }
    expect(rotation.facts.slice(-3)).toEqual([
      expect.objectContaining({ fact: 'loginAccepted' }),
      ...poolers.map(({ port }) => ({
        fact: 'loginAcceptedThroughPooler',
        detail: {
          role: 'pharmacy_app_a',
          host: 'localhost',
          port,
          database: 'pharmacy',
          through: 'pgbouncer',
        },
      })),
    ]);
  });

  test.each(['multiUser', 'singleUser'] as const)(
    'one pooler that refuses what the server accepts stops a rotation with %s, and says what to do',
    async (scheme) => {
      const strategy = new DatabaseStrategy(behind(scheme, 'pgbouncer'));
      const current =
        scheme === 'multiUser'
          ? adopted(strategy, 'pharmacy_app', pharmacy.identityPassword)
          : adopted(strategy, 'pharmacy_legacy', pharmacy.legacyPassword);
      const { versions, rotation } = await setPending(strategy, current);
      const role = versions.pending.username;
      poolers[1]?.refused.set(role, 'SASL authentication failed');
      const failure = await failureOf(strategy.testSecret(versions, rotation));
      expect(failure).toMatchObject({
        name: 'PoolerRefusedError',
        code: 'ERR_ROTATION_POOLER_REFUSED',
        message: expect.stringContaining(
          `PgBouncer at localhost:${poolers[1]?.port} does not let ${role} in (08P01: SASL authentication failed), although the server itself accepts`,
        ),
      });
      expect(failure.message).toContain('auth_query');
      expect(failure.message).not.toContain(versions.pending.password);
      // The step is tried again once PgBouncer reads verifiers from the server.
      poolers[1]?.refused.clear();
      await strategy.testSecret(versions, rotation);
    },
  );

  test('a pooler is trusted by its certificate, and by no other than the given authorities', async () => {
    const strategy = new DatabaseStrategy(
      behind('multiUser', 'pgbouncer', { poolerCa: pharmacy.server.ca }),
    );
    const current = adopted(strategy, 'pharmacy_app', pharmacy.identityPassword);
    expect(
      await failureOf(strategy.testSecret({ current }, rotationOf('planned', pharmacy.admin))),
    ).toMatchObject({ code: 'ERR_ROTATION_TLS' });
    expect(poolers[0]?.logins).toEqual([]);
  });

  test('a pooler that does not answer is unreachable, not a refusal', async () => {
    const tools = behind('multiUser', 'pgbouncer');
    const gone = await startPooler(pharmacy.server);
    await gone.stop();
    tools.settings.ENDPOINTS?.push({ host: 'localhost', port: gone.port });
    const strategy = new DatabaseStrategy(tools);
    const current = adopted(strategy, 'pharmacy_app', pharmacy.identityPassword);
    const failure = await failureOf(
      strategy.testSecret({ current }, rotationOf('planned', pharmacy.admin)),
    );
    expect(failure.code).toBe('ERR_ROTATION_POSTGRES_UNREACHABLE');
    expect(failure.message).toContain(`localhost:${gone.port}`);
  });
});

describe('consumers connect through RDS Proxy', () => {
  const versionId = '11111111-1111-4111-8111-111111111111';
  const prove = (tools: DatabaseTools, value: string, stages = { [versionId]: ['AWSCURRENT'] }) =>
    proveProxy(
      { operation: 'proveProxy', currentVersionId: versionId },
      { readVersion: async () => value, stages: async () => stages },
      tools,
    );
  /** No earlier test knows what the role's password is by now. */
  async function rotated(tools: DatabaseTools) {
    const strategy = new DatabaseStrategy(tools);
    const current = adopted(strategy, 'pharmacy_legacy', pharmacy.legacyPassword);
    return { strategy, ...(await setPending(strategy, current)) };
  }

  test('a pending credential is not tried through it, because it knows AWSCURRENT only', async () => {
    const { strategy, versions, rotation } = await rotated(behind('singleUser', 'rdsProxy'));
    for (const { refused } of poolers) refused.set('pharmacy_legacy', 'no credentials');
    await strategy.testSecret(versions, rotation);
    expect(poolers.flatMap(({ logins }) => logins)).toEqual([]);
    // AWSCURRENT alone, as a rehearsal tests it, is tried.
    const { pending: current } = versions;
    expect(await failureOf(strategy.testSecret({ current }, rotation))).toMatchObject({
      code: 'ERR_ROTATION_PROXY_NOT_READY',
    });
  });

  test('AWSCURRENT is proven at every endpoint once the proxy lets it in', async () => {
    const tools = behind('singleUser', 'rdsProxy');
    const { strategy, versions } = await rotated(tools);
    const text = strategy.serialize(versions.pending);
    poolers[1]?.refused.set('pharmacy_legacy', 'no credentials');
    const failure = await failureOf(prove(tools, text));
    expect(failure).toMatchObject({
      name: 'ProxyNotReadyError',
      message: expect.stringContaining(
        `RDS Proxy at localhost:${poolers[1]?.port} does not let pharmacy_legacy in with AWSCURRENT (08P01), although the server itself accepts it`,
      ),
    });
    poolers[1]?.refused.clear();
    expect(await prove(tools, text)).toEqual({
      evidence: poolers.map(({ port }) => ({
        fact: 'loginAcceptedThroughPooler',
        detail: {
          role: 'pharmacy_legacy',
          host: 'localhost',
          port,
          database: 'pharmacy',
          through: 'rdsProxy',
        },
      })),
    });
  });

  test('what is thrown while the proxy is not ready is what the machine waits for', async () => {
    const tools = behind('singleUser', 'rdsProxy');
    const { strategy, versions } = await rotated(tools);
    poolers[0]?.refused.set('pharmacy_legacy', 'no credentials');
    const thrown = await failureOf(prove(tools, strategy.serialize(versions.pending)));
    const { name } = failureLeaving(thrown, 'proveProxy').error;
    const { States } = afterRotationDefinition({
      taskFunctionArn: 'arn',
      longestWaitSeconds: 0,
    }) as {
      States: Record<string, { Retry: { ErrorEquals: string[] }[] }>;
    };
    expect(States.ProveProxy?.Retry.flatMap(({ ErrorEquals }) => ErrorEquals)).toContain(name);
  });

  test('what the server itself refuses is no matter of the proxy', async () => {
    const tools = behind('singleUser', 'rdsProxy');
    const strategy = new DatabaseStrategy(tools);
    const wrong = strategy.serialize(adopted(strategy, 'pharmacy_legacy', 'wrong'.repeat(6)));
    expect(await failureOf(prove(tools, wrong))).toMatchObject({ name: 'LoginRefusedError' });
    expect(poolers[0]?.logins).toEqual([]);
  });

  test('is refused for a version that is no longer current, another connection, another input', async () => {
    const tools = behind('singleUser', 'rdsProxy');
    const invalid = { code: 'ERR_ROTATION_INVALID_EVENT' };
    expect(await failureOf(prove(tools, '', { [versionId]: ['AWSPREVIOUS'] }))).toMatchObject(
      invalid,
    );
    expect(await failureOf(prove(pharmacy.singleUser, ''))).toMatchObject(invalid);
    const given = { readVersion: async () => undefined, stages: async () => ({}) };
    for (const input of [null, {}, { operation: 'proveProxy', endpoint: 'evil.example.com' }]) {
      expect(await failureOf(proveProxy(input, given, tools))).toMatchObject(invalid);
    }
  });
});

test('a function is told its poolers as host and port, whatever colons the host has', () => {
  const { ENDPOINTS, CONNECTION } = databaseEnvironmentSchema.shape;
  expect(ENDPOINTS.parse('pooler.example.com:6432,::1:6433')).toEqual([
    { host: 'pooler.example.com', port: 6432 },
    { host: '::1', port: 6433 },
  ]);
  expect(ENDPOINTS.safeParse('pooler.example.com').success).toBe(false);
  expect(CONNECTION.safeParse('direct').success).toBe(false);
});

test.each<[string, 'multiUser' | 'singleUser', Partial<DatabaseSettings>]>([
  ['endpoints without a connection', 'singleUser', { ENDPOINTS: [{ host: 'a', port: 1 }] }],
  ['a connection without endpoints', 'singleUser', { CONNECTION: 'pgbouncer' }],
  [
    'RDS Proxy for two roles',
    'multiUser',
    { CONNECTION: 'rdsProxy', ENDPOINTS: [{ host: 'a', port: 1 }] },
  ],
  [
    'a host with a path',
    'singleUser',
    { CONNECTION: 'pgbouncer', ENDPOINTS: [{ host: 'a/b', port: 1 }] },
  ],
  [
    'no port',
    'singleUser',
    { CONNECTION: 'pgbouncer', ENDPOINTS: [{ host: 'a', port: Number.NaN }] },
  ],
])('a function is not started with %s', async (_title, scheme, change) => {
  const tools = pharmacy[scheme];
  const settings = { ...tools.settings, ...change };
  expect(await failureOf(() => new DatabaseStrategy({ ...tools, settings }))).toMatchObject({
    code: 'ERR_ROTATION_DATABASE_SETTINGS',
  });
});

diagnosing(
  () => pharmacy,
  () => poolers,
  (more) => behind('singleUser', 'pgbouncer', more),
);
