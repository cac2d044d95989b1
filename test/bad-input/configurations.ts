/** Items 65 and 66, as far as the configuration says them: it is refused before anything is deployed. */
import { document } from '../domain/config/mistakes/document.ts';

// biome-ignore lint/suspicious/noExplicitAny: documents that must be refused have no type
type Document = any;
export interface ConfigurationItem {
  item: number;
  title: string;
  change(document: Document, canary: string): void;
  /** The place that is named; absent: it is accepted. */
  path?: string;
}

const column = 'secrets.pii.columns.0';
const inColumn =
  (fields: (canary: string) => object) =>
  (config: Document, canary: string): void =>
    void Object.assign(config.secrets.pii.columns[0], fields(canary));

const injections = (canary: string): [string, unknown][] => [
  ['an injection', `users; drop table users --${canary}`],
  ['a quote', 'us"ers'],
  ['a quoted name', '"users"'],
  ['an apostrophe', "us'ers"],
  ['a dollar quote', '$$users$$'],
  ['a backslash', 'us\\ers'],
  ['a comment', 'users/**/'],
  ['a line break', 'users\n'],
  ['NUL', 'users\u0000'],
  ['upper case', 'Users'],
  ['letters of another alphabet', 'usеrs'],
  ['64 bytes', 'u'.repeat(64)],
  ['nothing', ''],
  ['a list', ['users']],
  ['null', null],
];

const names: ConfigurationItem[] = injections('').flatMap(([title], index) => {
  const of = (canary: string) => injections(canary)[index]?.[1];
  const within = (canary: string, name: (part: string) => string) => {
    const part = of(canary);
    return typeof part === 'string' ? name(part) : part;
  };
  return [
    {
      item: 65,
      title: `a column with ${title}`,
      change: inColumn((canary) => ({ column: of(canary) })),
      path: `${column}.column`,
    },
    {
      item: 65,
      title: `a table with ${title}`,
      change: inColumn((canary) => ({ table: within(canary, (part) => `public.${part}`) })),
      path: `${column}.table`,
    },
    {
      item: 65,
      title: `a schema with ${title}`,
      change: inColumn((canary) => ({ table: within(canary, (part) => `${part}.users`) })),
      path: `${column}.table`,
    },
    {
      item: 65,
      title: `a primary key with ${title}`,
      change: inColumn((canary) => ({ primaryKey: [of(canary)] })),
      path: `${column}.primaryKey.0`,
    },
  ];
});

const jwt =
  (fields: object) =>
  (config: Document): void =>
    void Object.assign(config.secrets.jwt, fields);
const cadence = [
  'rate(3 hours)',
  'rate(1 days)',
  'rate(90 days)',
  '0 2 * * *',
  'cron(0 2 * * ? *)',
  '90',
  '90d',
  'P90D',
  0,
  1,
  6,
  -1,
  -90,
  181,
  1_001,
  90.5,
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  null,
  true,
  [90],
  {},
];
const window =
  (fields: object) =>
  (config: Document): void => {
    config.schedule = { window: { from: '02:00', to: '06:00', ...fields } };
  };
const freeze =
  (...freezes: object[]) =>
  (config: Document): void => {
    config.schedule = { freezes: freezes.map((one) => ({ reason: 'year end', ...one })) };
  };
const instants = [
  '2026-12-20',
  '2026-12-20T00:00:00',
  '2026-02-30T00:00:00Z',
  '2016-12-31T23:59:60Z',
  'tomorrow',
  'NaN',
  '',
  1_800_000_000,
  null,
];

