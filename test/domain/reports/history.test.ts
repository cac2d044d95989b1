/** One rotation is one line, whatever sources tell of it. */
import { describe, expect, test } from '@jest/globals';
import { deploymentReport } from '../../../domain/reports/deployment/build.ts';
import { knownFacts } from '../../../domain/reports/deployment/evidence-words.ts';
import type { FactsOfSecret } from '../../../domain/reports/deployment/facts.ts';
import { deploymentReportSchema } from '../../../domain/reports/deployment-report.ts';
import {
  line,
  nameOf,
  pharmacyFacts,
  pharmacyReport,
  rotationEvent,
  versionId,
} from './pharmacy.ts';
import { evidenceOfRooms } from './rooms-evidence.ts';

type Record_ = FactsOfSecret['rotations'][number];
type After = FactsOfSecret['afterRotations'][number];

const record = (nth: number, at: string, more: Partial<Record_> = {}): Record_ => ({
  token: versionId('jwt', nth),
  intent: 'planned',
  basedOn: nth === 0 ? null : versionId('jwt', nth - 1),
  provenance: {
    intent: 'planned',
    token: versionId('jwt', nth),
    attributed: true,
    requestedBy: 'cadence',
  },
  at,
  steps: { finishSecret: { at, milliseconds: 100, outcome: 'done' } },
  evidence: [],
  ...more,
});
const after = (nth: number, more: Partial<After> = {}): After => ({
  versionId: versionId('jwt', nth),
  state: 'finished',
  intent: 'planned',
  basedOn: null,
  at: '2026-05-01T00:00:00Z',
  ...more,
});

/** The history of jwt, when this is all there is. */
function historyOf(
  secret: Partial<FactsOfSecret>,
  lines: readonly string[] = [],
  stages: Record<string, string[]> = {},
) {
  const facts = pharmacyFacts();
  const [jwt] = facts.secrets;
  if (jwt?.description === undefined) throw new Error('no jwt');
  const description = { ...jwt.description, versionIdsToStages: stages };
  const changed = { ...jwt, rotations: [], afterRotations: [], description, ...secret };
  const auditLog = { ...facts.auditLog, lines };
  return deploymentReport({ ...facts, secrets: [changed], auditLog }).secrets[0]?.history ?? [];
}

