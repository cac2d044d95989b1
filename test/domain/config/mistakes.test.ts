import { describe, expect, test } from '@jest/globals';
import { InvalidConfigError, parseRotationConfig } from '../../../domain/config/rotation-config.ts';
import { certificates } from './mistakes/certificates.ts';
import { columns } from './mistakes/columns.ts';
import { connection } from './mistakes/connection.ts';
import { contacts } from './mistakes/contacts.ts';
import { document } from './mistakes/document.ts';
import { emergency } from './mistakes/emergency.ts';
import { ownership } from './mistakes/ownership.ts';
import { reencryption } from './mistakes/reencryption.ts';
import { rollout, soundRollouts } from './mistakes/rollout.ts';
import { schedule } from './mistakes/schedule.ts';
import { shape } from './mistakes/shape.ts';
import { spelling } from './mistakes/spelling.ts';
import { soundTargets, sync } from './mistakes/sync.ts';
import { trail } from './mistakes/trail.ts';
import { triggers } from './mistakes/triggers.ts';

const mistakes = [
  ...shape,
  ...spelling,
  ...ownership,
  ...connection,
  ...columns,
  ...reencryption,
  ...schedule,
  ...contacts,
  ...triggers,
  ...certificates,
  ...sync,
  ...rollout,
  ...trail,
  ...emergency,
];

function problemsOf(input: unknown): readonly string[] {
  try {
    parseRotationConfig(input);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidConfigError);
    return (error as InvalidConfigError).problems;
  }
  return [];
}

test('the document the mistakes start from is accepted', () => {
  expect(problemsOf(document())).toEqual([]);
});

test('rollouts are accepted in every way they may be told', () => {
  for (const [consumers, settings = {}] of soundRollouts) {
    const config = { ...document(), consumers, rollout: settings };
    expect(problemsOf(JSON.parse(JSON.stringify(config)))).toEqual([]);
  }
  const [[consumer]] = [soundRollouts[1]?.[0] ?? []];
  const local = JSON.parse(JSON.stringify({ ...document(), consumers: [consumer] }));
  local.environment = 'dev';
  local.consumers[0].restart.url = 'http://127.0.0.1:8080/restart';
  expect(problemsOf(local)).toEqual([]);
});

test('PgBouncer is accepted with either scheme, RDS Proxy with one role', () => {
  const config = document();
  const endpoints = [{ host: 'pooler.example.com', port: 6432 }];
  Object.assign(config.secrets.db, { connection: 'pgbouncer', endpoints, ca: { file: 'ca.pem' } });
  Object.assign(config.secrets.legacy, { connection: 'rdsProxy', endpoints });
  expect(problemsOf(config)).toEqual([]);
  Object.assign(config.secrets.legacy, { connection: 'pgbouncer', ca: { file: 'ca.pem' } });
  expect(problemsOf(config)).toEqual([]);
});

test('rows follow with a login of their own, for scalar readers in maintenance mode', () => {
  const config = document();
  config.secrets.pii.reencryption = { login: 'legacy', backupRetention: '35d' };
  expect(problemsOf(config)).toEqual([]);
  config.secrets.pii.readers = 'scalar';
  config.secrets.pii.reencryption.mode = 'maintenance';
  expect(problemsOf(config)).toEqual([]);
});

test('columns hold every format, and documents several values', () => {
  const config = document();
  const [first] = config.secrets.pii.columns;
  const { primaryKey: _, ...free } = { ...first, profile: 'none' };
  const nonceBytes = 16;
  config.secrets.pii.reencryption = {
    login: 'legacy',
    mode: 'maintenance',
    backupRetention: 'forever',
  };
  const prefixed = { name: 'prefixed', prefix: 'enc:v2:', keyId: { of: 'kid', digits: 8 } };
  const sha256 = { of: 'sha256', keyAs: 'base64', digits: 16 };
  const colonCbc = { name: 'colon-cbc', opensWith: 'adopted', plaintext: '\\p{L}{1,40} [A-Z]+' };
  config.secrets.pii.columns = [
    {
      ...first,
      accepts: [
        { name: 'raw', encoding: 'base64', nonceBytes },
        { name: 'colon-gcm', order: 'iv:tag:data' },
        { name: 'json-gcm', members: { iv: 'iv', data: 'd' }, fixed: { alg: 'A256GCM', v: 1 } },
        { name: 'fernet' },
        { name: 'n8n-gcm' },
        { name: 'cloak' },
        { ...prefixed, keyId: sha256, encoding: 'base64url' },
        colonCbc,
      ],
    },
    {
      ...free,
      id: 'patients.scan',
      column: 'scan',
      format: 'qt1-bytes',
      accepts: [{ name: 'raw-bytes', nonceBytes }, { name: 'fernet' }],
    },
    { ...free, id: 'patients.note', column: 'note', format: 'cloak', plaintext: 'seal' },
    { ...free, id: 'patients.doc.a', column: 'doc', path: ['a', 'b'], format: prefixed },
    { ...free, id: 'patients.doc.c', column: 'doc', path: ['a', 'c'], walk: 'ctid' },
  ];
  expect(problemsOf(config)).toEqual([]);
});

