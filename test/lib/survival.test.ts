import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseRotationConfig, type RotationConfig } from '../../domain/config/rotation-config.ts';
import example from '../../rotation.config.ts';
import { everything } from './everything.ts';
import { type Finding, lostIn, type Resources, statefulIn } from './survival.ts';
import { type Resource, synthesize } from './synthesized.ts';

const recorded = join(import.meta.dirname, '..', 'previous-release', 'recorded', 'template.json');
const previous: Resources = JSON.parse(readFileSync(recorded, 'utf8')).Resources;

type Secrets = Record<string, Record<string, unknown>>;
const secretsOf = (config: RotationConfig): Secrets => JSON.parse(JSON.stringify(config.secrets));

/** The example with changes; a secret that is undefined is left out. */
function changed(
  secrets: Record<string, object | undefined>,
  rest: object = {},
  base: RotationConfig = example,
): RotationConfig {
  const all = secretsOf(base);
  for (const [key, change] of Object.entries(secrets)) {
    if (change === undefined) {
      delete all[key];
    } else {
      all[key] = { ...all[key], ...change };
    }
  }
  return parseRotationConfig({ ...base, secrets: all, ...rest });
}

const synthesized = new Map<RotationConfig, Resources>();
function resourcesOf(config: RotationConfig): Resources {
  const known = synthesized.get(config) ?? synthesize(config).resources;
  synthesized.set(config, known);
  return known;
}

const second = { ...example.secrets.jwt };
/** Changes of the secrets, and of the rest, that can be made at once. */
const changes: Record<string, [secrets: Record<string, object>, rest?: object]> = {
  'another cadence, lead and caches': [
    {
      jwt: { cadenceDays: 90, leadDays: 10, signerCache: '1h', longestToken: '60d' },
      pii: { cadenceDays: 60, readerCache: '10m' },
      db: { cadenceDays: 30 },
    },
  ],
  'another encoding, size and field': [
    {
      jwt: { encoding: 'hex', bits: 256, field: 'SIGNING_KEY' },
      pii: { encoding: 'base64url' },
    },
  ],
  'other roles, host and database of a database': [
    {
      db: { host: 'other.example.com', port: 5433, dbname: 'other', roles: ['app_c', 'app_d'] },
      rowsDb: { host: 'other.example.com', port: 5433, dbname: 'other', roles: ['rows_two'] },
      legacyDb: { roles: ['legacy_two'], databaseUrl: true },
    },
  ],
  'another purpose of what its owners keep': [{ dbAdmin: { purpose: 'Another one.' } }],
  'fewer columns': [
    {
      pii: {
        columns:
          example.secrets.pii?.kind === 'encryption' ? example.secrets.pii.columns.slice(1) : [],
      },
    },
  ],
  'a network for the databases': [
    { db: { network: 'main' }, legacyDb: { network: 'main' } },
    { networks: { main: { cidr: '10.42.0.0/24' } } },
  ],
  'contacts, break-glass and years of audit': [
    {},
    {
      contacts: { onCall: ['a@example.com'], security: ['b@example.com'] },
      breakGlassRoleArn: 'arn:aws:iam::111122223333:role/break-glass',
      auditYears: 5,
    },
  ],
  'escrow kept longer, in compliance mode': [
    {},
    { escrow: { retentionDays: 3650, mode: 'compliance' } },
  ],
  'other consumers': [{}, { consumers: [{ name: 'batch', reads: ['pii', 'db'] }] }],
};

/** Each alone with `npm run proof`. All at once lose what one of them loses: the comparison is by resource. */
const compatible: Record<string, RotationConfig> =
  process.env.PROOF === 'full'
    ? Object.fromEntries(Object.entries(changes).map(([name, made]) => [name, changed(...made)]))
    : { [Object.keys(changes).join('; ')]: atOnce() };

function atOnce(): RotationConfig {
  const secrets: Record<string, object> = {};
  for (const [key, change] of Object.values(changes).flatMap(([made]) => Object.entries(made))) {
    secrets[key] = { ...secrets[key], ...change };
  }
  return changed(secrets, Object.assign({}, ...Object.values(changes).map(([, rest]) => rest)));
}

