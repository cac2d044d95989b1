/** What holds for every kind of secret, asked of the deployed function. */
import { describe, expect, test } from '@jest/globals';
import { uninitialisedMarker } from '../../domain/config/names.ts';
import { rotationInProgress } from '../../domain/policy/labels.ts';
import { eyes, momentAfter } from './eyes.ts';
import { type SecretKey, steps, type World } from './world.ts';

/** `fails`: the failure it has in `npm test`. */
const kinds = {
  jwt: { keyset: true, needs: [], fails: 'after finishSecret' },
  pii: { keyset: true, needs: ['db'], fails: 'before createSecret' },
  db: { keyset: false, needs: [], fails: 'after testSecret' },
  legacyDb: { keyset: false, needs: [], fails: 'before setSecret' },
} as const;
const isFull = process.env.PROOF === 'full';
/** Both keysets share the core, both databases the server: in `npm test` one of each pair has such a case. */
const ofOneOfItsPair = (key: SecretKey) =>
  isFull || key === 'jwt' || key === 'db' ? test : test.skip;
/** One case for all four, in `npm test`. */
const ofOne = (key: SecretKey) => (isFull || key === 'db' ? test : test.skip);
/** Without a fault, `npm test` has it as the intent `planned`. */
const inFull = isFull ? test : test.skip;

/** Before anything else: the cadence makes first values, too, once an hour has passed. */
export function firstValue(key: SecretKey, world: () => World): void {
  test(`${key}: the first rotation turns the marker into a value that carries its date`, async () => {
    const w = world();
    for (const needed of kinds[key].needs) {
      await w.rotate(needed);
    }
    const empty = (await w.holder(key, 'AWSCURRENT')) ?? '';
    expect(await w.valueOf(key, empty)).toBe(uninitialisedMarker);
    const token = await w.rotate(key);
    expect(await w.holder(key, 'AWSCURRENT')).toBe(token);
    expect(await w.dateLabel(key)).toMatch(/^rotated-20260105T03\d{4}Z$/);
    expect(await w.afterRotation(key)).toBe('finished');
    await (await eyes[key](w))();
  });
}

/** Begins with a secret that has its first value, and leaves it with nothing under way. */
export function everyKind(key: SecretKey, world: () => World): void {
  const { keyset } = kinds[key];

  describe('a rotation', () => {
    inFull('gives the second value, and everything from before works on', async () => {
      const w = world();
      const look = await eyes[key](w);
      const date = await w.dateLabel(key);
      await expectTurn(w, await w.rotate(key));
      expect(await w.dateLabel(key)).not.toBe(date);
      await look();
    });

    ofOneOfItsPair(key)('has each of its steps delivered twice and ends as if once', async () => {
      const w = world();
      const look = await eyes[key](w);
      const date = await w.dateLabel(key);
      const faults = steps.map((step) => w.fault(key, step, 'twice'));
      const token = await w.rotate(key);
      expect(faults.map((fault) => fault.fired())).toEqual([1, 1, 1, 1]);
      await expectTurn(w, token);
      expect(await w.dateLabel(key)).not.toBe(date);
      await look();
    });

    test('of the configuration alone runs testSecret and changes nothing', async () => {
      const w = world();
      const before = await w.stages(key);
      const current = (await w.holder(key, 'AWSCURRENT')) ?? '';
      const value = await w.valueOf(key, current);
      const token = await w.testOnly(key);
      expect(w.stepsOf(token)).toEqual(['testSecret']);
      expect(await w.stages(key)).toEqual(before);
      expect((await w.valueOf(key, current)) === value).toBe(true);
      expect(lastEvent(w)).toBe('TestRotationSucceeded');
    });
  });

  // In `npm test` every step fails once among the four kinds, with PROOF=full in both ways in each of them. Every
  // single call of every kind fails in every way in test/matrix, in one process.
  const cases = steps
    .flatMap((step) => (['before', 'after'] as const).map((when) => ({ step, when })))
    .filter(({ step, when }) => isFull || `${when} ${step}` === kinds[key].fails);
  describe('a failure', () => {
    test.each(cases)('$when the effect of $step breaks nothing, its retry succeeds', async (it) => {
      const w = world();
      const { step, when } = it;
      const look = await eyes[key](w);
      const current = await w.holder(key, 'AWSCURRENT');
      const fault = w.fault(key, step, when);
      const token = await w.begin(key);
      expect(fault.fired()).toBe(1);
      const promoted = step === 'finishSecret' && when === 'after';
      if (!promoted) {
        expect(await w.holder(key, 'AWSCURRENT')).toBe(current);
      }
      const value = await w.valueOf(key, token);
      expect(value === undefined).toBe(step === 'createSecret' && when === 'before');
      await look(momentAfter(token, step, when));

      await w.settle();
      const repeated = w.stepsOf(token).filter((called) => called === 'createSecret').length;
      // Promoted without AWSPENDING, the rotation is over: the service has nothing left to try.
      expect(repeated).toBe(promoted ? 1 : 2);
      expect(value === undefined || (await w.valueOf(key, token)) === value).toBe(true);
      await expectTurn(w, token);
      await look();
    });
  });

  describe('a planned rotation that is refused', () => {
    ofOne(key)('leaves no AWSPENDING, and an emergency right after it goes through', async () => {
      const w = world();
      await w.later();
      w.stage.sandbox.dropNextEvent('Secret Label Updated', { labelUpdated: 'AWSCURRENT' });
      const open = await w.rotate(key);
      expect(await w.afterRotation(key, open)).toBe('due');
      const before = await w.stages(key);

      const refused = await w.rotate(key);
      expect(w.stepsOf(refused)).toEqual(['createSecret']);
      expect(await w.stages(key)).toEqual(before);
      expect(rotationInProgress(before)).toBeUndefined();
      expect(w.stage.sandbox.logs(w.functionOf(key)).slice(-30).join('\n')).toMatch(
        /ERR_ROTATION_(AFTER_ROTATION_PENDING|KEY_AWAITS_ACTIVATION)/,
      );

      const token = await w.rotate(key, 'emergency');
      expect(await w.holder(key, 'AWSCURRENT')).toBe(token);
      expect(await w.afterRotation(key)).toBe('finished');
      // The version whose AfterRotation never came is nobody's any more; the next one is planned again.
      await expectTurn(w, await w.rotate(key));
    });
  });

  /** The rotation is over: promoted, dated, followed up, and nothing is pending. */
  async function expectTurn(w: World, token: string): Promise<void> {
    const stages = await w.stages(key);
    // The activation of a published key is a rotation of its own, on top of this one.
    expect(stages[token]).toContain(keyset ? 'AWSPREVIOUS' : 'AWSCURRENT');
    expect(rotationInProgress(stages)).toBeUndefined();
    expect(await w.dateLabel(key)).toMatch(/^rotated-\d{8}T\d{6}Z$/);
    expect(await w.afterRotation(key, token)).toBe('finished');
    expect(await w.afterRotation(key)).toBe('finished');
  }
}

function lastEvent({ stage: { sandbox } }: World): string | undefined {
  return sandbox
    .events()
    .map(({ detail }) => detail as { eventName?: string; eventType?: string })
    .filter(({ eventType }) => eventType === 'AwsServiceEvent')
    .at(-1)?.eventName;
}
