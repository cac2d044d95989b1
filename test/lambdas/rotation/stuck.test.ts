/** A rotation that is stuck, as doctor looks at it, resumes it and gives it up; the core, with a target in memory. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pinLabel } from '../../../domain/config/names.ts';
import {
  abandonedSchema,
  type Diagnosis,
  diagnosisSchema,
  resumedSchema,
} from '../../../domain/events/diagnosis.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { failureOf } from '../../in-process/failure-of.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { functionArn, RotationWorld } from '../../in-process/rotation-world.ts';

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
type Step = (typeof steps)[number];

let world: RotationWorld<PlainValue>;
let strategy: PlainStrategy;
let first: string;
beforeEach(async () => {
  strategy = new PlainStrategy();
  world = await RotationWorld.start<PlainValue>({
    control: inMemoryControlTable(),
    room: () => ({ strategy, companions: {} }),
  });
  first = await world.rotate();
  await world.finishAfterRotation();
});
afterEach(() => world?.stop());

const diagnose = async (): Promise<Diagnosis> =>
  diagnosisSchema.parse(await world.handler({ operation: 'diagnose' }));
const resume = async (versionId: string, step: Step) =>
  resumedSchema.parse(await world.handler({ operation: 'resume', versionId, step })).outcome;
const abandon = async (versionId: string) =>
  abandonedSchema.parse(
    await world.handler({ operation: 'abandon', versionId, requestedBy: 'on-call' }),
  ).outcome;
const holding = async (label: string) => (await world.labels())[label];

/** The service has called the steps up to this one, which failed, and tries no more. */
async function stuckAt(step: Step): Promise<string> {
  strategy.failing = { step, error: Object.assign(new Error('No.'), { code: 'ERR_ROTATION_TLS' }) };
  const token = await world.rotate();
  strategy.failing = undefined;
  expect(await holding('AWSPENDING')).toBe(token);
  return token;
}
/** Its function answers nothing any more, before this step does anything. */
async function cutOffAt(step: Step): Promise<string> {
  const handler = world.handler;
  const cut = async (event: unknown) => {
    if ((event as { Step?: string }).Step === step) throw new Error('cut off');
    return handler(event);
  };
  (world as { handler: typeof cut }).handler = cut;
  const token = await world.rotate();
  (world as { handler: typeof cut }).handler = handler;
  return token;
}
const versionIn = ({ versions }: Diagnosis, label: string) =>
  versions.find(({ labels }) => labels.includes(label));

describe('a diagnosis', () => {
  test('tells labels, material by id and what the target accepts, and changes nothing', async () => {
    const token = await stuckAt('setSecret');
    const before = await world.secrets.describe(world.secretArn);
    const answer = await diagnose();
    expect(await world.secrets.describe(world.secretArn)).toEqual(before);
    expect(answer).toMatchObject({ secretArn: world.secretArn, functionArn });
    expect(answer.reaches.map(({ service, problem }) => [service, problem])).toEqual([
      ['secretsmanager', undefined],
      ['dynamodb', undefined],
      ['kms', undefined],
    ]);
    expect(versionIn(answer, 'AWSCURRENT')).toMatchObject({
      versionId: first,
      value: 'text',
      compromised: false,
      attempts: [{ at: 'target', answer: 'accepted' }],
    });
    expect(versionIn(answer, 'AWSPENDING')).toMatchObject({
      versionId: token,
      value: 'text',
      attempts: [{ answer: 'refused', problem: { code: 'ERR_ROTATION_LOGIN_REFUSED' } }],
    });
  });

  test('asks the target about no more versions than it must', async () => {
    await world.rotate();
    await world.finishAfterRotation();
    strategy.calls.length = 0;
    const working = await diagnose();
    expect(strategy.calls).toHaveLength(1);
    expect(versionIn(working, 'AWSPREVIOUS')).not.toHaveProperty('attempts');
    strategy.accepted.clear();
    strategy.calls.length = 0;
    const restored = await diagnose();
    expect(strategy.calls).toHaveLength(2);
    expect(versionIn(restored, 'AWSPREVIOUS')?.attempts).toMatchObject([{ answer: 'refused' }]);
  });

  test.each([
    ['secretsmanager', 'secretsManager.describe', { versions: 0, asked: 0 }],
    ['dynamodb', 'controlTable.getLease', { versions: 2, asked: 0 }],
    ['kms', 'kmsRandom.bytes', { versions: 2, asked: 1 }],
  ])('says that the function does not reach %s', async (service, call, expected) => {
    strategy.calls.length = 0;
    world.faults.arm(`diagnose/${call}`, 'before', 9);
    const { reaches, versions } = await diagnose();
    expect(reaches.filter(({ problem }) => problem).map((it) => it.service)).toEqual([service]);
    // Without the control table nobody knows what is compromised, and no target is asked.
    expect({ versions: versions.length, asked: strategy.calls.length }).toEqual(expected);
  });

  test('withholds the message of an error that is not ours', async () => {
    strategy.failing = { step: 'testSecret', error: new Error('hunter2') };
    const answer = await diagnose();
    expect(JSON.stringify(answer)).not.toContain('hunter2');
    expect(versionIn(answer, 'AWSCURRENT')?.attempts).toMatchObject([
      { answer: 'failed', problem: { code: 'ERR_ROTATION_UNEXPECTED' } },
    ]);
  });
});