test('the report is the document its schema describes', () => {
  const report = pharmacyReport();
  expect(deploymentReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
});

describe('a rotation', () => {
  test('is told once: by its audit event rather than its record, by that rather than its label', () => {
    const at = '2026-05-01T03:00:10Z';
    const stages = {
      [versionId('jwt', 2)]: ['AWSCURRENT', 'rotated-20260501T030010Z'],
      [versionId('jwt', 1)]: ['AWSPREVIOUS', 'rotated-20260201T030010Z'],
      [versionId('jwt', 0)]: ['rotated-20251101T030010Z'],
    };
    const rotations = [record(2, at), record(1, '2026-02-01T03:00:10Z')];
    const told = historyOf({ rotations }, [line(rotationEvent('jwt', 'jwt', 2, { at }))], stages);
    expect(told.map(({ at: when, proof }) => [when.slice(0, 10), proof])).toEqual([
      ['2026-05-01', 'auditEvent'],
      ['2026-02-01', 'controlTable'],
      ['2025-11-01', 'dateLabel'],
    ]);
  });

  test('is told once however often its event was delivered; the later word counts', () => {
    const at = '2026-05-01T03:00:10Z';
    const stopped = rotationEvent('jwt', 'jwt', 1, {
      at,
      outcome: 'stopped',
      problem: 'api was unhealthy',
    });
    const resumed = {
      ...rotationEvent('jwt', 'jwt', 1, { at }),
      id: versionId('x', 1),
      at: '2026-05-01T09:00:00Z',
    };
    const lines = [line(resumed), line(stopped), line(stopped)];
    const known = { rotations: [record(1, at)] };
    expect(historyOf(known, lines)).toMatchObject([{ outcome: 'rotated', proof: 'auditEvent' }]);
    expect(historyOf(known, [line(stopped)])).toMatchObject([
      { outcome: 'stopped', problem: 'api was unhealthy' },
    ]);
  });

  test('that only an event tells of is told as that: whoever may put events on the bus could write one', () => {
    const at = '2026-05-01T03:00:10Z';
    const lines = [line(rotationEvent('jwt', 'jwt', 5, { at }))];
    expect(historyOf({}, lines)).toMatchObject([{ proof: 'auditEventAlone' }]);
    expect(historyOf({ afterRotations: [after(5)] }, lines)).toMatchObject([
      { proof: 'auditEvent' },
    ]);
  });

  test('is as its record has it where an event says otherwise', () => {
    const at = '2026-05-28T03:00:10Z';
    const rotated = rotationEvent('jwt', 'jwt', 1, { at });
    const failed = { rotations: [record(1, at, { steps: {} })] };
    expect(historyOf(failed, [line(rotated)])).toMatchObject([
      { outcome: 'failed', proof: 'controlTable' },
    ]);
    const nobody = { intent: 'planned', token: versionId('jwt', 1), attributed: false } as const;
    const unattributed = { rotations: [record(1, at, { provenance: nobody })] };
    expect(historyOf(unattributed, [line(rotated)])).toMatchObject([
      { trigger: { attributed: false }, proof: 'controlTable' },
    ]);
    const emergency = { rotations: [record(1, at, { intent: 'emergency' })] };
    expect(historyOf(emergency, [line(rotated)])).toMatchObject([{ intent: 'emergency' }]);
    // Nor does one take the place of another rotation that has a record.
    const [pass] = rotated.rotations;
    if (pass === undefined) throw new Error('no pass');
    const over = { ...rotated, rotations: [pass, { ...pass, versionId: versionId('jwt', 2) }] };
    const both = { rotations: [record(1, at), record(2, at, { steps: {} })] };
    expect(historyOf(both, [line(over)])).toMatchObject([
      { outcome: 'rotated' },
      { outcome: 'failed' },
    ]);
  });

  test('that published a key and the one that activated it are one, from the records as from the event', () => {
    const [published, activated] = ['2026-05-01T03:00:10Z', '2026-05-01T03:10:00Z'];
    const second = record(2, activated, { intent: 'activate', basedOn: versionId('jwt', 1) });
    const rotations = [record(1, published), second];
    const fromRecords = historyOf({ rotations, afterRotations: [after(1)] });
    expect(fromRecords).toMatchObject([
      { versionId: versionId('jwt', 1), at: activated, intent: 'planned', outcome: 'rotated' },
    ]);
    const event = rotationEvent('jwt', 'jwt', 1, { at: published });
    const [pass] = event.rotations;
    if (pass === undefined) throw new Error('no pass');
    const twoPasses = {
      ...event,
      rotations: [
        pass,
        { ...pass, versionId: versionId('jwt', 2), intent: 'activate' as const, at: activated },
      ],
    };
    expect(historyOf({ rotations }, [line(twoPasses)])).toHaveLength(1);
    // The label of the generation lies on the version that activated it.
    const stages = { [versionId('jwt', 2)]: ['AWSCURRENT', 'rotated-20260501T031000Z'] };
    expect(historyOf({}, [line(twoPasses)], stages)).toMatchObject([{ proof: 'auditEvent' }]);
  });

  test('that failed, hangs, or is being followed up says so', () => {
    const at = '2026-05-28T03:00:10Z';
    const failure = {
      step: 'testSecret',
      code: 'ERR_ROTATION_PROBE',
      message: 'nothing verifies',
      at,
    };
    const one = (more: Partial<Record_>, stages = {}, afterRotations: After[] = []) =>
      historyOf({ rotations: [record(1, at, more)], afterRotations }, [], stages)[0];
    const pending = {
      [versionId('jwt', 1)]: ['AWSPENDING'],
      [versionId('jwt', 0)]: ['AWSCURRENT'],
    };
    expect(one({ steps: {} }, pending)).toMatchObject({ outcome: 'inProgress' });
    expect(one({ steps: {}, failure }, pending)).toMatchObject({
      outcome: 'failed',
      problem: 'testSecret failed with ERR_ROTATION_PROBE: nothing verifies',
    });
    expect(one({ steps: {} })).toMatchObject({
      outcome: 'failed',
      problem: 'it was given up before AWSCURRENT moved',
    });
    expect(one({}, {}, [after(1, { state: 'running' })])).toMatchObject({ outcome: 'following' });
    expect(
      one({}, {}, [after(1, { state: 'stopped', reason: 'api was unhealthy' })]),
    ).toMatchObject({
      outcome: 'stopped',
      problem: 'api was unhealthy',
    });
  });

  test('that made the first value is told as that', () => {
    const at = '2026-05-01T03:00:10Z';
    expect(historyOf({ rotations: [record(0, at)] })).toMatchObject([{ firstValue: true }]);
    const [fromEvent] = historyOf({}, [line(rotationEvent('jwt', 'jwt', 0, { at }))]);
    expect(fromEvent).toMatchObject({ firstValue: true });
    const [second] = historyOf({}, [line(rotationEvent('jwt', 'jwt', 1, { at }))]);
    expect(second).not.toHaveProperty('firstValue');
  });

  test('of more than a year ago is not told', () => {
    expect(historyOf({ rotations: [record(1, '2025-05-28T09:00:00Z')] })).toEqual([]);
    expect(historyOf({ rotations: [record(1, '2025-05-29T10:00:00Z')] })).toHaveLength(1);
  });

  test('says what set it off: the schedule, a person by name, or nobody', () => {
    const words = (provenance: Partial<Record_['provenance']>) => {
      const { provenance: whole } = record(1, '2026-05-01T03:00:10Z');
      const rotations = [
        record(1, '2026-05-01T03:00:10Z', { provenance: { ...whole, ...provenance } }),
      ];
      const [entry] = historyOf({ rotations });
      return entry?.type === 'rotation' ? entry.trigger?.words : undefined;
    };
    expect(words({})).toBe('the schedule');
    const requestedBy = 'arn:aws:sts::123456789012:assumed-role/on-call/mara';
    expect(words({ requestedBy })).toBe('on-call/mara');
    expect(words({ attributed: false, requestedBy: undefined })).toContain('nobody was recorded');
    expect(words({ attributed: false, requestedBy: undefined, backstopProbably: true })).toContain(
      'the backstop',
    );
  });
});

describe('the audit log', () => {
  const at = '2026-05-01T03:00:10Z';
  const state = (lines: readonly string[]) => {
    const facts = pharmacyFacts();
    return deploymentReport({ ...facts, auditLog: { ...facts.auditLog, lines } }).auditLog;
  };

  test('counts what this deployment’s secrets did, and no other’s', () => {
    const other = rotationEvent('jwt', 'jwt', 1, { at });
    const foreign = {
      ...other,
      id: versionId('f', 1),
      secret: { ...other.secret, name: 'shop/prod/jwt' },
    };
    expect(state([line(other), line(foreign)])).toMatchObject({ events: 1, notUnderstood: 0 });
  });

  test('says of how many lines it could make nothing', () => {
    const later = { ...rotationEvent('jwt', 'jwt', 1, { at }), version: 2 };
    expect(state(['not JSON', '{"detail":7}', line(later)])).toMatchObject({ notUnderstood: 3 });
    expect(state([line({ type: 'something-else', at })])).toMatchObject({ notUnderstood: 0 });
  });

  test('tells of a write outside of a rotation, and of rows that moved', () => {
    const write = {
      type: 'unmanaged-secret-write',
      version: 1,
      id: versionId('w', 1),
      at,
      secret: { name: nameOf('jwt'), arn: 'arn:aws:secretsmanager:::x' },
      versionId: versionId('jwt', 7),
    };
    expect(historyOf({}, [line(write)])).toMatchObject([{ type: 'unmanagedWrite', at }]);
    const pii = pharmacyReport().secrets.find(({ key }) => key === 'pii');
    expect(pii?.history.filter(({ type }) => type === 'reencryption')).toHaveLength(3);
  });
});

test('secrets come in the order of their urgency: overdue, what needs a person, what is due next, user-managed', () => {
  expect(pharmacyReport().secrets.map(({ key }) => key)).toEqual([
    'jwt',
    'legacyDb',
    'pii',
    'db',
    'rowsDb',
    'anthropic',
    'dbAdmin',
  ]);
});

test('what is past its limit comes first, whatever keeps it from rotating, then what else needs a person', () => {
  const { secrets } = pharmacyFacts();
  const heldUntil = (limitAt: string) => {
    const held = secrets.map((secret) =>
      secret.key === 'rowsDb'
        ? {
            ...secret,
            status: {
              ...secret.status,
              state: 'held' as const,
              limitAt,
              findings: [{ code: 'held', message: 'on hold' }],
            },
          }
        : secret,
    );
    return pharmacyReport({ secrets: held }).secrets.map(({ key }) => key);
  };
  expect(heldUntil('2026-05-01T00:00:00Z').slice(0, 2)).toEqual(['rowsDb', 'jwt']);
  expect(heldUntil('2026-05-30T00:00:00Z').slice(0, 2)).toEqual(['jwt', 'rowsDb']);
});

test('contacts: last updated, next review, and overdue the day after it', () => {
  const contacts = pharmacyFacts().contacts;
  if (contacts === undefined) throw new Error('no contacts');
  expect(pharmacyReport().contacts).toMatchObject({
    reviewedOn: '2026-04-01',
    nextReviewOn: '2026-06-30',
    reviewOverdue: false,
  });
  const overdueAt = (date: string) =>
    pharmacyReport({ now: new Date(date) }).contacts?.reviewOverdue;
  expect(overdueAt('2026-06-30T23:59:00Z')).toBe(false);
  expect(overdueAt('2026-07-01T00:00:00Z')).toBe(true);
  const never = { people: contacts.people, reviewEveryDays: 90 };
  expect(pharmacyReport({ contacts: never }).contacts).toEqual({
    people: contacts.people,
    reviewOverdue: true,
  });
  expect(pharmacyReport({ contacts: { ...contacts, people: [] } }).contacts).toBeUndefined();
});

test('every fact a room can find has a sentence', () => {
  expect([...evidenceOfRooms()].filter((fact) => !knownFacts.has(fact))).toEqual([]);
});
