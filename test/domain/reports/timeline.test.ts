/** The drawing of the page: what stands where, by the one rule that a day has the same width everywhere. */
import { describe, expect, test } from '@jest/globals';
import type {
  DeploymentReport,
  HistoryEntry,
  ReportedSecret,
  RotationEntry,
} from '../../../domain/reports/deployment-report.ts';
import { timeline } from '../../../domain/reports/html/timeline.ts';
import { pharmacyReport } from './pharmacy.ts';

const [from, now, ahead] = ['2025-01-01', '2026-01-01', '2027-01-01'];
const instant = (date: string) => `${date}T00:00:00.000Z`;
/** From 132 to 1046: two years of 365 days. */
const x = (date: string) =>
  Math.round((132 + ((Date.parse(date) - Date.parse(from)) / 86_400_000 / 730) * 914) * 10) / 10;
const wide = (one: string, other: string) => x(other) - x(one);

const report = pharmacyReport();
const [jwt] = report.secrets;
if (jwt === undefined) throw new Error('no jwt');
const { lastRotatedAt: _last, nextDueAt: _due, plannedAt: _planned, ...undated } = jwt;
const blank: ReportedSecret = { ...undated, key: 'a', frequencyDays: 90, history: [] };

function drawn(secrets: readonly ReportedSecret[], more: Partial<DeploymentReport> = {}): string {
  const period = { from: instant(from), until: instant(now), ahead: instant(ahead) };
  return timeline({
    ...report,
    at: instant(now),
    period,
    secrets: [...secrets],
    ...more,
  }).toString();
}
interface Shape {
  readonly tag: string;
  readonly class: string | undefined;
  readonly text: string;
  [attribute: string]: string | number | undefined;
}
/** Shapes and labels in the order they are painted, those of the legend left out. */
function shapes(secret: Partial<ReportedSecret>): Shape[] {
  const [picture = ''] = drawn([{ ...blank, ...secret }]).split('</svg>');
  const found = picture.matchAll(
    /<(line|rect|circle|path|text)\b([^>]*?)\/?>(?:<title>([^<]*)<\/title>|([^<\n]*)<\/text>)?/g,
  );
  return [...found].map(([, tag = '', attributes = '', title, label]) => ({
    tag,
    class: undefined,
    text: title ?? label ?? '',
    ...Object.fromEntries(
      [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
        name,
        Number.isNaN(Number(value)) ? value : Number(value),
      ]),
    ),
  }));
}
const ofClass = (secret: Partial<ReportedSecret>, name: string) =>
  shapes(secret).filter((shape) => shape.class === name);
const barsOf = (secret: Partial<ReportedSecret>) =>
  shapes(secret)
    .filter(({ class: name = '' }) => /^t-(bar|late)/.test(name))
    .map((shape) => [shape.class, shape.x, Number(shape.width)]);

const rotation = (date: string, more: Partial<RotationEntry> = {}): RotationEntry => ({
  type: 'rotation',
  at: instant(date),
  versionId: 'v1',
  outcome: 'rotated',
  intent: 'planned',
  steps: [],
  evidence: [],
  proof: 'auditEvent',
  ...more,
});

describe('the frame', () => {
  test('has today in its middle, and what is to come behind it', () => {
    expect(x(now)).toBe(589);
    expect(ofClass({}, 't-now')).toMatchObject([{ x1: 589, x2: 589 }]);
    expect(ofClass({}, 't-future')).toMatchObject([{ x: 589, width: 457 }]);
    expect(ofClass({}, 'now')).toMatchObject([{ x: 589, text: now }]);
  });

  test('has a line a month, and every third one named where there is room', () => {
    const starts = Array.from({ length: 24 }, (_, month) =>
      new Date(Date.UTC(2025, month + 1, 1)).toISOString(),
    );
    expect(ofClass({}, 't-month').map(({ x1, x2 }) => [x1, x2])).toEqual(
      starts.map((start) => [x(start), x(start)]),
    );
    const named = shapes({}).filter((shape) => shape.tag === 'text' && shape.class === undefined);
    // January 2026 is today, and January 2027 where the picture ends.
    expect(named.map((shape) => [shape.text, shape.x])).toEqual(
      [
        ['Apr', '2025-04-01'],
        ['Jul', '2025-07-01'],
        ['Oct', '2025-10-01'],
        ['Apr', '2026-04-01'],
        ['Jul', '2026-07-01'],
        ['Oct', '2026-10-01'],
      ].map(([name, date = '']) => [name, x(date) + 3]),
    );
    const earlier = { from: '2024-12-15T00:00:00.000Z', until: instant('2025-07-01') };
    expect(drawn([], { period: { ...earlier, ahead: instant('2025-12-31') } })).toMatch(
      /y="22">2025<.*y="22">Apr<.*y="22">Oct</s,
    );
  });

  test('grows a line a secret; who is changed by hand and never was has none', () => {
    const byHand = { ...blank, key: 'byHand', kind: 'userManaged' as const };
    const heights = [[], [blank], [blank, blank], [blank, byHand]].map(
      (secrets) => /viewBox="0 0 1060 (\d+)"/.exec(drawn(secrets))?.[1],
    );
    expect(heights).toEqual(['50', '86', '122', '86']);
    expect(drawn([{ ...byHand, history: [rotation('2025-03-01')] }])).toContain('>byHand</text>');
  });

  test('cuts a name that would run into the picture', () => {
    const names = ['x'.repeat(17), 'x'.repeat(18)].map((key) => ofClass({ key }, 'name')[0]?.text);
    expect(names).toEqual(['x'.repeat(17), `${'x'.repeat(16)}…`]);
  });

  test('says the same in words', () => {
    const inWords = (secret: Partial<ReportedSecret>) =>
      /<desc[^>]*>(.*)<\/desc>/.exec(drawn([{ ...blank, ...secret }]))?.[1];
    expect(inWords({})).toBe('a: nothing in the past year; next as needed.');
    const history: HistoryEntry[] = [
      rotation('2025-06-01', { outcome: 'failed' }),
      { type: 'unmanagedWrite', at: instant('2025-05-01'), versionId: 'v', proof: 'dateLabel' },
      rotation('2025-03-01'),
    ];
    expect(inWords({ history, nextDueAt: instant('2026-02-01') })).toBe(
      'a: failed 2025-06-01, rotated 2025-03-01; next due 2026-02-01.',
    );
  });
});