const configurations: Record<string, RotationConfig> = {
  'the example': example,
  ...compatible,
  'everything switched on': everything,
  'scalar readers': changed({ jwt: { readers: 'scalar', logsEveryoneOut: true } }),
  'the other scheme': changed({
    db: { scheme: 'singleUser', roles: ['pharmacy_app_a'], identity: undefined },
  }),
  'rows that stay under the keys they were written with': changed({
    pii: { reencryption: undefined },
  }),
  'rows rewritten while consumers stand': changed({
    pii: {
      readers: 'scalar',
      reencryption: { login: 'rowsDb', mode: 'maintenance', backupRetention: 'forever' },
    },
  }),
  'not armed': changed({ jwt: { armed: false }, db: { armed: false } }),
  'secrets in another order, and one more': parseRotationConfig({
    ...example,
    secrets: Object.fromEntries([
      ['apiKey', second],
      ...Object.entries(secretsOf(example)).reverse(),
    ]),
  }),
  'no consumers': changed({}, { consumers: [] }),
};

describe('what holds keys, records and evidence', () => {
  test('survives an upgrade from the previous release', () => {
    expect(statefulIn(previous).length).toBeGreaterThan(10);
    expect(lostIn(previous, resourcesOf(example))).toEqual([]);
  });

  test('survives everything being switched on in the upgrade', () => {
    expect(lostIn(previous, resourcesOf(everything))).toEqual([]);
  });

  const names = Object.keys(configurations);
  test.each(names)('survives every change to: %s', (to) => {
    const after = resourcesOf(configurations[to] as RotationConfig);
    for (const from of names.filter((name) => name !== to)) {
      const before = resourcesOf(configurations[from] as RotationConfig);
      const lost = lostIn(before, after);
      // What leaves the configuration leaves the stack, and stays in the account.
      const notKept = lost.filter(
        ({ rule, logicalId }) => rule !== 'removed' || !isKept(before, logicalId),
      );
      expect({ from, notKept }).toEqual({ from, notKept: [] });
    }
  });

  const leaving = {
    jwt: {},
    db: { pii: { database: undefined, columns: [], reencryption: undefined } },
    rowsDb: { pii: { reencryption: undefined } },
    legacyDb: {},
    pii: {},
  };
  test.each(Object.entries(leaving))('is kept when %s leaves the configuration', (key, others) => {
    const without = changed({ [key]: undefined, ...others }, { consumers: [] });
    const before = resourcesOf(example);
    const lost = lostIn(before, resourcesOf(without));
    expect(new Set(lost.map(({ rule }) => rule))).toEqual(new Set(['removed']));
    const gone = lost.map(({ logicalId }) => logicalId);
    expect(gone).toContain(idOfSecret(before, `pharmacy/prod/${key}`));
    for (const logicalId of gone) {
      expect(isKept(before, logicalId)).toBe(true);
    }
  });
});

function isKept(resources: Resources | undefined, logicalId: string): boolean {
  return /^Retain/.test(resources?.[logicalId]?.DeletionPolicy ?? '');
}

function idOfSecret(resources: Resources, name: string): string {
  const found = Object.entries(resources).find(
    ([, { Type, Properties }]) =>
      Type === 'AWS::SecretsManager::Secret' && Properties.Name === name,
  );
  return found?.[0] ?? '';
}