describe('a stuck rotation is resumed', () => {
  test.each(steps)('under the same token, after it was cut off at %s', async (step) => {
    const token = await cutOffAt(step);
    // Long enough ago for nobody to be at work on it.
    await world.clock.advanceTo(new Date(world.clock.now().getTime() + 600_000));
    for (const each of steps) await resume(token, each);
    expect(await world.labels()).toMatchObject({ AWSCURRENT: token, AWSPREVIOUS: first });
    expect(await holding('AWSPENDING')).toBeUndefined();
    expect(await world.control.getAfterRotation(world.secretName, token)).toMatchObject({
      state: 'due',
    });
    // The service may come to it, too.
    expect(await resume(token, 'finishSecret')).toBe('unchanged');
  });

  test('and what goes wrong again is noted for on-call', async () => {
    const token = await stuckAt('setSecret');
    strategy.failing = {
      step: 'setSecret',
      error: Object.assign(new Error('Still no.'), { code: 'ERR_ROTATION_POSTGRES' }),
    };
    await resume(token, 'createSecret');
    expect((await failureOf(resume(token, 'setSecret'))).code).toBe('ERR_ROTATION_POSTGRES');
    const record = await world.control.getRotation(world.secretName, token);
    expect(record?.failure).toMatchObject({ step: 'setSecret', message: 'Still no.' });
  });

  test('but not one that is under way', async () => {
    const token = await cutOffAt('setSecret');
    const record = await world.control.getRotation(world.secretName, token);
    await world.control.updateRotation(world.secretName, token, (it) => ({
      ...it,
      at: world.clock.now().toISOString(),
    }));
    expect(record?.failure).toBeUndefined();
    for (const refused of [resume(token, 'createSecret'), abandon(token)]) {
      expect((await failureOf(refused)).code).toBe('ERR_ROTATION_UNDER_WAY');
    }
  });
});

describe('resuming and giving up are refused, and change nothing', () => {
  const material = async (token: string) =>
    (JSON.parse((await world.secrets.getValue(world.secretArn, token)) ?? '{}') as PlainValue).id;

  test.each<[string, string, (token: string) => Promise<unknown>]>([
    [
      'beside the lease of another rotation',
      'ERR_ROTATION_LEASED',
      () =>
        world.control.putLease(world.secretName, {
          token: world.nextToken(),
          owner: 'rollback',
          at: world.clock.now().toISOString(),
          expiresAt: new Date(world.clock.now().getTime() + 60_000).toISOString(),
        }),
    ],
    [
      'for an emergency',
      'ERR_ROTATION_EMERGENCY',
      (token) =>
        world.control.updateRotation(world.secretName, token, (it) => ({
          ...it,
          intent: 'emergency',
        })),
    ],
    [
      'for compromised material',
      'ERR_ROTATION_COMPROMISED_MATERIAL',
      async (token) =>
        world.control.putCompromised(world.secretName, {
          material: await material(token),
          at: world.clock.now().toISOString(),
          recordedBy: 'security',
        }),
    ],
  ])('%s', async (_when, code, given) => {
    const token = await stuckAt('testSecret');
    await given(token);
    const before = await world.labels();
    for (const refused of [resume(token, 'createSecret'), abandon(token)]) {
      expect((await failureOf(refused)).code).toBe(code);
    }
    expect(await world.labels()).toEqual(before);
  });

  test('for another version than AWSPENDING is on', async () => {
    await stuckAt('testSecret');
    const before = await world.labels();
    expect((await failureOf(resume(first, 'createSecret'))).code).toBe('ERR_ROTATION_NOT_PENDING');
    expect(await abandon(first)).toBe('nothingToDo');
    expect(await world.labels()).toEqual(before);
  });
});