test('copies go to parameters, to GitHub and to webhooks', () => {
  const config = document();
  config.sync = soundTargets;
  expect(problemsOf(config)).toEqual([]);
});

describe('found when the stack is synthesized, with path, finding, what is allowed and what to do:', () => {
  test.each(mistakes)('%s', (_title, change, said) => {
    const good = document();
    const changed = change(good);
    const problems = problemsOf(changed === undefined || changed === good ? good : changed);
    expect(problems).toHaveLength(said.length);
    for (const pattern of said) {
      expect(problems).toContainEqual(expect.stringMatching(pattern));
    }
    for (const problem of problems) {
      expect(problem).toMatch(/^[^ ].*: found .*(expected|expects) /);
      expect(problem).not.toContain('\n');
    }
  });

  test('sixty of them and more', () => {
    expect(mistakes.length).toBeGreaterThanOrEqual(60);
  });
});

test('every problem is told at once: of shape, of spelling and between secrets', () => {
  const config = document();
  config.auditYears = 7;
  config.secrets.jwt.cadence = 90;
  config.secrets.vendor.purpose = '';
  config.secrets.legacy.roles = ['postgres'];
  config.consumers[0].reads = ['jwt', 'vendor', 'cache'];
  config.networks.spare = { cidr: '10.43.0.0/24' };
  expect(problemsOf(config).map((problem) => problem.split(':')[0])).toEqual([
    'auditYears',
    'secrets.jwt',
    'secrets.vendor.purpose',
    'secrets.legacy.roles',
    'consumers.0.reads',
  ]);
});

test('what refers to a secret that is mistyped is not wrong for that', () => {
  const config = document();
  config.secrets.db.port = 'x';
  expect(problemsOf(config)).toEqual([expect.stringMatching(/^secrets\.db\.port: found "x"/)]);
});

/** Pasted where a name belongs, or as the name of a field. */
const pasted = [
  'postgres://app:hunter2@db.example.com/app',
  'correct horse battery staple',
  'Tr0ub4dor&3',
  'AKIAIOSFODNN7EXAMPLE',
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  'eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo',
  '9f2c41aa07be63d19f2c41aa07be63d1',
  'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ',
  'SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==',
  'md59f2c41aa07be63d19f2c41aa07be63d1',
  'x'.repeat(101),
];
// biome-ignore lint/suspicious/noExplicitAny: documents that must be refused have no type
const places: [string, (config: any, secret: string) => void][] = [
  [
    'the name',
    (c, secret) => {
      c.name = secret;
    },
  ],
  [
    'the field of a key',
    (c, secret) => {
      c.secrets.jwt.field = `${secret}!`;
    },
  ],
  [
    'the host of a database',
    (c, secret) => {
      c.secrets.db.host = secret;
    },
  ],
  [
    'the admin',
    (c, secret) => {
      c.secrets.db.admin = secret;
    },
  ],
  [
    'the database of columns',
    (c, secret) => {
      c.secrets.pii.database = secret;
    },
  ],
  [
    'the network',
    (c, secret) => {
      c.secrets.db.network = secret;
    },
  ],
  [
    'a secret a consumer reads',
    (c, secret) => {
      c.consumers[0].reads = [secret];
    },
  ],
  [
    'a field nobody knows',
    (c, secret) => {
      c.secrets.db.password = secret;
    },
  ],
  [
    'the name of a field',
    (c, secret) => {
      c.secrets.db[secret] = true;
    },
  ],
  [
    'the key of a secret',
    (c, secret) => {
      c.secrets[secret] = {};
    },
  ],
  [
    'the kind',
    (c, secret) => {
      c.secrets.jwt.kind = secret;
    },
  ],
];

describe.each(places)('a secret pasted as %s is in no message:', (where, paste) => {
  test.each(pasted)('%s', (secret) => {
    const config = document();
    paste(config, secret);
    const told = problemsOf(config).join('\n');
    // A key of letters and digits is a host name as good as any, and then nothing is told.
    expect(told === '' && where !== 'the host of a database').toBe(false);
    expect(told).not.toContain(secret);
    expect(told).not.toContain(secret.slice(0, 20));
  });
});

test.each([
  'shop-prod-2',
  'patients.ssn',
  'eu-west-1a',
  'app_role_2',
  'Quarterturn',
  'db01',
  'multi-user',
])('an ordinary name is shown: %s', (name) => {
  const config = document();
  config.secrets.jwt.kind = name;
  expect(problemsOf(config)).toEqual([expect.stringContaining(`found "${name}"`)]);
});
