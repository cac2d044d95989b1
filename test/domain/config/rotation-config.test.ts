import { describe, expect, test } from '@jest/globals';
import {
  defineRotation,
  InvalidConfigError,
  isArmed,
  parseRotationConfig,
} from '../../../domain/config/rotation-config.ts';
import type { RotatedConfig } from '../../../domain/config/secret-schemas.ts';
import pharmacy from '../../../rotation.config.ts';

const adopt = {
  secretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/jwt-AbCdEf',
  kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/0b1c',
};

/** A valid document; each refusal changes one thing of it. */
// biome-ignore lint/suspicious/noExplicitAny: documents that must be refused have no type
function document(): any {
  return {
    name: 'shop',
    environment: 'prod',
    region: 'eu-west-1',
    secrets: {
      jwt: {
        kind: 'jwt',
        field: 'JWT_SECRET',
        bits: 256,
        encoding: 'base64',
        cadenceDays: 180,
        readers: 'keyset',
        longestToken: '1d',
      },
      pii: {
        kind: 'encryption',
        field: 'ENCRYPTION_KEY',
        bits: 256,
        encoding: 'hex',
        cadenceDays: 90,
        readers: 'keyset',
        database: 'db',
        columns: [
          {
            id: 'patients.ssn',
            table: 'public.patients',
            column: 'ssn',
            format: 'qt1',
            profile: 'row',
            primaryKey: ['id'],
          },
          {
            id: 'patients.name',
            table: 'public.patients',
            column: 'name',
            format: 'qt1',
            profile: 'column',
          },
        ],
      },
      db: {
        kind: 'database',
        scheme: 'multiUser',
        host: 'shop.example.com',
        dbname: 'shop',
        identity: 'shop_app',
        roles: ['shop_a', 'shop_b'],
        admin: 'admin',
        cadenceDays: 180,
      },
      legacy: {
        kind: 'database',
        scheme: 'singleUser',
        host: 'shop.example.com',
        dbname: 'shop',
        roles: ['shop_legacy'],
        admin: adopt,
        cadenceDays: 180,
      },
      admin: { kind: 'userManaged', purpose: 'rotator' },
    },
    consumers: [{ name: 'api', reads: ['jwt'] }],
  };
}

// biome-ignore lint/suspicious/noExplicitAny: see above
type Change = (config: any) => void;

function problemsOf(change: Change): readonly string[] {
  const input = document();
  change(input);
  try {
    parseRotationConfig(input);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidConfigError);
    expect((error as InvalidConfigError).code).toBe('ERR_ROTATION_CONFIG_INVALID');
    return (error as InvalidConfigError).problems;
  }
  return [];
}

test('the committed configuration is accepted', () => {
  expect(Object.keys(pharmacy.secrets)).toEqual([
    'jwt',
    'pii',
    'db',
    'legacyDb',
    'rowsDb',
    'dbAdmin',
  ]);
});

test('the document the refusals start from is accepted', () => {
  expect(problemsOf(() => undefined)).toEqual([]);
});

describe('defaults', () => {
  const config = defineRotation(document());

  test('a lead of five days, the port of PostgreSQL, the authorities of RDS', () => {
    expect(config.secrets.db).toMatchObject({ leadDays: 5, port: 5432, ca: 'rds' });
  });

  test('a new secret is armed', () => {
    expect(isArmed(config.secrets.jwt as RotatedConfig)).toBe(true);
  });

  test('an adopted secret is not armed until somebody says so', () => {
    const adopted = { ...(config.secrets.jwt as RotatedConfig), adopt };
    expect(isArmed(adopted)).toBe(false);
    expect(isArmed({ ...adopted, armed: true })).toBe(true);
  });
});

