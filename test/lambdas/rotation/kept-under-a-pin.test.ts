/** What becomes of a pending value whose rotation is given up: it may be the only copy of a credential that works. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pinLabel } from '../../../domain/config/names.ts';
import { inMemoryControlTable } from '../../doors/in-memory-control-table.ts';
import { PlainStrategy, type PlainValue } from '../../in-process/plain-strategy.ts';
import { RotationWorld } from '../../in-process/rotation-world.ts';

let strategy: PlainStrategy;
let world: RotationWorld<PlainValue>;

beforeEach(async () => {
  strategy = new PlainStrategy();
  world = await RotationWorld.start<PlainValue>({
    control: inMemoryControlTable(),
    room: () => ({ strategy, companions: {} }),
  });
  for (let generation = 0; generation < 2; generation++) {
    await world.rotate();
    await world.finishAfterRotation();
  }
});
afterEach(() => world.stop());

const coded = (code: string) => Object.assign(new Error('no'), { code });
const preempt = () =>
  world.handler({ operation: 'preempt', token: world.nextToken(), owner: 'on-call' });

/** A rotation that failed at this step, and whose target answers again. */
async function stuckAt(step: string): Promise<string> {
  strategy.failing = { step, error: coded('ERR_ROTATION_TLS') };
  const token = await world.begin({ intent: 'planned' });
  strategy.failing = undefined;
  return token;
}

describe('a rotation that is preempted', () => {
  test.each([
    ['ERR_ROTATION_LOGIN_REFUSED', false],
    ['ERR_ROTATION_ROLE_CANNOT_LOGIN', false],
    ['ERR_ROTATION_PROBE_REFUSED', false],
    ['ERR_ROTATION_TEST_FAILED', false],
    ['ERR_ROTATION_POSTGRES_UNREACHABLE', true],
    ['ERR_ROTATION_PROBE_UNREACHABLE', true],
    ['28P01', true],
  ])('when its value is answered by %s: kept %s', async (code, pinned) => {
    const stuck = await stuckAt('testSecret');
    strategy.failing = { step: 'testSecret', error: coded(code) };
    expect(await preempt()).toMatchObject({ preempted: stuck, pinned });
    const labels = await world.labels();
    expect(labels).not.toHaveProperty('AWSPENDING');
    expect(labels[pinLabel]).toBe(pinned ? stuck : undefined);
  });

  test('has the one pin there is, whoever had it before', async () => {
    const { AWSPREVIOUS: before = '' } = await world.labels();
    await world.secrets.moveLabel({ secretId: world.secretArn, label: pinLabel, to: before });
    const stuck = await stuckAt('testSecret');
    expect(await preempt()).toMatchObject({ pinned: true });
    expect((await world.labels())[pinLabel]).toBe(stuck);
  });

  test('keeps the pin it has: no label is moved to where it is', async () => {
    const stuck = await stuckAt('testSecret');
    await world.secrets.moveLabel({ secretId: world.secretArn, label: pinLabel, to: stuck });
    const moved: string[] = [];
    const usual = world.secrets.moveLabel;
    world.secrets.moveLabel = (move) => {
      moved.push(move.label);
      return usual(move);
    };
    expect(await preempt()).toMatchObject({ pinned: true });
    expect((await world.labels())[pinLabel]).toBe(stuck);
    expect(moved).toEqual(['AWSPENDING']);
  });

  test.each<[string, () => void]>([
    [
      'Secrets Manager does not give its value',
      () => world.faults.arm('preempt/secretsManager.getValue', 'before', 99),
    ],
    [
      'there is a mistake of ours',
      () => {
        strategy.parse = () => {
          throw new TypeError('ours');
        };
      },
    ],
  ])('stays as it is when %s: nobody knows yet what it holds', async (_why, given) => {
    const stuck = await stuckAt('testSecret');
    given();
    await expect(preempt()).rejects.toThrow();
    const labels = await world.labels();
    expect(labels.AWSPENDING).toBe(stuck);
    expect(labels).not.toHaveProperty(pinLabel);
  });
});

describe('a rotation whose base has moved', () => {
  /** Somebody with the right to do so goes back by hand. */
  async function moveCurrentBack(): Promise<string> {
    const { AWSCURRENT: from = '', AWSPREVIOUS: to = '' } = await world.labels();
    await world.secrets.moveLabel({ secretId: world.secretArn, label: 'AWSCURRENT', to, from });
    return to;
  }

  test.each([
    ['that has no value leaves nothing', 'createSecret', false],
    ['that the target refuses leaves nothing', 'setSecret', false],
    ['that the target accepts is kept, and that is said', 'testSecret', true],
  ])('%s', async (_what, step, kept) => {
    const { AWSCURRENT: base } = await world.labels();
    const stuck = await stuckAt(step);
    const current = await moveCurrentBack();
    await world.clock.settle(6 * 3_600_000);
    const labels = await world.labels();
    expect(labels).not.toHaveProperty('AWSPENDING');
    expect(labels[pinLabel]).toBe(kept ? stuck : undefined);
    const refused = world.log.find(({ fields }) => fields.code === 'ERR_ROTATION_BASE_MOVED');
    expect(refused?.fields.reason).toBe(
      `AWSCURRENT is ${current}; this rotation is based on ${base}. It was given up and its AWSPENDING removed${kept ? '; its value stays under the pin label, because the target may accept it' : ''}. Start a new rotation.`,
    );
  });
});