describe('a stuck rotation is given up', () => {
  test('and pinned when the target accepts its value: the only copy of what works is never dropped', async () => {
    const token = await stuckAt('testSecret');
    expect(await abandon(token)).toBe('pinned');
    expect(await holding('AWSPENDING')).toBeUndefined();
    expect(await holding(pinLabel)).toBe(token);
    expect(await holding('AWSCURRENT')).toBe(first);
  });

  test('and pinned when the target does not answer', async () => {
    const token = await stuckAt('setSecret');
    strategy.failing = {
      step: 'testSecret',
      error: Object.assign(new Error('Silence.'), { code: 'ERR_ROTATION_POSTGRES_UNREACHABLE' }),
    };
    expect(await abandon(token)).toBe('pinned');
    expect(await holding(pinLabel)).toBe(token);
  });

  test('and pinned when it cannot be read as a value of this deployment any more: the target may accept it', async () => {
    const token = await stuckAt('testSecret');
    const parse = strategy.parse.bind(strategy);
    const pending = await world.secrets.getValue(world.secretArn, token);
    strategy.parse = (text) => {
      if (text !== pending) return parse(text);
      // A deployment since then names another host.
      throw Object.assign(new Error('host'), { code: 'ERR_ROTATION_DATABASE_VALUE' });
    };
    expect(await abandon(token)).toBe('pinned');
    expect(await holding(pinLabel)).toBe(token);
    expect(await holding('AWSPENDING')).toBeUndefined();
    // And keeps no later rotation from going on.
    const next = await world.rotate();
    expect(await holding('AWSCURRENT')).toBe(next);
  });

  test('and not pinned when nobody accepts it, or there is nothing to pin', async () => {
    expect(await abandon(await stuckAt('setSecret'))).toBe('cleared');
    expect(await abandon(await stuckAt('createSecret'))).toBe('cleared');
    expect(await holding(pinLabel)).toBeUndefined();
  });

  test('and the next one starts at once: rotation stays on, and no lease is left', async () => {
    await abandon(await stuckAt('setSecret'));
    expect((await world.secrets.describe(world.secretArn)).rotationEnabled).toBe(true);
    const token = await world.rotate();
    expect(await holding('AWSCURRENT')).toBe(token);
  });

  test('but resumed instead when the target took it in the place of AWSCURRENT', async () => {
    const token = await stuckAt('testSecret');
    strategy.accepted.delete((JSON.parse((await world.text()) ?? '{}') as PlainValue).id);
    expect((await failureOf(abandon(token))).code).toBe('ERR_ROTATION_RESUME_INSTEAD');
    expect(await holding('AWSPENDING')).toBe(token);
    // Switched off it cannot be resumed, and AWSCURRENT is set again afterwards.
    await world.secrets.cancelRotation(world.secretArn);
    const disabled = await failureOf(resume(token, 'createSecret'));
    expect(disabled.code).toBe('ERR_ROTATION_DISABLED');
    expect(disabled.message).toContain('doctor --repair --abandon');
    expect(await abandon(token)).toBe('pinned');
  });

  test('when it is on AWSCURRENT, where it says nothing', async () => {
    await world.secrets.moveLabel({ secretId: world.secretArn, label: 'AWSPENDING', to: first });
    expect(await abandon(first)).toBe('cleared');
    expect(await world.labels()).not.toHaveProperty('AWSPENDING');
    expect(await holding(pinLabel)).toBeUndefined();
  });
});

test('an operation that does not fit is refused', async () => {
  for (const event of [
    { operation: 'diagnose', versionId: first },
    { operation: 'resume', versionId: first, step: 'create_secret' },
    { operation: 'abandon', versionId: first },
  ]) {
    expect((await failureOf(world.handler(event))).code).toBe('ERR_ROTATION_INVALID_EVENT');
  }
});
