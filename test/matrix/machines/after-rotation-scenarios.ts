/** What follows a rotation, kind by kind, and how it must end whatever failed once. */
import { expect } from '@jest/globals';
import type { RotationAuditEvent } from '../../../domain/events/audit-event.ts';
import type { AfterRotationRecord } from '../../../domain/events/control-records.ts';
import { type EmergencyRecord, emergencyOwner } from '../../../domain/events/emergency.ts';
import { activateToken } from '../../../domain/policy/derived-token.ts';
import { refreshing, restarted } from '../../lambdas/after-rotation/rollout-world.ts';
import { database, jwt, kid, name, v0, v1 } from '../../lambdas/after-rotation/world.ts';
import {
  type AfterRotationRun,
  afterRotationRun,
  canary,
  type RunOptions,
} from './after-rotation-run.ts';
import type { FaultyCalls } from './faulty-calls.ts';
import type { Scenario } from './schedules.ts';

const emergency = '20260517t165500z-9f2c41aa07be63d1';
const at = '2026-05-17T17:00:00.000Z';
const maintained = {
  ...{ function: 'rows', login: 'db', mode: 'maintenance', workers: 1, stores: [] },
};
const sync = { sync: { function: 'sync', targets: [{ secret: 'secret', target: 'ssm /a' }] } };
const pii = (mode: 'online' | 'maintenance') =>
  ({
    ...jwt,
    kind: 'encryption',
    columns: [],
    readers: mode === 'online' ? 'keyset' : 'scalar',
    reencryption: {
      ...{ function: 'rows', login: 'db', mode, workers: 1, stores: [] },
      ...(mode === 'maintenance' && { consumersHook: 'https://deploys.example/consumers' }),
    },
  }) as unknown as RunOptions['secret'];

const head: EmergencyRecord = {
  ...{ id: emergency, exposed: ['secret'], others: [], reason: 'leak', suspects: [] },
  ...{ keepRunning: false, drill: false, unattended: false, requestedBy: 'ada' },
  ...{ execution: 'arn:e', state: 'running', startedAt: '2026-05-17T16:55:00.000Z' },
  consumers: { stop: ['api'], restart: [], alone: [] },
};

const scenarios: Record<string, RunOptions> = {
  'a key is published, copied, rolled out, activated': {
    secret: jwt,
    consumers: [restarted('api'), refreshing('mobile')],
    manifest: sync,
    intent: 'planned',
    record: { publishedKid: kid, primary: 'old' },
  },
  'a database behind a proxy': {
    secret: { ...database, scheme: 'singleUser', connection: 'rdsProxy' } as RunOptions['secret'],
    consumers: [restarted('api')],
    intent: 'planned',
    record: { primary: 'b:2', replaced: 'a:1' },
  },
  'an emergency of a database with two roles': {
    secret: database,
    consumers: [restarted('api')],
    manifest: sync,
    intent: 'emergency',
    record: { primary: 'b:2', replaced: 'a:1' },
  },
  'an emergency whose machine starts the consumers': {
    secret: database,
    consumers: [restarted('api')],
    intent: 'emergency',
    record: { primary: 'b:2', replaced: 'a:1', owner: emergencyOwner(emergency) },
    prepare: async ({ emergencies, bench }) => {
      const stage = {
        ...{ id: emergency, stage: 'start' as const, evidence: [] },
        startedAt: '2026-05-17T17:00:01.000Z',
      };
      await emergencies.updateEmergency(emergency, () => head);
      await emergencies.updateStage(emergency, 'start', () => ({ ...stage, state: 'running' }));
      bench.clock.at(new Date('2026-05-17T17:00:12Z'), 'consumers have started', async () => {
        const endedAt = '2026-05-17T17:00:12.000Z';
        await emergencies.updateStage(emergency, 'start', () => ({
          ...stage,
          state: 'done',
          endedAt,
        }));
      });
    },
  },
  'rows follow a key': {
    secret: pii('online'),
    consumers: [restarted('api')],
    intent: 'planned',
    record: { publishedKid: kid, primary: 'old' },
  },
  'rows have gone before, consumers wait for the word to start': {
    secret: pii('maintenance'),
    consumers: [restarted('api')],
    intent: 'planned',
    record: { publishedKid: kid, primary: 'old' },
    prepare: async ({ controlTable }) => {
      await controlTable.updateReencryption(name, () => ({
        ...{
          state: 'verified',
          mode: 'maintenance',
          targetKid: kid,
          versionId: v1,
          findings: [],
          at,
        },
      }));
      await controlTable.putConsumers(name, { stopped: true, by: 'hook', at });
    },
  },
  'rows have gone before, consumers are started here': {
    secret: { ...pii('maintenance'), reencryption: maintained } as RunOptions['secret'],
    consumers: [restarted('api')],
    manifest: {
      secrets: [
        { ...pii('maintenance'), reencryption: maintained } as RunOptions['secret'],
        {
          ...pii('maintenance'),
          key: 'other',
          name: 'pharmacy/prod/other',
        } as RunOptions['secret'],
      ],
    },
    intent: 'planned',
    record: { publishedKid: kid, primary: 'old' },
    prepare: async ({ controlTable, doors }) => {
      await controlTable.updateReencryption(name, () => ({
        ...{
          state: 'verified',
          mode: 'maintenance',
          targetKid: kid,
          versionId: v1,
          findings: [],
          at,
        },
      }));
      doors.functions.invoke = async () => ({
        done: true,
        consumers: [{ consumer: 'api', state: 'reached', detail: 'start' }],
      });
    },
  },
  'a consumer is not well: back': {
    secret: database,
    consumers: [restarted('api')],
    intent: 'planned',
    record: { primary: 'b:2', replaced: 'a:1' },
    unwell: 'api',
  },
  'a consumer is not well with a published key: back': {
    secret: jwt,
    consumers: [restarted('api')],
    intent: 'planned',
    record: { publishedKid: kid, primary: 'old' },
    unwell: 'api',
  },
};