describe('what was in use', () => {
  test('has a bar from change to change, and the rest of it past its limit', () => {
    const history = [rotation('2025-09-01'), rotation('2025-03-01')];
    const lastRotatedAt = '2025-09-01T00:00:07.000Z';
    expect(barsOf({ history, lastRotatedAt, nextDueAt: instant('2025-11-30') })).toEqual([
      ['t-bar', x('2025-03-01'), wide('2025-03-01', '2025-09-01')],
      ['t-late', x('2025-05-30'), wide('2025-05-30', '2025-09-01')],
      ['t-bar current', x('2025-09-01'), wide('2025-09-01', now)],
      ['t-late', x('2025-11-30'), wide('2025-11-30', now)],
    ]);
  });

  test('is not late at its limit, nor without one', () => {
    const lastRotatedAt = instant('2025-09-01');
    const current = [['t-bar current', x('2025-09-01'), wide('2025-09-01', now)]];
    expect(barsOf({ lastRotatedAt, nextDueAt: instant(now) })).toEqual(current);
    expect(barsOf({ lastRotatedAt, frequencyDays: undefined })).toEqual(current);
    // Nobody told when it is due: its frequency does.
    expect(barsOf({ lastRotatedAt })).toEqual([
      ...current,
      ['t-late', x('2025-11-30'), wide('2025-11-30', now)],
    ]);
  });

  test('begins where the picture does, if it is older', () => {
    const older = { lastRotatedAt: instant('2024-06-01'), nextDueAt: instant('2024-08-30') };
    expect(barsOf(older)).toEqual([
      ['t-bar current', 132, 457],
      ['t-late', 132, 457],
    ]);
    expect(barsOf({})).toEqual([]);
  });

  test('was not changed by what failed, is under way, or is no rotation', () => {
    const history: HistoryEntry[] = [
      rotation('2025-03-01', { outcome: 'failed' }),
      rotation('2025-04-01', { outcome: 'inProgress' }),
      { type: 'unmanagedWrite', at: instant('2025-05-01'), versionId: 'v', proof: 'dateLabel' },
      rotation('2025-06-01', { outcome: 'stopped' }),
      rotation('2025-07-01', { outcome: 'following' }),
    ];
    expect(barsOf({ history, frequencyDays: 180 }).map(([, start]) => start)).toEqual(
      ['2025-06-01', '2025-07-01', '2025-12-28'].map(x),
    );
  });
});

describe('what is to come', () => {
  const dates = { plannedAt: instant('2026-02-24'), nextDueAt: instant('2026-03-01') };

  test('is the window before the limit, the limit, and what follows if each is in time', () => {
    expect(ofClass(dates, 't-window').map((it) => [it.x, Number(it.width)])).toEqual([
      [x('2026-02-24'), wide('2026-02-24', '2026-03-01')],
    ]);
    expect(ofClass(dates, 't-limit')).toMatchObject([
      { x1: x('2026-03-01'), x2: x('2026-03-01'), y1: 51, y2: 69, text: 'a: limit 2026-03-01' },
    ]);
    expect(ofClass(dates, 't-plan')).toMatchObject([
      { cx: x('2026-02-24'), cy: 60, r: 6, text: 'a: next rotation planned 2026-02-24' },
    ]);
    // Every 90 days, asked for five days before.
    const later = ['2026-05-20', '2026-08-13', '2026-11-06'];
    expect(ofClass(dates, 't-plan far').map((it) => [it.cx, it.r, it.text])).toEqual(
      later.map((date) => [x(date), 4.5, `a: expected about ${date}`]),
    );
  });

  test('has no day of its own where it is asked for already', () => {
    const asked = { plannedAt: instant(now), nextDueAt: instant('2026-01-06') };
    expect(ofClass(asked, 't-plan')).toEqual([]);
    expect(ofClass(asked, 't-window').map((it) => [it.x, Number(it.width)])).toEqual([
      [589, wide(now, '2026-01-06')],
    ]);
    expect(ofClass(asked, 't-plan far')[0]).toMatchObject({ cx: x('2026-03-27') });
  });

  test('is no window once the limit is past, and nothing beyond the picture', () => {
    const late = { plannedAt: instant('2025-11-25'), nextDueAt: instant('2025-11-30') };
    expect(ofClass(late, 't-window')).toEqual([]);
    expect(ofClass(late, 't-limit')).toMatchObject([{ x1: x('2025-11-30') }]);
    const far = { plannedAt: instant('2027-02-01'), nextDueAt: instant('2027-02-06') };
    expect(shapes(far).map((shape) => shape.class)).toEqual(shapes({}).map((it) => it.class));
  });

  test.each([
    ['nobody knows when it is due', { plannedAt: instant('2026-02-24') }],
    ['nobody plans it', { nextDueAt: instant('2026-03-01') }],
    ['it is changed as needed', { ...dates, frequencyDays: undefined }],
  ])('is nothing where %s', (_title, secret) => {
    expect(
      shapes(secret).filter(({ class: name = '' }) => /t-(plan|limit|window)/.test(name)),
    ).toEqual([]);
  });
});

