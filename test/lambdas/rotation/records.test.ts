/** What createSecret fixes for its token and finishSecret leaves behind, for all who come after: whole records. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { RotationRecord } from '../../../domain/events/control-records.ts';
import type { Rotation } from '../../../lambdas/rotation/strategy.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let strategy: PlainStrategy;
let world: RotationWorld<PlainValue>;

beforeEach(async () => {
  strategy = new PlainStrategy();
  world = await RotationWorld.start({
    control: inMemoryControlTable(),
    room: () => ({ strategy, companions: {} }),
  });
});
afterEach(() => world.stop());

/** As by the console's button: no intent record. */
async function rotatedUnasked(): Promise<string> {
  const token = world.nextToken();
  await world.secrets.rotate({ secretId: world.secretArn, clientRequestToken: token });
  await world.clock.settle();
  return token;
}

/** What createSecret fixed, without what the steps added. */
async function fixed(token: string): Promise<Omit<RotationRecord, 'steps' | 'evidence'>> {
  const record = await world.control.getRotation(world.secretName, token);
  if (record === undefined) throw new Error('there is no record');
  const { steps: _steps, evidence: _evidence, ...others } = record;
  return others;
}

const idOf = async (versionId: string): Promise<string> =>
  JSON.parse((await world.secrets.getValue(world.secretArn, versionId)) ?? '{}').id;

describe('a rotation that somebody asked for', () => {
  const execution = 'arn:aws:states:eu-west-1:000000000000:execution:planned:1';

  test('says who, why, what for, and what it builds on; so does the AfterRotation', async () => {
    const first = await world.rotateThrough();
    const token = await world.rotate({
      intent: 'planned',
      requestedBy: 'on-call',
      reason: 'once a year',
      owner: execution,
    });
    const at = world.clock.now().toISOString();
    expect(await fixed(token)).toStrictEqual({
      token,
      intent: 'planned',
      basedOn: first,
      owner: execution,
      provenance: {
        intent: 'planned',
        token,
        attributed: true,
        basedOn: first,
        requestedBy: 'on-call',
        reason: 'once a year',
      },
      at,
    });
    expect(await world.control.getAfterRotation(world.secretName, token)).toStrictEqual({
      versionId: token,
      state: 'due',
      intent: 'planned',
      basedOn: first,
      primary: await idOf(token),
      replaced: await idOf(first),
      owner: execution,
      at,
    });
  });

  test('claims nothing that nobody said', async () => {
    const first = await world.rotateThrough();
    const token = await world.rotate();
    const { provenance, ...others } = await fixed(token);
    expect(provenance).toStrictEqual({
      intent: 'planned',
      token,
      attributed: true,
      basedOn: first,
      requestedBy: 'test',
    });
    expect(Object.keys(others).sort()).toEqual(['at', 'basedOn', 'intent', 'token']);
    const after = await world.control.getAfterRotation(world.secretName, token);
    expect(after).not.toHaveProperty('owner');
  });
});

test('a first value that nobody asked for builds on nothing and replaces nothing', async () => {
  const { describe } = world.secrets;
  // A template may make a secret without a value.
  world.secrets.describe = async (secretId) => {
    const answer = await describe(secretId);
    const others = Object.entries(answer.versionIdsToStages).filter(
      ([, labels]) => !labels.includes('AWSCURRENT'),
    );
    return { ...answer, versionIdsToStages: Object.fromEntries(others) };
  };
  strategy.failing = { step: 'setSecret', error: new Error('as far as it goes') };
  const token = await rotatedUnasked();
  const { at: _at, failure: _failure, ...record } = await fixed(token);
  expect(record).toStrictEqual({
    token,
    intent: 'planned',
    basedOn: null,
    provenance: { intent: 'planned', token, attributed: false, backstopProbably: false },
  });
});

test('the AfterRotation of a first value names nothing that it replaced', async () => {
  const token = await world.rotate();
  const after = await world.control.getAfterRotation(world.secretName, token);
  expect(after).not.toHaveProperty('replaced');
});

describe('a rollback', () => {
  let versions: string[];
  let told: Rotation<PlainValue>[];

  beforeEach(async () => {
    versions = [
      await world.rotateThrough(),
      await world.rotateThrough(),
      await world.rotateThrough(),
    ];
    told = [];
    const usual = strategy.createSecret.bind(strategy);
    strategy.createSecret = (held, rotation) => {
      told.push(rotation);
      return usual(held, rotation);
    };
  });

  test.each([
    ['AWSPREVIOUS, unless told otherwise', undefined, 1],
    ['the version it was told', 0, 0],
  ])('goes back to %s', async (_to, named, expected) => {
    const [restore = ''] = versions.slice(expected);
    const token = await world.rotate({
      intent: 'rollback',
      ...(named !== undefined && { restoreVersionId: versions[named] ?? '' }),
    });
    expect((await fixed(token)).restoreVersionId).toBe(restore);
    expect(await idOf(token)).toBe(await idOf(restore));
    expect(told).toMatchObject([{ intent: 'rollback', restore: { id: await idOf(restore) } }]);
  });

  test('alone has something to go back to: no other rotation is told of any', async () => {
    const token = await world.rotate({ intent: 'emergency' });
    expect(await fixed(token)).not.toHaveProperty('restoreVersionId');
    expect(told[0]).not.toHaveProperty('restore');
  });
});

describe('a rotation that nobody asked for', () => {
  const hour = 3_600_000;

  test.each([
    ['a day away', 24 * hour, true],
    ['within the day', 23 * hour, true],
    ['overdue', -hour, true],
    ['more than a day away', 24 * hour + 1, false],
    ['nowhere, the secret having no rule', undefined, false],
  ])('with the native rule %s is probably the backstop: %s, %s', async (_next, away, probably) => {
    await world.rotateThrough();
    const { describe } = world.secrets;
    world.secrets.describe = async (secretId) => {
      const { nextRotationDate: _usual, ...answer } = await describe(secretId);
      if (away === undefined) return answer;
      return { ...answer, nextRotationDate: new Date(world.clock.now().getTime() + away) };
    };
    const token = await rotatedUnasked();
    expect((await world.labels()).AWSCURRENT).toBe(token);
    expect((await fixed(token)).provenance.backstopProbably).toBe(probably);
  });
});

test('a secret that was not adopted is rotated by a function that may not read adoptions', async () => {
  world.faults.arm('createSecret/controlTable.getAdoption', 'permanent');
  const token = await world.rotate();
  expect((await world.labels()).AWSCURRENT).toBe(token);
});
