/** From what the previous release left behind to today's functions, on a real PostgreSQL. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Application } from '../../demo/application.ts';
import { localConfig, synthesize } from '../../demo/assembly.ts';
import { prepareDatabase } from '../../demo/database.ts';
import { Operator } from '../../demo/operator.ts';
import { ValueGuard } from '../../demo/terminal/value-guard.ts';
import { operatorPolicyName, readerPolicyName, secretName } from '../../domain/config/names.ts';
import type { RotationConfig } from '../../domain/config/rotation-config.ts';
import type { DatabaseConfig } from '../../domain/config/secret-schemas.ts';
import { acceptedKeys } from '../../domain/secrets/keyset.ts';
import { type ExplicitAccess, secretsManagerWith } from '../../doors/explicit-access.ts';
import { nodePostgres } from '../../doors/postgres/node-postgres.ts';
import example from '../../rotation.config.ts';
import { type PostgresServer, startPostgres } from '../../sandbox/postgres/start.ts';
import type { Fault } from '../../sandbox/sandbox.ts';
import { type Sandbox, type StackOperationError, startSandbox } from '../../sandbox/start.ts';
import {
  previousAssembly,
  type RecordedState,
  recordedAt,
  recordedState,
  restore,
} from '../previous-release/previous-release.ts';
import { runScript } from '../synthesizer/run-script.ts';
import { restingRows } from './resting-rows.ts';

const keys = ['jwt', 'pii', 'db', 'legacyDb'] as const;
const directory = mkdtempSync(join(tmpdir(), 'quarterturn-upgrade-'));
let server: PostgresServer;
let sandbox: Sandbox;
let state: RecordedState;
let config: RotationConfig;
let assembly: string;
let administrator: ExplicitAccess;

beforeAll(async () => {
  server = await startPostgres({ settings: { authentication_timeout: '1s' } });
  config = localConfig(restingRows(example), server);
  const endpoint = { host: server.host, port: server.port, dbname: 'pharmacy', ca: server.ca };
  const databases = Object.values(config.secrets).filter(({ kind }) => kind === 'database');
  [assembly] = await Promise.all([
    synthesize(config, server.ca, directory, new AbortController().signal, runScript),
    prepareDatabase(nodePostgres, endpoint, server.superuser, databases as DatabaseConfig[]),
  ]);
  sandbox = await startSandbox({
    assembly: previousAssembly(join(directory, 'before'), false),
    clock: { start: recordedAt(), mode: 'manual' },
  });
  await sandbox.clock.idle();
  state = recordedState(server.port, sandbox.outputs.SecretArndbAdmin ?? '');
  await nodePostgres.withSession(endpoint, server.superuser, async (session) => {
    for (const { versions } of Object.values(state.secrets)) {
      // The last one of a role stands.
      for (const { value } of versions) {
        const { username, password } = JSON.parse(value);
        if (username !== undefined) {
          await session.query(`ALTER ROLE ${username} LOGIN PASSWORD '${password}'`);
        }
      }
    }
  });
  administrator = accessOf(
    sandbox.createPrincipal('administrator', {
      policies: [{ Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }],
    }),
  );
  await restore(state, administrator);
  await sandbox.deploy(previousAssembly(join(directory, 'before-protected'), true));
}, 120_000);
afterAll(async () => {
  await sandbox?.stop();
  await server?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const accessOf = (credentials: ExplicitAccess['credentials']): ExplicitAccess => ({
  endpoint: sandbox.url,
  region: sandbox.region,
  credentials,
});
const current = async (key: string) =>
  new SecretsManagerClient(administrator).send(
    new GetSecretValueCommand({ SecretId: secretName(config, key) }),
  );
const recordedCurrent = (key: string) =>
  state.secrets[key]?.versions.find(({ labels }) => labels.includes('AWSCURRENT'));
const operator = () =>
  Operator.of(
    config,
    accessOf(sandbox.createPrincipal('on-call', { managedPolicies: [operatorPolicyName(config)] })),
    sandbox,
  );
const application = () =>
  new Application({
    secrets: secretsManagerWith(
      accessOf(
        sandbox.createPrincipal('api', { managedPolicies: [readerPolicyName(config, 'api')] }),
      ),
    ),
    door: nodePostgres,
    endpoint: { host: server.host, port: server.port, dbname: 'pharmacy', ca: server.ca },
    nameOf: (key) => secretName(config, key),
    now: () => sandbox.clock.now(),
    guard: new ValueGuard(),
  });

type Template = Record<string, Record<string, { Type: string; Properties: Record<string, never> }>>;

/** Today's assembly with a changed template. */
function planted(name: string, change: (resources: NonNullable<Template['Resources']>) => void) {
  const folder = join(directory, name);
  cpSync(assembly, folder, { recursive: true });
  const file = readdirSync(folder).find((it) => it.endsWith('.template.json')) ?? '';
  const template = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Template;
  change(template.Resources ?? {});
  writeFileSync(join(folder, file), JSON.stringify(template));
  return folder;
}