const schedules: ConfigurationItem[] = [
  ...cadence.map(
    (cadenceDays): ConfigurationItem => ({
      item: 66,
      title: `cadenceDays ${typeof cadenceDays === 'number' ? cadenceDays : JSON.stringify(cadenceDays)}`,
      change: jwt({ cadenceDays }),
      path: 'secrets.jwt.cadenceDays',
    }),
  ),
  ...[0, -1, 61, 1.5, Number.NaN, '5', null].map(
    (leadDays): ConfigurationItem => ({
      item: 66,
      title: `leadDays ${leadDays}`,
      change: jwt({ leadDays }),
      path: 'secrets.jwt.leadDays',
    }),
  ),
  {
    item: 66,
    title: 'leadDays as long as the cadence',
    change: jwt({ cadenceDays: 10, leadDays: 10 }),
    path: 'secrets.jwt.leadDays',
  },
  ...['24:00', '2:00', '02:60', '02:00:00', '-1:00', 'NaN', '', 2, null].map(
    (from): ConfigurationItem => ({
      item: 66,
      title: `a window from ${JSON.stringify(from)}`,
      change: window({ from }),
      path: 'schedule.window.from',
    }),
  ),
  {
    item: 66,
    title: 'a window on no day',
    change: window({ days: [] }),
    path: 'schedule.window.days',
  },
  {
    item: 66,
    title: 'a window on a day nobody knows',
    change: window({ days: ['monday'] }),
    path: 'schedule.window.days.0',
  },
  {
    item: 66,
    title: 'a window of the five fields of cron',
    change: (config) => {
      config.schedule = { window: '0 2 * * *' };
    },
    path: 'schedule.window',
  },
  {
    item: 66,
    title: 'a window of nothing',
    change: window({ to: '02:30' }),
    path: 'schedule.window',
  },
  {
    item: 66,
    title: 'a window past midnight UTC that is too short for what falls due',
    change: window({ from: '23:00', to: '01:00' }),
    path: 'schedule.window',
  },
  {
    item: 66,
    title: 'a window past midnight UTC: ours may, whatever a native rule may',
    change: window({ from: '22:00', to: '04:00' }),
  },
  {
    item: 66,
    title: 'a time zone nobody knows',
    change: window({ timeZone: 'Mars/Olympus' }),
    path: 'schedule.window.timeZone',
  },
  {
    item: 66,
    title: 'a time zone that is a path',
    change: window({ timeZone: '../../etc/localtime' }),
    path: 'schedule.window.timeZone',
  },
  ...['0h', '-2h', '2', '4d', '1e9h', 'PT2H', 'NaN', 7_200, null].map(
    (notice): ConfigurationItem => ({
      item: 66,
      title: `a notice of ${JSON.stringify(notice)}`,
      change: (config) => {
        config.schedule = { notice };
      },
      path: 'schedule.notice',
    }),
  ),
  ...instants.map(
    (from): ConfigurationItem => ({
      item: 66,
      title: `a freeze from ${JSON.stringify(from)}`,
      change: freeze({ from, until: '2026-12-24T00:00:00Z' }),
      path: 'schedule.freezes.0.from',
    }),
  ),
  {
    item: 66,
    title: 'a freeze that ends as it begins',
    change: freeze({ from: '2026-12-20T00:00:00Z', until: '2026-12-20T01:00:00+01:00' }),
    path: 'schedule.freezes.0.until',
  },
  {
    item: 66,
    title: 'a freeze without a reason',
    change: freeze({ from: '2026-12-20T00:00:00Z', until: '2026-12-24T00:00:00Z', reason: '' }),
    path: 'schedule.freezes.0.reason',
  },
  {
    item: 66,
    title: 'a freeze longer than the cadence',
    change: freeze({ from: '2026-01-01T00:00:00Z', until: '2026-12-24T00:00:00Z' }),
    path: 'schedule.freezes',
  },
  {
    item: 66,
    title: 'two freezes that are one longer than the cadence',
    change: freeze(
      { from: '2026-01-01T00:00:00Z', until: '2026-03-10T00:00:00Z' },
      { from: '2026-03-01T00:00:00Z', until: '2026-06-01T00:00:00Z' },
    ),
    path: 'schedule.freezes',
  },
  {
    item: 66,
    title: 'a freeze over the end of the year',
    change: freeze({ from: '2026-12-30T00:00:00+01:00', until: '2027-01-02T00:00:00+01:00' }),
  },
  ...['for ever', '0d', '-1d', '9999999d', '30'].map(
    (backupRetention): ConfigurationItem => ({
      item: 66,
      title: `backups kept ${backupRetention}`,
      change: (config) => {
        config.secrets.pii.reencryption = { login: 'legacy', mode: 'online', backupRetention };
      },
      path: 'secrets.pii.reencryption.backupRetention',
    }),
  ),
];

export const configurationItems: readonly ConfigurationItem[] = [...names, ...schedules];

/** As it would be read of a file, so that nothing but JSON and what TypeScript lets through is in it. */
export function changed({ change }: ConfigurationItem, canary: string): unknown {
  const config = document();
  change(config, canary);
  return config;
}