/** Title, change, and what the one problem must name: path, value found, values allowed. */
const refusals: [string, Change, RegExp[]][] = [
  [
    'a cadence of more than 180 days',
    (c) => {
      c.secrets.jwt.cadenceDays = 181;
    },
    [/^secrets\.jwt\.cadenceDays: found 181; expected at most 180$/],
  ],
  [
    'an encryption cadence of more than 90 days',
    (c) => {
      c.secrets.pii.cadenceDays = 91;
    },
    [/^secrets\.pii\.cadenceDays: found 91; expected at most 90$/],
  ],
  [
    'a cadence that is no whole number',
    (c) => {
      c.secrets.jwt.cadenceDays = 89.5;
    },
    [/^secrets\.jwt\.cadenceDays: found 89\.5/],
  ],
  [
    'a lead that leaves no day to the native rule',
    (c) => {
      c.secrets.jwt.cadenceDays = 7;
      c.secrets.jwt.leadDays = 6;
    },
    [/^secrets\.jwt\.leadDays: found 6; expected less than cadenceDays - 1 \(6\)$/],
  ],
  [
    'an unknown kind',
    (c) => {
      c.secrets.jwt.kind = 'oauth';
    },
    [/^secrets\.jwt\.kind: found "oauth"; expected kind "jwt", "encryption", "database"/],
  ],
  [
    'a field nobody reads, by its name',
    (c) => {
      c.secrets.jwt.cadence = 90;
    },
    [/^secrets\.jwt: found the unknown "cadence"/],
  ],
  [
    'a missing field',
    (c) => {
      delete c.secrets.jwt.longestToken;
    },
    [/^secrets\.jwt\.longestToken: found nothing; expected a value of type string$/],
  ],
  [
    'a duration without a unit',
    (c) => {
      c.secrets.jwt.longestToken = '30';
    },
    [/^secrets\.jwt\.longestToken: found "30"; expected a whole number and a unit/],
  ],
  [
    'a signer cache of more than a day',
    (c) => {
      c.secrets.jwt.signerCache = '25h';
    },
    [/^secrets\.jwt\.signerCache: found "25h"; expected at most 1 days$/],
  ],
  [
    'a key size that HMAC does not know',
    (c) => {
      c.secrets.jwt.bits = 128;
    },
    [/^secrets\.jwt\.bits: found 128; expected 256, 384, 512$/],
  ],
  [
    'the field name that holds the keys',
    (c) => {
      c.secrets.jwt.field = 'keyset';
    },
    [/^secrets\.jwt\.field: found "keyset"; expected another name/],
  ],
  [
    'scalar readers of a signing secret, unless the logout is accepted',
    (c) => {
      c.secrets.jwt.readers = 'scalar';
    },
    [/^secrets\.jwt\.readers: found "scalar".*logsEveryoneOut: true/],
  ],
  [
    'an accepted logout that never happens',
    (c) => {
      c.secrets.jwt.logsEveryoneOut = true;
    },
    [/^secrets\.jwt\.logsEveryoneOut: found true with readers "keyset"/],
  ],
  [
    'scalar readers of an encryption key whose rows stay as they are',
    (c) => {
      c.secrets.pii.readers = 'scalar';
    },
    [
      /^secrets\.pii\.readers: found "scalar"; expected "keyset", or reencryption\.mode "maintenance"/,
    ],
  ],
  [
    'columns without a database',
    (c) => {
      delete c.secrets.pii.database;
    },
    [/^secrets\.pii\.database: found nothing; expected .*\(db, legacy\)$/],
  ],
  [
    'a database that is none',
    (c) => {
      c.secrets.pii.database = 'jwt';
    },
    [/^secrets\.pii\.database: found "jwt"; expected the key of a database secret \(db, legacy\)$/],
  ],
  [
    'a database without columns',
    (c) => {
      c.secrets.pii.columns = [];
    },
    [/^secrets\.pii\.columns: found none/],
  ],
  [
    'a column id given twice',
    (c) => {
      c.secrets.pii.columns[1].id = 'patients.ssn';
    },
    [/^secrets\.pii\.columns\.1: found "patients\.ssn" again; expected every id once$/],
  ],
  [
    'a column declared twice under two ids',
    (c) => {
      c.secrets.pii.columns[1].column = 'ssn';
    },
    [
      /^secrets\.pii\.columns\.1: found "public\.patients\.ssn" again; expected every column once, or a path/,
    ],
  ],
  [
    'a column name that needs quotes',
    (c) => {
      c.secrets.pii.columns[1].column = 'na"me';
    },
    [/^secrets\.pii\.columns\.1\.column: found "na"me"; expected a PostgreSQL identifier/],
  ],
  [
    'a table without its schema',
    (c) => {
      c.secrets.pii.columns[1].table = 'patients';
    },
    [/^secrets\.pii\.columns\.1\.table: found "patients"; expected a table as "schema\.table"$/],
  ],
  [
    'profile row without a primary key',
    (c) => {
      delete c.secrets.pii.columns[0].primaryKey;
    },
    [/^secrets\.pii\.columns\.0\.primaryKey: found nothing; profile "row"/],
  ],
  [
    'a primary key that nothing is bound to',
    (c) => {
      c.secrets.pii.columns[1].primaryKey = ['id'];
    },
    [/^secrets\.pii\.columns\.1\.primaryKey: found one with profile "column"/],
  ],
  [
    'multiUser with one role',
    (c) => {
      c.secrets.db.roles = ['shop_a'];
    },
    [/^secrets\.db\.roles: found 1; scheme "multiUser" expects exactly 2$/],
  ],
  [
    'multiUser without an identity',
    (c) => {
      delete c.secrets.db.identity;
    },
    [/^secrets\.db\.identity: found nothing; scheme "multiUser"/],
  ],
  [
    'singleUser with two roles',
    (c) => {
      c.secrets.legacy.roles = ['shop_legacy', 'shop_other'];
    },
    [/^secrets\.legacy\.roles: found 2; scheme "singleUser" expects exactly 1$/],
  ],
  [
    'singleUser with an identity',
    (c) => {
      c.secrets.legacy.identity = 'shop_app';
    },
    [/^secrets\.legacy\.identity: found "shop_app"; scheme "singleUser" has none/],
  ],
  [
    'a role of 64 bytes',
    (c) => {
      c.secrets.legacy.roles = ['r'.repeat(64)];
    },
    [/^secrets\.legacy\.roles\.0: found "r{64}"; expected .* 63 bytes at most$/],
  ],
  [
    'a role that two secrets set on one cluster',
    (c) => {
      c.secrets.legacy.roles = ['shop_b'];
    },
    [/^secrets\.legacy\.roles: found "shop_b", which secrets\.db sets on the same cluster/],
  ],
  [
    'a role twice in one secret',
    (c) => {
      c.secrets.db.roles = ['shop_a', 'shop_a'];
    },
    [/^secrets\.db\.roles: found "shop_a", which secrets\.db sets/],
  ],
  [
    'an identity whose password another secret sets, whatever the case of the host',
    (c) => {
      c.secrets.legacy.host = 'SHOP.example.com';
      c.secrets.legacy.roles = ['shop_app'];
    },
    [/^secrets\.db\.identity: found "shop_app", whose password secrets\.legacy sets/],
  ],
  [
    'an admin that is not user-managed',
    (c) => {
      c.secrets.db.admin = 'legacy';
    },
    [/^secrets\.db\.admin: found "legacy"; expected the key of a userManaged secret \(admin\)/],
  ],
  [
    'an admin elsewhere without its key',
    (c) => {
      c.secrets.legacy.admin = { secretArn: adopt.secretArn };
    },
    [/^secrets\.legacy\.admin\.kmsKeyArn: found nothing/],
  ],
  [
    'an adopted secret by a partial ARN',
    (c) => {
      c.secrets.jwt.adopt = { ...adopt, secretArn: adopt.secretArn.slice(0, -7) };
    },
    [/^secrets\.jwt\.adopt\.secretArn: found "arn.*"; expected the full ARN of a secret/],
  ],
  [
    'an adopted replica of another region',
    (c) => {
      c.secrets.jwt.adopt = {
        ...adopt,
        secretArn: adopt.secretArn.replace('eu-west-1', 'us-east-1'),
      };
    },
    [/^secrets\.jwt\.adopt\.secretArn: found a secret in "us-east-1"; expected one in "eu-west-1"/],
  ],
  [
    'a consumer of a secret that is not there',
    (c) => {
      c.consumers[0].reads = ['cache'];
    },
    [/^consumers\.0\.reads: found "cache"; expected a secret of this configuration \(jwt, pii/],
  ],
  [
    'two consumers of one name',
    (c) => {
      c.consumers.push({ name: 'api', reads: ['db'] });
    },
    [/^consumers\.1: found "api" again/],
  ],
  [
    'a secret with the name of a function of Quarterturn',
    (c) => {
      c.secrets.cadence = c.secrets.jwt;
    },
    [/^secrets\.cadence: found the name of a function/],
  ],
  [
    'two keys that differ in case alone',
    (c) => {
      c.secrets.jWT = { ...c.secrets.jwt };
    },
    [/^secrets\.5: found "jwt" again; expected every name \(ignoring case\) once$/],
  ],
  [
    'a configuration without secrets',
    (c) => {
      c.secrets = {};
      c.consumers = [];
    },
    [/^secrets: found an object; expected at least one secret$/],
  ],
];

describe('refused, naming path, finding and remedy:', () => {
  test.each(refusals)('%s', (_title, change, expected) => {
    const problems = problemsOf(change);
    expect(problems).toHaveLength(expected.length);
    expected.forEach((pattern, index) => {
      expect(problems[index]).toMatch(pattern);
    });
  });

  test.each(['postgres', 'public', 'rdsadmin', 'rds_superuser', 'pg_monitor', 'current_user'])(
    'the reserved role %s',
    (role) => {
      const problems = problemsOf((c) => {
        c.secrets.legacy.roles = [role];
      });
      expect(problems).toEqual([expect.stringContaining(`secrets.legacy.roles: found "${role}"`)]);
    },
  );

  test.each([
    'localhost',
    '127.0.0.1',
    '::1',
    '10.0.0.5',
    '169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '2852039166',
    '0xA9FEA9FE',
    'db.example.com/x',
    'user@db.example.com',
    'db.example.com:5432',
    'db example.com',
    '-db.example.com',
    'db..example.com',
  ])('the host %s', (host) => {
    const problems = problemsOf((c) => {
      c.secrets.legacy.host = host;
    });
    expect(problems).toEqual([
      expect.stringMatching(/^secrets\.legacy\.host: found a host that is/),
    ]);
  });

  test('every problem at once, not the first one', () => {
    const problems = problemsOf((c) => {
      c.secrets.legacy.roles = ['postgres'];
      c.secrets.db.admin = 'jwt';
    });
    expect(problems).toHaveLength(2);
  });
});

test('localhost is a host in dev', () => {
  const problems = problemsOf((c) => {
    c.environment = 'dev';
    c.secrets.db.host = 'localhost';
  });
  expect(problems).toEqual([]);
});

test('a DSN pasted as a host is refused without being echoed', () => {
  const [problem] = problemsOf((c) => {
    c.secrets.db.host = 'postgres://app:hunter2@db.example.com/app';
  });
  expect(problem).not.toContain('hunter2');
});

test('a string that could be a secret is described by its length', () => {
  const [problem] = problemsOf((c) => {
    c.secrets.jwt.field = 'postgres://app:hunter2@db.example.com/app';
  });
  expect(problem).toMatch(/found a string of 41 characters/);
});