function ofType(resources: NonNullable<Template['Resources']>, type: string, name: RegExp) {
  const found = Object.entries(resources).find(([id, { Type }]) => Type === type && name.test(id));
  return found?.[1].Properties as unknown as Record<string, unknown>;
}

describe('the upgrade', () => {
  test('touches no value, no label and no record', async () => {
    const done = await sandbox.deploy(assembly);
    expect(done.status).toBe('UPDATE_COMPLETE');
    const failed = done.events.filter(({ status }) => status.endsWith('FAILED'));
    expect(failed).toEqual([]);
    const stateful = ['AWS::SecretsManager::Secret', 'AWS::DynamoDB::Table'];
    expect(
      done.events.filter(
        ({ type, status }) => stateful.includes(type) && status !== 'CREATE_COMPLETE',
      ),
    ).toEqual([]);
    for (const key of keys) {
      const { VersionId, SecretString, VersionStages } = await current(key);
      const before = recordedCurrent(key);
      expect(VersionId).toBe(before?.versionId);
      expect(SecretString === before?.value).toBe(true);
      expect([...(VersionStages ?? [])].sort()).toEqual([...(before?.labels ?? [])].sort());
    }
    await sandbox.clock.idle();
  });

  test('lets everything issued before go on: a token, a sealed field, a login', async () => {
    const app = application();
    expect(await app.verifyToken(state.issued.token)).toMatch(/^[0-9a-f]{16}$/);
    const cipher = await app.cipher();
    expect(cipher.open('patients.phone', 1, state.issued.sealed)).toBe('+1 555 0100');
    for (const key of ['db', 'legacyDb'] as const) {
      await app.withDatabase(key, (session) => session.query('SELECT 1'));
    }
  });

  test('finishes what the release before had left to do', async () => {
    const onCall = await operator();
    const published = recordedCurrent('jwt')?.versionId ?? '';
    expect((await onCall.generation('jwt')).current).toBe(published);
    await sandbox.clock.advanceTo(new Date(sandbox.clock.now().getTime() + 3_600_000), 'last');
    await sandbox.clock.settle();
    const { current: activated, previous } = await onCall.generation('jwt');
    expect(activated).not.toBe(published);
    expect(previous).toBe(published);
    expect(await onCall.afterRotation('jwt')).toMatchObject({ state: 'finished' });
  });

  // Of one role: below, in the middle of a deployment.
  const rotated = keys.filter((key) => process.env.PROOF === 'full' || key !== 'legacyDb');
  test.each(rotated)('rotates %s with today’s functions, on what it found', async (key) => {
    const onCall = await operator();
    const app = application();
    await onCall.rotate(key);
    if (key === 'jwt' || key === 'pii') {
      const kids = new Set((await app.keyset(key)).keys.map(({ kid }) => kid));
      const held = state.secrets[key]?.versions.flatMap(({ value }) =>
        JSON.parse(value).keyset.keys.map(({ kid }: { kid: string }) => kid),
      );
      expect(held?.filter((kid) => !kids.has(kid))).toEqual([]);
      expect(acceptedKeys(await app.keyset(key), new Date(0)).length).toBeGreaterThan(1);
    } else {
      await app.withDatabase(key, (session) => session.query('SELECT 1'));
      expect((await app.credential(key)).password).not.toBe(
        JSON.parse(recordedCurrent(key)?.value ?? '{}').password,
      );
    }
    expect((await app.cipher()).open('patients.phone', 1, state.issued.sealed)).toBe('+1 555 0100');
    await app.verifyToken(state.issued.token);
  });
});

