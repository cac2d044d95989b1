/** After everything that can happen to a secret, its values are in Secrets Manager and nowhere else. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { functionName } from '../../domain/config/names.ts';
import { emergenciesWith, stepFunctionsWith } from '../../doors/explicit-access.ts';
import { isFull, recordFigures } from '../assurance/figures.ts';
import { runCommands } from '../leaks/commands.ts';
import { type Gathered, readDeployedSinks } from '../leaks/deployed-sinks.ts';
import { functionProcesses, leftBehind } from '../leaks/processes.ts';
import { rowsWithCanaries } from '../leaks/rows-with-canaries.ts';
import { seedDeployedSinks, unseeded } from '../leaks/seed-deployed.ts';
import { sinksRead } from '../leaks/sink-table.ts';
import { Watching } from '../leaks/watching.ts';
import { searchFor } from './forms.ts';
import { administrator } from './sinks.ts';
import { type SecretKey, steps, World } from './world.ts';

const keys: readonly SecretKey[] = ['jwt', 'db', 'legacyDb', 'pii'];
const rotator = 'quarterturn_rotator';
const since = new Date();

/** A server that writes down whatever it can. */
const loud = {
  log_statement: 'all',
  log_min_duration_statement: '0',
  log_parameter_max_length: '-1',
  log_parameter_max_length_on_error: '-1',
  log_connections: 'on',
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track': 'all',
  'pg_stat_statements.track_utility': 'on',
};

let world: World;
/** Of rows. */
let plaintexts: Readonly<Record<string, string>> = {};
let watching: Watching;
let gathered: Gathered;
let ran: number;
beforeAll(async () => {
  // Rows, and the machine that changes everything in an emergency, cost minutes: they are of the proof.
  world = await World.start({ settings: loud }, isFull ? 'following' : 'resting');
  await asSuperuser('CREATE EXTENSION pg_stat_statements');
  watching = new Watching(world.stage.asSuperuser);
  if (isFull) plaintexts = await rowsWithCanaries(world);
  await everything();
  if (isFull) await emergency();
  const told = await runCommands(world, isFull ? 'every' : 'some');
  ran = told.ran;
  gathered = { watching, since, ...told };
  await watching.look();
}, 900_000);
afterAll(async () => {
  await watching?.stop();
  await world?.stop();
});

/** First values, planned rotations, a setSecret that fails, an emergency of every kind, and answers. */
async function everything(): Promise<void> {
  for (const key of keys) {
    await world.rotate(key);
    await world.rotate(key, 'planned');
  }
  // Messages that cannot be told end in the queue of what failed for good, as they are.
  const silent = world.stage.sandbox.injectFault({
    service: 'lambda',
    operation: 'Invoke',
    match: { functionName: functionName(world.stage.operator.manifest, 'notify-people') },
    when: 'before',
    error: { code: 'ServiceException', status: 500 },
  });
  // The server refuses the statement that holds the verifier, and logs it with its error.
  await asSuperuser(`ALTER ROLE ${rotator} NOCREATEROLE`);
  const failing = [await world.begin('db'), await world.begin('legacyDb')];
  for (const token of failing) {
    expect(world.stepsOf(token)).toEqual(['createSecret', 'setSecret']);
  }
  await asSuperuser(`ALTER ROLE ${rotator} CREATEROLE`);
  await world.settle();
  expect(silent.fired()).toBeGreaterThan(0);
  silent.remove();
  for (const key of keys) {
    await world.preemptAndRotate(key, 'emergency');
  }
  await Promise.all(keys.map(answersOf));
}

/** By the machine, of everything, with a report of the incident. */
async function emergency(): Promise<void> {
  const { sandbox, operator } = world.stage;
  const { manifest } = operator;
  const access = administrator(world);
  await stepFunctionsWith(access).startExecution({
    stateMachineArn: `arn:aws:states:${sandbox.region}:${sandbox.account}:stateMachine:${manifest.emergency?.machine}`,
    name: 'console-1',
    input: { secrets: [...keys], reason: 'it was found in a public repository' },
  });
  await world.settle();
  const [head] = await emergenciesWith(access, manifest).emergencyRecords.getEmergencies(1);
  expect(head?.report).toBeDefined();
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

/** All there ever were: every version that still has a value, labelled or not, and those that owners keep. */
async function everyValue(): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const key of [...keys, ...(isFull ? (['rowsDb'] as const) : [])] as SecretKey[]) {
    for (const version of await world.versionIds(key)) {
      const secretString = (await world.valueOf(key, version)) ?? '';
      if (!secretString.includes('"uninitialised"')) values[`${key} ${version}`] = secretString;
    }
  }
  return values;
}