describe('a mark', () => {
  const at = x('2025-06-01');
  const marked = (entry: HistoryEntry) => {
    const kinds = /^t-(mark|cross|rows)/;
    const found = drawn([{ ...blank, history: [entry] }]).split('</svg>')[0] ?? '';
    const [shape] = shapes({ history: [entry] }).filter((it) => kinds.test(it.class ?? ''));
    return { class: shape?.class, about: /<title>(a: [^<]*)<\/title>/.exec(found)?.[1], shape };
  };

  test.each<[string, HistoryEntry, string, string]>([
    ['rotated', rotation('2025-06-01'), 't-mark', 'planned rotation, rotated'],
    [
      'stopped',
      rotation('2025-06-01', { outcome: 'stopped' }),
      't-mark warn',
      'planned rotation, rotated, then stopped',
    ],
    [
      'failed',
      rotation('2025-06-01', { outcome: 'failed', intent: 'emergency' }),
      't-cross',
      'emergency rotation, failed',
    ],
    [
      'rollback',
      rotation('2025-06-01', { intent: 'rollback' }),
      't-mark warn',
      'rollback, rotated',
    ],
    [
      'emergency',
      rotation('2025-06-01', { intent: 'emergency' }),
      't-mark bad',
      'emergency rotation, rotated',
    ],
    [
      'by hand',
      { type: 'unmanagedWrite', at: instant('2025-06-01'), versionId: 'v', proof: 'dateLabel' },
      't-cross',
      'written outside of a rotation, needs a person',
    ],
    [
      'rows',
      {
        type: 'reencryption',
        at: instant('2025-06-01'),
        versionId: 'v',
        outcome: 'verified',
        targetKid: 'k',
        findings: [],
        proof: 'auditEvent',
      },
      't-rows',
      'rows moved to key k, verified',
    ],
  ])('of its own kind: %s', (_title, entry, name, words) => {
    const { shape, ...found } = marked(entry);
    expect(found).toEqual({ class: name, about: `a: ${words}, 2025-06-01 00:00 UTC` });
    if (shape?.tag === 'circle') expect(shape).toMatchObject({ cx: at, cy: 60 });
    if (shape?.tag === 'path') expect(String(shape.d)).toMatch(new RegExp(`^M${at - 5} |^M${at} `));
    if (shape?.tag === 'rect') expect(shape).toMatchObject({ x: at - 4, y: 67 });
  });

  test('out of the ordinary lies on top of what is not, each in the order it happened', () => {
    const history = [
      rotation('2025-12-01'),
      rotation('2025-10-01', { intent: 'emergency' }),
      rotation('2025-08-01', { outcome: 'stopped' }),
      rotation('2025-06-01', { intent: 'rollback' }),
      rotation('2025-04-01'),
    ];
    const [picture = ''] = drawn([{ ...blank, history }]).split('</svg>');
    expect([...picture.matchAll(/, (\S+) 00:00 UTC/g)].map(([, day]) => day)).toEqual([
      '2025-04-01',
      '2025-12-01',
      '2025-06-01',
      '2025-08-01',
      '2025-10-01',
    ]);
  });

  test('has its meaning in the legend', () => {
    const legend = drawn([]).split('<ul class="legend">')[1] ?? '';
    const entries = [...legend.matchAll(/class="(t-[^"]+)"[^>]*\/><\/svg>([^<]+)</g)];
    expect(entries.map(([, name, text]) => [name, text])).toEqual([
      ['t-mark', 'rotated'],
      ['t-mark warn', 'rollback'],
      ['t-mark bad', 'emergency'],
      ['t-cross', 'failed, or written by hand'],
      ['t-rows', 'rows moved to the new key'],
      ['t-bar current', 'in use'],
      ['t-late', 'past its limit'],
      ['t-plan', 'planned'],
      ['t-limit', 'limit'],
    ]);
  });
});