export const afterRotationScenarios: Scenario[] = Object.entries(scenarios).map(
  ([title, options]) => ({
    name: title,
    run: async (calls: FaultyCalls) => {
      const around = await afterRotationRun(calls, options);
      const first = await around.execute({}, v1);
      const record = await around.controlTable.getAfterRotation(name, v1);
      namedState(first, record);
      calls.repair();
      await goOn(around);
      await verify(around, options);
      noSecretIn(around);
    },
  }),
);

/** Before anybody repairs or resumes anything. */
function namedState(ended: string, record: AfterRotationRecord | undefined): void {
  expect(['SUCCEEDED', 'FAILED', 'ABORTED']).toContain(ended);
  // running: its execution is dead, which is what the schedule looks at.
  expect(['due', 'running', 'stopped', 'finished']).toContain(record?.state);
  if (record?.state === 'stopped') expect(record.reason).toMatch(/\w{3}/);
  if (ended === 'SUCCEEDED') expect(record?.state).toBe('finished');
}

const isReplaced = ({ reason = '' }: AfterRotationRecord): boolean =>
  reason.includes('rolled back by version') || reason.startsWith('SupersededError');

/** The schedule's next ticks take up what died; what is stopped is resumed by a person, once each time. */
async function goOn(around: AfterRotationRun): Promise<void> {
  const { controlTable, current, hourLater, execute, bench } = around;
  for (let attempt = 1; attempt <= 6; attempt++) {
    let record = await controlTable.getAfterRotation(name, current());
    if (record?.state === 'finished') {
      // Whose activation is finished: people were told which version stopped (docs/events.md).
      record = await controlTable.getAfterRotation(name, v1);
      if (record?.publishedKid === undefined || record.state !== 'stopped') return;
      if (isReplaced(record)) return;
    }
    if (record?.state !== 'stopped') await hourLater();
    else {
      const { versionId } = record;
      await execute({ versionId, resume: true }, `${versionId}-resume-${attempt}`);
      await bench.clock.settle(86_400_000);
    }
  }
  const found = await controlTable.getAfterRotation(name, current());
  throw new Error(`not over after six times: ${JSON.stringify(found)}`);
}

async function verify(around: AfterRotationRun, options: RunOptions): Promise<void> {
  const { secrets, controlTable, doors, restarts } = around;
  // No secret is rotated twice, and none for nothing.
  const tokens = secrets.rotations.map(({ clientRequestToken }) => clientRequestToken);
  expect(tokens).toEqual([...new Set(tokens)]);
  const expected =
    options.unwell !== undefined || options.record.publishedKid !== undefined ? 1 : 0;
  expect(tokens).toHaveLength(expected);
  if (options.unwell === undefined && expected === 1) {
    expect(tokens).toEqual([activateToken(name, v1, kid)]);
  }
  expect(around.current()).toBe(tokens[0] ?? v1);
  expect(secrets.stages.get(name)?.[v0] === undefined).toBe(expected === 1);

  // Superseded by its rollback, or finished: nobody works on it for ever.
  const own = await controlTable.getAfterRotation(name, v1);
  expect(own?.state).toBe(options.unwell === undefined ? 'finished' : 'stopped');

  // A consumer that got to a version well is left alone.
  if (options.unwell === undefined) expect(restarts).toEqual([...new Set(restarts)]);
  expect((await controlTable.getConsumers(name))?.stopped ?? false).toBe(false);

  sameIdSameWords(
    doors.eventBus.events.map(({ detail }) => detail as unknown as RotationAuditEvent),
  );
  const finished = doors.eventBus.events.filter(
    ({ detail }) => (detail as { outcome?: string }).outcome === 'rotated',
  );
  expect(finished.length).toBeGreaterThan(0);
  const bodies = new Map(around.redeploys.map(({ id, body }) => [id, body]));
  for (const { id, body } of around.redeploys) expect(body).toBe(bodies.get(id));
  const now = around.bench.clock.now().getTime();
  const lease = await controlTable.getLease(name);
  expect(lease === undefined || Date.parse(lease.expiresAt) <= now + 3_600_000).toBe(true);
}

/** Told again it has the same id, and says the same but for when it was told and by which execution. */
export function sameIdSameWords(events: readonly RotationAuditEvent[]): void {
  const said = new Map<string, string>();
  for (const { id, at: _, afterRotation, ...rest } of events) {
    const { execution: _e, startedAt: _s, endedAt: _t, ...found } = afterRotation;
    const words = JSON.stringify({ ...rest, ...found });
    const key = rest.outcome === 'stopped' ? `${id} ${rest.reason}` : id;
    expect(said.get(key) ?? words).toBe(words);
    said.set(key, words);
  }
}

function noSecretIn({ doors, calls, bench, controlTable, redeploys }: AfterRotationRun): void {
  const sinks = JSON.stringify([
    doors.log.lines,
    doors.eventBus.events,
    doors.metrics.emitted,
    doors.stepFunctions.started,
    calls,
    bench.lambda.calls,
    bench.published,
    redeploys,
    controlTable,
  ]);
  expect(sinks.includes(canary)).toBe(false);
}
