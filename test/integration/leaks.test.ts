/** After everything that can happen to a secret, its values are in Secrets Manager and nowhere else. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formsOf, foundIn, valuesIn } from './forms.ts';
import { administrator, machineArn, readSinks, type Sinks, sinkNames } from './sinks.ts';
import { type SecretKey, steps, World } from './world.ts';

const keys: readonly SecretKey[] = ['jwt', 'db', 'legacyDb', 'pii'];
const rotator = 'quarterturn_rotator';

let world: World;
beforeAll(async () => {
  world = await World.start({
    settings: {
      log_statement: 'all',
      log_min_duration_statement: '0',
      log_parameter_max_length: '-1',
      log_parameter_max_length_on_error: '-1',
      log_connections: 'on',
      shared_preload_libraries: 'pg_stat_statements',
      'pg_stat_statements.track': 'all',
      'pg_stat_statements.track_utility': 'on',
    },
  });
  await asSuperuser('CREATE EXTENSION pg_stat_statements');
  await everything();
}, 120_000);
afterAll(() => world?.stop());

/** First values, planned rotations, a setSecret that fails, an emergency of every kind, and answers. */
async function everything(): Promise<void> {
  for (const key of keys) {
    await world.rotate(key);
    await world.rotate(key, 'planned');
  }
  // The server refuses the statement that holds the verifier, and logs it with its error.
  await asSuperuser(`ALTER ROLE ${rotator} NOCREATEROLE`);
  const failing = [await world.begin('db'), await world.begin('legacyDb')];
  for (const token of failing) {
    expect(world.stepsOf(token)).toEqual(['createSecret', 'setSecret']);
  }
  await asSuperuser(`ALTER ROLE ${rotator} CREATEROLE`);
  await world.settle();
  for (const key of keys) {
    await world.preemptAndRotate(key, 'emergency');
  }
  await Promise.all(keys.map(answersOf));
}

/** Each step of what is over, and of what never was. */
async function answersOf(key: SecretKey): Promise<void> {
  const current = (await world.holder(key, 'AWSCURRENT')) ?? '';
  const SecretId = (await world.stage.operator.describe(key)).arn;
  await Promise.all(
    steps.map(async (Step) => {
      await world.invoke(key, { Step, SecretId, ClientRequestToken: current });
      const absent = { Step, SecretId, ClientRequestToken: 'f'.repeat(32) };
      await expect(world.invoke(key, absent)).rejects.toThrow('VersionNotStagedError');
    }),
  );
}

const asSuperuser = (sql: string): Promise<unknown> =>
  world.stage.asSuperuser((session) => session.query(sql));

/** All there ever were: every version that still has a value, labelled or not. */
async function everyValue(): Promise<{ text: string; bytes: Buffer }[]> {
  const values = new Map<string, { text: string; bytes: Buffer }>();
  for (const key of keys) {
    for (const version of await world.versionIds(key)) {
      const secretString = (await world.valueOf(key, version)) ?? '{}';
      for (const value of valuesIn(secretString)) {
        values.set(value.text, value);
      }
    }
  }
  return [...values.values()];
}

describe('no value', () => {
  test('of any version is found in any sink, in any form', async () => {
    const values = await everyValue();
    // First, planned and emergency key of two keysets; first, planned, retried and emergency password.
    expect(values.length).toBeGreaterThanOrEqual(2 * 3 + 2 * 4);
    const sinks = await readSinks(world);
    for (const name of sinkNames) {
      expect([name, sinks[name].length > 200]).toEqual([name, true]);
    }
    // The statements that set a credential were seen, the refused one included; they hold a verifier.
    expect(sinks['PostgreSQL log']).toMatch(/ALTER ROLE .*PASSWORD 'SCRAM-SHA-256\$/);
    expect(sinks['PostgreSQL log']).toMatch(/ERROR: {2}permission denied to alter role/);
    expect(sinks.pg_stat_statements).toMatch(/ALTER ROLE/);
    const forms = values.flatMap(({ text, bytes }) => formsOf(text, bytes));
    expect(foundIn(sinks, forms)).toEqual([]);
  }, 60_000);

  test('of the rotator or the superuser is, either', async () => {
    const admin = await world.ownValue('dbAdmin');
    const passwords = [...valuesIn(admin).map(({ text }) => text)];
    passwords.push(world.stage.server.superuser.password);
    expect(passwords).toHaveLength(2);
    const forms = passwords.flatMap((text) => formsOf(text, Buffer.from(text)));
    expect(foundIn(await readSinks(world), forms)).toEqual([]);
  });

  test('left out of the search: the search finds one in each sink, in the form it is told in', async () => {
    const canaries = await seedEverySink();
    const sinks = await readSinks(world);
    for (const name of sinkNames) {
      const { text, bytes } = canaries[name];
      expect(foundIn(sinks, formsOf(text, bytes))).toContain(name);
    }
  }, 30_000);
});

type Canary = { text: string; bytes: Buffer };

/** A value of its own for each sink, written there the way a leak would come about. */
async function seedEverySink(): Promise<Record<keyof Sinks, Canary>> {
  const entries = sinkNames.map((name) => {
    const bytes = randomBytes(24);
    return [name, { text: bytes.toString('base64url'), bytes }];
  });
  const canaries = Object.fromEntries(entries) as Record<keyof Sinks, Canary>;
  const of = (name: keyof Sinks) => canaries[name];
  const access = administrator(world);

  await asSuperuser(`SELECT '${of('PostgreSQL log').bytes.toString('hex')}'`);
  // Constants of other statements are left out of it; those of utility statements are not.
  await asSuperuser(`COMMENT ON DATABASE pharmacy IS '${of('pg_stat_statements').text}'`);
  const SecretId = (await world.stage.operator.describe('jwt')).arn;
  // A token is told in log and answer; one canary each.
  const steps = (['function logs', 'function answers'] as const).map((name) => {
    const ClientRequestToken = of(name).bytes.toString('hex');
    return world.invoke('jwt', { Step: 'setSecret', SecretId, ClientRequestToken });
  });
  expect((await Promise.allSettled(steps)).map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
  ]);
  await new SecretsManagerClient(access)
    .send(new PutSecretValueCommand({ SecretId: of('request log').text, SecretString: 'x' }))
    .catch(() => '');
  await new SecretsManagerClient(access)
    .send(new GetSecretValueCommand({ SecretId: of('CloudTrail').text }))
    .catch(() => '');
  await new EventBridgeClient(access).send(
    new PutEventsCommand({
      Entries: [
        {
          Source: 'a.leak',
          DetailType: 'canary',
          Detail: JSON.stringify({
            inside: Buffer.from(`x=${of('events').text};`).toString('base64'),
          }),
        },
      ],
    }),
  );
  await new SFNClient(access).send(
    new StartExecutionCommand({
      stateMachineArn: machineArn(world),
      input: JSON.stringify({ backwards: [...of('state machine').text].reverse().join('') }),
    }),
  );
  await world.control.putIntent(world.name('jwt'), {
    intent: 'planned',
    token: await world.newToken(),
    requestedBy: 'on-call',
    reason: of('control table').text.slice(0, 16),
    at: world.stage.sandbox.clock.now().toISOString(),
  });
  const file = join(world.stage.directory, 'cdk.out', 'canary.txt');
  await writeFile(file, of('cdk.out').bytes.toString('base64'));
  await world.settle();
  return canaries;
}