describe('a deployment that would write a value', () => {
  const forms: Record<string, Record<string, unknown>> = {
    'another SecretString': { SecretString: '{"JWT_SECRET":"written by a template"}' },
    'a GenerateSecretString': {
      SecretString: undefined,
      GenerateSecretString: { SecretStringTemplate: '{}', GenerateStringKey: 'JWT_SECRET' },
    },
  };
  test.each(Object.entries(forms))(
    'by %s is refused by the secret, and the value stays',
    async (name, change) => {
      const before = await current('jwt');
      const folder = planted(name.replaceAll(' ', '-'), (resources) => {
        Object.assign(ofType(resources, 'AWS::SecretsManager::Secret', /jwt/), change);
      });
      const error = await sandbox.deploy(folder).then(
        () => Promise.reject(new Error('it was deployed')),
        (reason: StackOperationError) => reason,
      );
      expect(error.reason).toMatch(
        /assumed-role\/cdk-hnb659fds-cfn-exec-role\S+ is not authorized to perform: secretsmanager:UpdateSecret .* explicit deny in a resource-based policy/,
      );
      const after = await current('jwt');
      expect(after.SecretString === before.SecretString).toBe(true);
      expect(after.VersionId).toBe(before.VersionId);
      await sandbox.continueRollback([error.logicalId]);
      expect((await sandbox.deploy(assembly)).events).toEqual([]);
    },
  );
});

describe('a deployment while a rotation is under way', () => {
  const stopAt = (Step: string): Fault => ({
    service: 'lambda',
    operation: 'Invoke',
    match: { Step },
    when: 'before',
    times: 1,
  });

  test('leaves it alone: the new function goes on where the old one was', async () => {
    const onCall = await operator();
    const fault = sandbox.injectFault(stopAt('testSecret'));
    await sandbox.clock.advanceTo(new Date(sandbox.clock.now().getTime() + 60_000));
    const token = await onCall.ask('db');
    await sandbox.clock.idle();
    expect(fault.fired()).toBe(1);
    const folder = planted('new-code', (resources) => {
      ofType(resources, 'AWS::Lambda::Function', /db/).MemorySize = 640;
    });
    expect((await sandbox.deploy(folder)).status).toBe('UPDATE_COMPLETE');
    await sandbox.clock.settle();
    expect((await onCall.generation('db')).current).toBe(token);
    expect(await onCall.afterRotation('db')).toMatchObject({ state: 'finished' });
    await application().withDatabase('db', (session) => session.query('SELECT 1'));
  });

  test('with another cadence is refused by the service, and goes through afterwards', async () => {
    const onCall = await operator();
    sandbox.injectFault(stopAt('createSecret'));
    await sandbox.clock.advanceTo(new Date(sandbox.clock.now().getTime() + 60_000));
    const token = await onCall.ask('legacyDb');
    await sandbox.clock.idle();
    const folder = planted('new-cadence', (resources) => {
      const schedule = ofType(resources, 'AWS::SecretsManager::RotationSchedule', /legacyDb/);
      schedule.RotationRules = { ScheduleExpression: 'rate(29 days)', Duration: '4h' };
    });
    await expect(sandbox.deploy(folder)).rejects.toThrow("A previous rotation isn't complete");
    await sandbox.clock.settle();
    expect((await onCall.generation('legacyDb')).current).toBe(token);
    await sandbox.continueRollback();
    // A rule that is set begins with the service's own test of the function.
    await sandbox.clock.idle();
    expect((await sandbox.deploy(folder)).status).toBe('UPDATE_COMPLETE');
    await sandbox.clock.idle();
    expect((await onCall.generation('legacyDb')).current).toBe(token);
  });
});
