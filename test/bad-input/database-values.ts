/** Items 41 to 60, as far as no server is needed: what the value of a database secret may say. */
import { versionRows } from './database-versions.ts';
import type { Row } from './row.ts';
import {
  adminArn,
  databaseValue,
  onStage,
  type Scene,
  secretArn,
  settings,
  step,
} from './stage.ts';

const ownLabel = ['controlTable.fixRotation', 'secretsManager.moveLabel'];
type Change = Record<string, unknown>;
type Bad = [item: number, title: string, change: (canary: string) => Change, code?: Row['code']];

const field = (item: number, name: string, values: readonly unknown[], code?: Row['code']): Bad[] =>
  values.map((value) => [
    item,
    `${name} ${JSON.stringify(value)}`.slice(0, 90),
    () => ({ [name]: value }),
    code,
  ]);
const password = 'ERR_ROTATION_UNUSABLE_PASSWORD' as const;

const bad: readonly Bad[] = [
  [41, 'no host', () => ({ host: undefined })],
  ...field(41, 'host', [null, '', [settings.HOST]]),
  ...field(43, 'host', [
    '169.254.169.254',
    '127.0.0.1',
    '[::1]',
    '::1',
    '0',
    '2130706433',
    '0x7f000001',
    'localhost',
    '169.254.170.2',
    'fd00:ec2::254',
  ]),
  ...field(44, 'host', [
    'db@evil',
    `${settings.HOST}/x`,
    `${settings.HOST}?host=evil`,
    `${settings.HOST}\u0000`,
    `${settings.HOST}\n`,
    `\n${settings.HOST}`,
    '/var/run/postgresql',
    `${settings.HOST}:6432`,
    `${settings.HOST},evil`,
    `${settings.HOST}#`,
    `${settings.HOST} `,
    '@/tmp',
  ]),
  ...field(45, 'host', [
    'other.example.com',
    `${settings.HOST}.`,
    settings.HOST.toUpperCase(),
    `evil.${settings.HOST}`,
    `${settings.HOST}.evil.com`,
    'db.examp1e.com',
    'db.ехаmple.com',
    'xn--db-example.com',
  ]),
  [45, 'a host made of the canary', (canary) => ({ host: `${canary}.example.com` })],
  ...field(46, 'port', [
    0,
    65_536,
    -1,
    5_432.5,
    '5432;',
    ' 5432',
    '05432',
    '0x1538',
    22,
    '',
    null,
    true,
    [5432],
    {},
  ]),
  ...field(47, 'ssl', [false, 'false', 'maybe', 'prefer', 0, null, '']),
  ...field(52, 'engine', ['mysql', 'postgresql', 'Postgres', '', null, 7]),
  [52, 'no engine', () => ({ engine: undefined })],
  ...field(53, 'username', [
    'other_app',
    'rotator',
    'postgres',
    'rdsadmin',
    'rds_superuser',
    'admin',
  ]),
  [53, 'a role of the canary', (canary) => ({ username: canary })],
  ...field(54, 'username', [
    'app_a"',
    '"app_a"',
    "x'); DROP ROLE app_a; --",
    'APP_A',
    'é',
    'app\\a',
    'app_a\n',
    ' app_a',
    'app_a ',
    `app_a${'x'.repeat(59)}`,
    `app_a${'x'.repeat(65)}`,
    '',
    null,
    7,
    ['app_a'],
    'app_а',
  ]),
  [54, 'no username', () => ({ username: undefined })],
  ...field(55, 'username', [
    'public',
    'none',
    'pg_x',
    'pg_signal_backend',
    'current_user',
    'session_user',
  ]),
  [57, 'no password', () => ({ password: undefined })],
  ...field(57, 'password', [null, 7, true]),
  [57, 'an empty password', () => ({ password: '' }), password],
  [57, 'an md5 look-alike', (canary) => ({ password: `md5${canary}` }), password],
  [57, 'an MD5 look-alike in upper case', (canary) => ({ password: `MD5${canary}` }), password],
  [
    57,
    'a verifier',
    (canary) => ({ password: `SCRAM-SHA-256$4096:${canary}$${canary}:${canary}` }),
    password,
  ],
  [
    57,
    'a verifier in lower case',
    (canary) => ({ password: `scram-sha-256$4096:${canary}` }),
    password,
  ],
  [57, 'a password with NUL', (canary) => ({ password: `${canary}\u0000` }), password],
  [57, 'a password with a line break', (canary) => ({ password: `${canary}\n` }), password],
  [57, 'a password with a tab', (canary) => ({ password: `\t${canary}` }), password],
  [57, 'a password that is not ASCII', (canary) => ({ password: `${canary}é` }), password],
  [57, 'a password with a full-width letter', (canary) => ({ password: `${canary}Ａ` }), password],
  [57, 'a password with an emoji', (canary) => ({ password: `${canary}🔑` }), password],
  [57, 'a password of more than 1 kB', (canary) => ({ password: canary.repeat(33) }), password],
  [
    58,
    'a masterarn of another account',
    () => ({ masterarn: adminArn.replace('000000000000', '111111111111') }),
  ],
  [
    58,
    'a masterarn of another region',
    () => ({ masterarn: adminArn.replace('eu-west-1', 'us-east-1') }),
  ],
  [58, 'a masterarn that is the secret itself', () => ({ masterarn: secretArn })],
  [
    58,
    'a masterarn of another secret',
    (canary) => ({ masterarn: adminArn.replace('admin', canary) }),
  ],
  ...field(58, 'masterarn', ['', null, [adminArn]]),
  ...field(60, 'dbname', [
    'pharmacy"',
    '"pharmacy"',
    "pharmacy'; drop database pharmacy; --",
    'postgres',
    'template1',
    '',
    null,
    7,
    'PHARMACY',
    'pharmacy\n',
    'pharmacy host=evil',
  ]),
  [60, 'a database of the canary', (canary) => ({ dbname: `${canary}" --` })],
  [44, 'a URL that is none', (canary) => ({ DATABASE_URL: canary })],
  [44, 'a URL of another host', (canary) => ({ DATABASE_URL: url(canary, 'evil.example.com') })],
  [
    44,
    'a URL with a host in its query',
    (canary) => ({ DATABASE_URL: `${url(canary)}?host=evil.example.com` }),
  ],
  [
    44,
    'a URL with a hostaddr in its query',
    (canary) => ({ DATABASE_URL: `${url(canary)}?hostaddr=10.0.0.1` }),
  ],
  [
    44,
    'a URL with two hosts',
    (canary) => ({ DATABASE_URL: url(canary, `${settings.HOST},evil.example.com`) }),
  ],
  [
    46,
    'a URL of another port',
    (canary) => ({ DATABASE_URL: url(canary, `${settings.HOST}:6432`) }),
  ],
  [57, 'a URL with another password', (canary) => ({ DATABASE_URL: url(`${canary}x`) })],
  [
    53,
    'a URL of another role',
    (canary) => ({ DATABASE_URL: url(canary).replace('app_a', 'postgres') }),
  ],
  [60, 'a URL of another database', (canary) => ({ DATABASE_URL: `${url(canary)}x` })],
];

function url(canary: string, host = settings.HOST): string {
  return `postgresql://app_a:${canary}@${host}/${settings.DBNAME}`;
}

/** The place goes round: AWSCURRENT, AWSPENDING and AWSPREVIOUS are parsed by the same rules. */
const places: readonly [string, (value: string) => Scene, object, (readonly string[])?][] = [
  ['AWSCURRENT', (current) => ({ current }), step('createSecret'), ownLabel],
  ['AWSPENDING', (pending) => ({ pending, after: ['createSecret'] }), step('setSecret')],
  ['AWSPREVIOUS', (previous) => ({ previous }), step('createSecret'), ownLabel],
];

const inValues: readonly Row[] = bad.map(([item, what, change, code], index) => {
  const [where, scene, event, bookkeeping] = places[
    index % places.length
  ] as (typeof places)[number];
  return {
    item,
    title: `${what}, in ${where}`,
    code: code ?? 'ERR_ROTATION_DATABASE_VALUE',
    ...(bookkeeping && { bookkeeping }),
    attempt: (canary) =>
      onStage('database', scene(databaseValue({ password: canary, ...change(canary) })), event),
  };
});

export const rows: readonly Row[] = [...inValues, ...versionRows];