describe('no value', () => {
  test('of any version is found in any sink, in any form', async () => {
    const values = await everyValue();
    // First, planned and emergency value of four secrets, and the retried ones of databases.
    expect(Object.keys(values).length).toBeGreaterThanOrEqual(4 * 3 + 2);
    const search = searchFor({
      ...values,
      ...plaintexts,
      rotator: await world.ownValue('dbAdmin'),
      superuser: world.stage.server.superuser.password,
    });
    const sinks = await readDeployedSinks(world, gathered);
    expect(Object.keys(sinks).toSorted()).toEqual(sinksRead('deployment').toSorted());
    const unwritten = sinksRead('deployment').filter((name) => sinks[name].length < 200);
    expect(unwritten).toEqual([]);
    // The statements that set a credential were seen, the refused one included; they hold a verifier.
    expect(sinks['PostgreSQL log']).toMatch(/ALTER ROLE .*PASSWORD 'SCRAM-SHA-256\$/);
    expect(sinks['PostgreSQL log']).toMatch(/ERROR: {2}permission denied to alter role/);
    expect(sinks.pg_stat_statements).toMatch(/ALTER ROLE/);
    expect(sinks.pg_stat_activity).toMatch(/quarterturn/);
    expect(sinks['process arguments']).toMatch(/runner\.mjs/);
    expect(sinks['function environments']).toMatch(/AWS_LAMBDA_FUNCTION_NAME/);
    expect(ran).toBeGreaterThan(isFull ? 25 : 6);
    const found = Object.entries(sinks).flatMap(([name, text]) =>
      search.in(text, 20).map(({ of, form }) => `${name}: ${of}, ${form}`),
    );
    expect([...new Set(found)]).toEqual([]);
    recordFigures('leaks-deployed', 0, {
      canaries: Object.keys({ ...values, ...plaintexts }).length + 2,
      sinks: Object.keys(sinks).length,
      bytesSearched: Object.values(sinks).reduce((sum, { length }) => sum + length, 0),
      hits: found.length,
    });
  }, 120_000);

  test('is on the disk of a function: nothing is, and no function writes its memory down', async () => {
    const functions = await functionProcesses(world.stage.sandbox.url);
    expect(functions.length).toBeGreaterThan(5);
    for (const { name, folder, args, environment } of functions) {
      expect([name, await leftBehind(folder)]).toEqual([name, []]);
      // Options of Node.js that write heap or environment down (nodejs.org/api/cli.html, /api/report.html).
      expect(args).not.toMatch(/--(heap|report|cpu-prof|diagnostic|abort|inspect)/);
      expect(environment).not.toMatch(/^(NODE_OPTIONS|NODE_V8_COVERAGE|_X_AMZN_TRACE_ID)=/m);
    }
    const { dist } = await readDeployedSinks(world, gathered);
    for (const written of [
      /writeHeapSnapshot|heapsnapshot|process\.report\b|setFlagsFromString/,
      /["'`]\/tmp\b/,
      // Lambda's own segments hold names and times; annotations and metadata are what code adds.
      /aws-xray-sdk|captureAWS|addAnnotation|putAnnotation|PutTraceSegments|XRAY_DAEMON/,
    ]) {
      expect([written, written.test(dist)]).toEqual([written, false]);
    }
  }, 60_000);

  test('left out of the search: the search finds one in each sink, in the form it is told in', async () => {
    const { canaries, put, stop } = await seedDeployedSinks(world, watching, gathered);
    const sinks = await readDeployedSinks(world, put).finally(stop);
    const found = new Map(
      sinksRead('deployment').map((name) => {
        const text = canaries[name];
        return [name, text !== undefined && searchFor({ name: text }).in(sinks[name]).length > 0];
      }),
    );
    for (const name of sinksRead('deployment')) {
      expect([name, found.get(name)]).toEqual([name, !unseeded.has(name)]);
    }
  }, 60_000);
});
