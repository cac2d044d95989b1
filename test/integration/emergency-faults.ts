/** What a stage needs is refused: the later ones protect all the same, and an execution under the same id finishes it. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { rolloutFunctionName } from '../../domain/config/names.ts';
import type { EmergencyInput, EmergencyStage as Name } from '../../domain/events/emergency.ts';
import type { Fault } from '../../sandbox/sandbox.ts';
import { type EmergencyStage, statesOf, stranger } from './emergency-stage.ts';
import type { SecretKey } from './world.ts';

interface Broken {
  readonly fails: readonly Name[];
  readonly because: RegExp;
  readonly faults: (stage: EmergencyStage) => readonly Fault[];
  /** @default the token keys, which `web` learns by a start */
  readonly asks?: Partial<EmergencyInput> & { secrets: SecretKey[] };
  /** How often it is asked for in both executions together. @default once */
  readonly rotations?: Partial<Record<SecretKey, number>>;
}

const refused = {
  when: 'before',
  error: { code: 'AccessDeniedException', message: 'planted', status: 400 },
} as const;
/** A task, and its retries: what is refused later is another stage's. */
const tries = 4;

const busIsShut = ({ functionRole: principal }: EmergencyStage): Fault => ({
  ...{ service: 'events', operation: 'PutEvents', principal, times: tries },
  ...refused,
});
const consumersCannot =
  (operation: 'stop' | 'start') =>
  ({ world }: EmergencyStage): Fault => ({
    ...{ service: 'lambda', operation: 'Invoke', ...refused },
    match: { functionName: rolloutFunctionName(world.stage.operator.manifest), operation },
  });
const bucketIsShut = ({ functionRole: principal }: EmergencyStage): Fault => ({
  ...{ service: 's3', operation: 'PutObject', principal, ...refused },
});
/** The function itself dies. */
const taskDies =
  (task: string) =>
  ({ world }: EmergencyStage): Fault => ({
    ...{ service: 'lambda', operation: 'Invoke', when: 'before' },
    match: { functionName: world.stage.operator.manifest.emergency?.function ?? '', task },
    error: { code: 'ResourceNotFoundException', message: 'planted', status: 404 },
  });

/** Of each kind one, at once: an event, what stops consumers, what is asked, what is stored. */
const several: Broken = {
  fails: ['announce', 'stop', 'accessAudit', 'report'],
  because: /planted|denied|refused/i,
  faults: (stage) => [busIsShut(stage), consumersCannot('stop')(stage), bucketIsShut(stage)],
};

const alone: readonly Broken[] = [
  { fails: ['announce'], because: /PutEvents/, faults: (stage) => [busIsShut(stage)] },
  {
    fails: ['contain'],
    because: /PutResourcePolicy/,
    faults: () => [{ service: 'secretsmanager', operation: 'PutResourcePolicy', ...refused }],
    asks: { secrets: ['jwt'], suspects: [stranger] },
  },
  { fails: ['stop'], because: /Invoke/, faults: (stage) => [consumersCannot('stop')(stage)] },
  {
    fails: ['protect'],
    because: /legacyDb: .*not AWSCURRENT/,
    // As if its database were down: no other secret waits for it.
    faults: ({ world }) => [
      {
        ...{ service: 'lambda', operation: 'Invoke', when: 'before', error: 'timeout' },
        match: { functionName: world.functionOf('legacyDb'), Step: 'setSecret' },
      },
    ],
    asks: { secrets: ['jwt', 'legacyDb'] },
    rotations: { jwt: 1, legacyDb: 2 },
  },
  {
    fails: ['protectOthers'],
    because: /legacyDb: .*RotateSecret/,
    faults: ({ world, functionRole: principal }) => [
      {
        ...{ service: 'secretsmanager', operation: 'RotateSecret', principal, ...refused },
        match: { SecretId: world.stage.sandbox.outputs.SecretArnlegacyDb },
      },
    ],
    asks: { secrets: ['jwt'], others: true },
    rotations: { jwt: 1, legacyDb: 1, db: 1, pii: 1 },
  },
  {
    // Who is not started is not well, and what follows the rotation stops there.
    fails: ['start', 'settle'],
    because: /ResourceNotFound|started again|jwt stopped/,
    faults: (stage) => [taskDies('start')(stage)],
  },
  {
    fails: ['settle'],
    because: /ResourceNotFound/,
    faults: (stage) => [taskDies('settle')(stage)],
  },
  {
    fails: ['accessAudit'],
    because: /Invoke/,
    faults: ({ world }) => [
      {
        ...{ service: 'lambda', operation: 'Invoke', ...refused },
        match: { functionName: world.stage.operator.manifest.emergency?.accessAudit ?? '' },
      },
    ],
  },
  {
    fails: ['report'],
    because: /ResourceNotFound/,
    faults: (stage) => [taskDies('report')(stage)],
  },
  { fails: ['tell'], because: /ResourceNotFound/, faults: (stage) => [taskDies('tell')(stage)] },
];

const cases = [several, ...alone];

export function faults(stageOf: () => EmergencyStage): void {
  describe('in an emergency', () => {
    let stage: EmergencyStage;
    beforeAll(() => {
      stage = stageOf();
    });

    test.each(cases.map((broken) => [broken.fails.join(', '), broken] as const))(
      '%s cannot: every other stage is done, it is told which, and the same id finishes it and does nothing twice',
      async (
        _name,
        { fails, because, faults: planted, asks = { secrets: ['jwt'] }, rotations = { jwt: 1 } },
      ) => {
        const { world } = stage;
        const since = world.stage.sandbox.requests().length;
        const consumers = await stage.consumers();
        const injected = planted(stage).map((fault) => world.stage.sandbox.injectFault(fault));
        const failed = await stage.run(asks).finally(() => {
          for (const fault of injected) fault.remove();
        });
        const others = Object.values(failed.stages).filter(({ stage: at }) => !fails.includes(at));
        expect(others.filter(({ state }) => state === 'failed')).toEqual([]);
        for (const fault of injected) expect(fault.fired()).toBeGreaterThan(0);

        expect(failed.status).toBe('FAILED');
        expect(failed.head.state).toBe('incomplete');
        const states = Object.entries(statesOf(failed));
        expect(states.filter(([, state]) => state === 'failed').map(([name]) => name)).toEqual(
          fails,
        );
        for (const [name, state] of states) {
          if (!fails.some((one) => one === name)) expect(['done', 'skipped']).toContain(state);
        }
        for (const name of fails) expect(failed.stages[name]?.reason).toMatch(because);
        expect(failed.secrets.jwt?.state).toBe('proven');
        expect(await stage.consumers()).toEqual(consumers);
        if (failed.head.report !== undefined) {
          const { outcome, timeline } = await stage.report(failed);
          expect(outcome).toBe('incomplete');
          const told = timeline.filter(({ state }) => state === 'failed').map((one) => one.stage);
          expect(told).toEqual(fails);
        } else expect(fails).toContain('report');

        const counts = stage.countsOf('web', since);
        const done = await stage.resume(failed);
        expect(done.status).toBe('SUCCEEDED');
        expect(done.head.state).toBe('closed');
        expect((await stage.report(done)).outcome).toBe('closed');
        for (const [key, times] of Object.entries(rotations)) {
          expect([key, stage.rotationsOf(key as SecretKey, since).length]).toEqual([key, times]);
        }
        expect(stage.countsOf('web', since)).toEqual(counts);
        expect(await stage.consumers()).toEqual(consumers);
        await stage.lift(done);
      },
      300_000,
    );
  });
}