describe('the comparison finds', () => {
  const before: Resources = {
    ...resourcesOf(example),
    Bucket: {
      Type: 'AWS::S3::Bucket',
      Properties: { BucketName: 'one', ObjectLockEnabled: true },
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    },
  };
  const bucket = 'Bucket';
  const jwt = idOfSecret(before, 'pharmacy/prod/jwt');
  const only = (type: string): string => {
    const [id] = statefulIn(before).find(([, { Type }]) => Type === type) ?? [''];
    return id;
  };
  const table = only('AWS::DynamoDB::Table');
  const key = only('AWS::KMS::Key');
  const log = only('AWS::Logs::LogGroup');
  const protection =
    Object.entries(before).find(
      ([, { Type, Properties }]) =>
        Type === 'AWS::SecretsManager::ResourcePolicy' && Properties.SecretId.Ref === jwt,
    )?.[0] ?? '';

  const plant = (change: (resources: Record<string, Resource>) => void): Finding[] => {
    const after = JSON.parse(JSON.stringify(before)) as Record<string, Resource>;
    change(after);
    return lostIn(before, after);
  };
  const set = (id: string, property: string, value: unknown) =>
    plant((after) => {
      (after[id] as Resource).Properties[property] = value;
    });

  test.each([jwt, table, key, log])('a removal: %s', (id) => {
    const lost = plant((after) => {
      delete after[id];
    });
    expect(lost).toContainEqual({ rule: 'removed', logicalId: id });
  });

  test.each([jwt, table, key, log])('another type: %s', (id) => {
    const lost = plant((after) => {
      after[id] = { ...(after[id] as Resource), Type: 'AWS::SQS::Queue' };
    });
    expect(lost).toContainEqual({ rule: 'typeChanged', logicalId: id });
  });

  test.each([jwt, table])('another logical id under the same name: %s', (id) => {
    const lost = plant((after) => {
      after.Moved = after[id] as Resource;
      delete after[id];
    });
    expect(lost).toContainEqual({ rule: 'renamed', logicalId: 'Moved' });
    expect(lost).toContainEqual({ rule: 'removed', logicalId: id });
  });

  test.each([
    [jwt, 'Name', 'pharmacy/prod/other'],
    [table, 'TableName', 'other'],
    [table, 'KeySchema', [{ AttributeName: 'pk', KeyType: 'HASH' }]],
    [table, 'AttributeDefinitions', []],
    [log, 'LogGroupName', 'other'],
    [bucket, 'BucketName', 'other'],
    [bucket, 'ObjectLockEnabled', false],
  ])('a property that replaces: %s %s', (id, property, value) => {
    expect(set(id, property, value)).toContainEqual({ rule: 'replaced', logicalId: id, property });
  });

  test.each(['DeletionPolicy', 'UpdateReplacePolicy'] as const)(
    'no %s that keeps it',
    (property) => {
      for (const id of [jwt, table, key, log]) {
        for (const policy of [undefined, 'Delete']) {
          const lost = plant((after) => {
            const { [property]: _, ...rest } = after[id] as Resource;
            after[id] = policy === undefined ? rest : { ...rest, [property]: policy };
          });
          expect(lost).toEqual([{ rule: 'notRetained', logicalId: id, property }]);
        }
      }
    },
  );

  test('another value, a generated one, and changes that are an UpdateSecret', () => {
    const about = { logicalId: jwt };
    expect(set(jwt, 'SecretString', '{"JWT_SECRET":"x"}')).toEqual([
      { rule: 'valueProperty', ...about, property: 'SecretString' },
      { rule: 'valueProperty', ...about },
    ]);
    expect(set(jwt, 'GenerateSecretString', {})).toContainEqual({
      ...{ rule: 'valueProperty', ...about, property: 'GenerateSecretString' },
    });
    for (const property of ['Description', 'KmsKeyId']) {
      expect(set(jwt, property, 'other')).toEqual([
        { rule: 'needsUpdateSecret', ...about, property },
      ]);
    }
  });

  test('a secret without its policy, a policy that denies less, a table and a bucket without protection', () => {
    const unprotected = [{ rule: 'unprotected', logicalId: jwt }];
    expect(
      plant((after) => {
        delete after[protection];
      }),
    ).toEqual(unprotected);
    expect(
      plant((after) => {
        const { Statement } = (after[protection] as Resource).Properties.ResourcePolicy;
        Statement[0].Action = ['secretsmanager:DeleteSecret'];
      }),
    ).toEqual(unprotected);
    expect(set(table, 'DeletionProtectionEnabled', false)).toEqual([
      { rule: 'unprotected', logicalId: table },
    ]);
    expect(set(bucket, 'ObjectLockEnabled', false)).toContainEqual({
      ...{ rule: 'unprotected', logicalId: bucket },
    });
  });
});
