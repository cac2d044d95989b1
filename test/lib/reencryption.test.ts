/** What the template says of a key whose rows follow it: its function, and who may do what with it. */
import { describe, expect, test } from '@jest/globals';
import { CfnParameter } from 'aws-cdk-lib/core';
import { parseRotationConfig, type RotationConfig } from '../../domain/config/rotation-config.ts';
import example from '../../rotation.config.ts';
import { everything } from './everything.ts';
import { admin, database, inAnApp } from './in-an-app.ts';
import { type Statement, synthesize } from './synthesized.ts';

const stack = synthesize(everything);
const pii = piiOf(example);

function piiOf({ secrets }: RotationConfig) {
  const { pii } = secrets;
  if (pii?.kind !== 'encryption') throw new Error('not the example');
  return pii;
}

function without(): RotationConfig {
  const { reencryption: _, ...still } = pii;
  return parseRotationConfig({ ...example, secrets: { ...example.secrets, pii: still } });
}

const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);
/** Records it reads or writes, of the secret whose rows follow; a long list is divided over policies. */
function recordsOf(id: RegExp, sid: string, from = stack): string[] {
  return from
    .statements(id)
    .filter(({ Sid }) => Sid === sid)
    .flatMap(({ Condition }) =>
      list<string>(Condition['ForAllValues:StringLike']['dynamodb:LeadingKeys']),
    )
    .filter((key) => key.endsWith('#pharmacy/prod/pii'))
    .map((key) => key.split('#')[0] ?? '');
}
const functionOf = (from: typeof stack, name: string) =>
  from.all('AWS::Lambda::Function').find(({ Properties }) => Properties.FunctionName === name)
    ?.Properties;
const name = 'quarterturn-pharmacy-prod-rows-pii';

describe('the function that moves rows', () => {
  const made = functionOf(stack, name);

  test('has a whole vCPU for fifteen minutes, on the runtime that was measured', () => {
    expect(made).toMatchObject({ Runtime: 'nodejs22.x', Timeout: 900, MemorySize: 1769 });
  });

  test('stands in the network of the database and is told where that is, not by a secret', () => {
    expect(made.VpcConfig.SubnetIds).toHaveLength(2);
    expect(made.Environment.Variables).toMatchObject({
      SECRET_NAME: 'pharmacy/prod/pii',
      MODE: 'online',
      WORKERS: '4',
      READER_CACHE_SECONDS: '300',
      STORES: 'archive',
      DATABASE_HOST: 'pharmacy.cluster-example.eu-west-1.rds.amazonaws.com',
      DATABASE_PORT: '5432',
      DATABASE_NAME: 'pharmacy',
      CA: 'rds',
    });
    expect(JSON.parse(stack.assets[name]?.('columns.json') ?? '')).toEqual(
      piiOf(everything).columns,
    );
  });

  test('reads the current keyset and its own login, and writes neither', () => {
    const ids = /^RowspiiFunctionPolicy/;
    expect(stack.statement(ids, 'ReadKeysetAndLogin')).toMatchObject({
      Action: 'secretsmanager:GetSecretValue',
      Resource: [
        { Ref: expect.stringMatching(/^Secretpii/) },
        { Ref: expect.stringMatching(/^SecretrowsDb/) },
      ],
      Condition: { 'ForAnyValue:StringEquals': { 'secretsmanager:VersionStage': ['AWSCURRENT'] } },
    });
    const actions = stack.statements(ids).flatMap(({ Action }: Statement) => list(Action));
    expect(
      actions.filter((action) => /^(secretsmanager|states|events|sns|lambda):/.test(action)),
    ).toEqual(['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret']);
    expect(recordsOf(ids, 'WriteControlRecords')).toEqual(['reencryption', 'zero']);
  });
});

describe('who else has to do with it', () => {
  test('the rotation function closes its job: it reads its login, its records, and how long keys stay', () => {
    const { Variables } = functionOf(stack, 'quarterturn-pharmacy-prod-pii').Environment;
    expect(Variables.ROWS_SECRET_ARN).toEqual({ Ref: expect.stringMatching(/^SecretrowsDb/) });
    // The longest of database (35 days) and archive (400 days).
    expect(Variables.KEY_RETENTION_DAYS).toBe('400');
    expect(recordsOf(/^SecretpiiRotationPolicy/, 'ReadControlRecords')).toEqual(
      expect.arrayContaining(['reencryption', 'zero']),
    );
  });

  test('it says when nothing holds a key that left any more: it lists versions and copies, and knows how long copies stay', () => {
    const role = /^SecretpiiRotationPolicy/;
    const secret = stack.idOf(stack.one('AWS::SecretsManager::Secret', /^Secretpii/));
    expect(stack.statement(role, 'ListOwnVersions')).toMatchObject({
      Action: 'secretsmanager:ListSecretVersionIds',
      Resource: { Ref: secret },
    });
    expect(stack.statement(role, 'ListEscrow').Condition).toEqual({
      StringEquals: { 's3:prefix': 'pii/' },
    });
    const { Variables } = functionOf(stack, 'quarterturn-pharmacy-prod-pii').Environment;
    expect(Variables.ESCROW_RETENTION_DAYS).toBe(String(everything.escrow.retentionDays));
  });

  test.each([
    ['AfterRotation', /^AfterRotationTasksPolicy/, 'StartReencryption'],
    ['cadence', /^CadenceFunctionPolicy/, 'RestartReencryption'],
    ['on-call', /^Operator/, 'ResumeReencryption'],
  ])('%s starts the machine and reads where the rows are', (_who, id, sid) => {
    const statement = stack.statement(id, sid);
    expect(list(statement.Action)).toEqual(['states:StartExecution']);
    expect(JSON.stringify(statement.Resource)).toContain(
      ':stateMachine:quarterturn-pharmacy-prod-reencryption"',
    );
    expect(recordsOf(id, 'ReadControlRecords')).toContain('reencryption');
  });

  test('on-call asks the function, says that consumers are stopped, and writes nothing else of it', () => {
    const { Resource } = stack.statement(/^Operator/, 'InvokeOperators');
    expect(JSON.stringify(Resource)).toContain(`:function:${name}"`);
    const written = recordsOf(/^Operator/, 'WriteControlRecords');
    expect(written).toContain('consumers');
    expect(written).not.toContain('reencryption');
    expect(written).not.toContain('zero');
  });
});

describe('a key whose rows stay', () => {
  const still = synthesize(without());

  test('deploys nothing for them, and gives nobody a right', () => {
    expect(functionOf(still, name)).toBeUndefined();
    expect(still.all('AWS::StepFunctions::StateMachine', /^Reencryption/)).toEqual([]);
    expect(still.text).not.toMatch(
      /(?<!credential-)reencryption|zero#|consumers#|ROWS_SECRET_ARN|KEY_RETENTION|ESCROW_RETENTION|ListOwnVersions/,
    );
  });

  test('a store that keeps its copies for ever keeps every key', () => {
    const config = parseRotationConfig({
      ...example,
      secrets: {
        ...example.secrets,
        pii: { ...pii, reencryption: { login: 'rowsDb', backupRetention: 'forever' } },
      },
    });
    const made = functionOf(synthesize(config), 'quarterturn-pharmacy-prod-pii');
    expect(made.Environment.Variables.KEY_RETENTION_DAYS).toBe('forever');
  });
});

test('where the database is may be known at deployment only: all three functions are told', () => {
  const { app } = inAnApp((inside) => {
    const host = new CfnParameter(inside, 'Host').valueAsString;
    const port = new CfnParameter(inside, 'Port', { type: 'Number' }).valueAsNumber;
    const place = { ...database, host, port };
    const { identity: _, ...server } = place;
    const rows = { ...server, scheme: 'singleUser', roles: ['rows'] } as const;
    const { reencryption } = pii;
    return {
      name: 'shop',
      environment: 'prod',
      secrets: {
        admin,
        db: place,
        rows,
        // As it was parsed: absent members are there as undefined, which the props do not take.
        pii: { ...pii, database: 'db', reencryption: { ...reencryption, login: 'rows' } } as never,
      },
    };
  });
  for (const suffix of ['pii', 'drill-pii', 'rows-pii']) {
    const { Variables } = functionOf(app, `quarterturn-shop-prod-${suffix}`).Environment;
    expect([suffix, Variables]).toMatchObject([
      suffix,
      {
        DATABASE_HOST: { Ref: 'Host' },
        DATABASE_PORT: { Ref: 'Port' },
        DATABASE_NAME: 'shop',
        CA: 'rds',
      },
    ]);
  }
});

describe('the login that rewrites rows', () => {
  const rewriting = (from: typeof stack) =>
    from
      .all('AWS::Lambda::Function')
      .filter(({ Properties }) => Properties.Environment?.Variables.REWRITES_ROWS !== undefined)
      .map(({ Properties }) => [
        Properties.FunctionName,
        Properties.Environment.Variables.REWRITES_ROWS,
      ]);
  /** name → what the operator is told of the rows its role rewrites. */
  const rowsIn = (from: typeof stack) =>
    JSON.parse(from.assets['quarterturn-pharmacy-prod-operator']?.('databases.json') ?? '').map(
      ({ name, rows }: { name: string; rows: unknown }) => [name, rows],
    );
  const { db, legacyDb, rowsDb, jwt, dbAdmin } = example.secrets;
  const consumers = [{ name: 'api', reads: ['jwt'] }];
  const withLogin = (login: string) =>
    synthesize(
      parseRotationConfig({
        ...example,
        consumers,
        secrets: {
          ...{ db, legacyDb, rowsDb, jwt, dbAdmin },
          pii: { ...pii, reencryption: { ...pii.reencryption, login } },
        },
      }),
    );

  test.each(['rowsDb', 'legacyDb'])(
    'is the one the configuration names (%s): its function knows, and the operator whose rows they are',
    (login) => {
      const made = withLogin(login);
      expect(rewriting(made)).toEqual([[`quarterturn-pharmacy-prod-${login}`, 'true']]);
      const rows = [{ secret: 'pharmacy/prod/pii', dbname: 'pharmacy', columns: pii.columns }];
      expect(rowsIn(made)).toEqual(
        ['db', 'legacyDb', 'rowsDb'].map((key) => [
          `pharmacy/prod/${key}`,
          key === login ? rows : undefined,
        ]),
      );
    },
  );

  test('is nobody where rows stay', () => {
    const still = synthesize(without());
    expect(rewriting(still)).toEqual([]);
    expect(rowsIn(still).filter(([, rows]: [string, unknown]) => rows !== undefined)).toEqual([]);
  });
});

describe('two secrets on one database', () => {
  const cards = {
    ...pii,
    reencryption: { ...pii.reencryption, login: 'cardsDb' },
    columns: [{ ...pii.columns[0], id: 'cards.pin', table: 'public.cards', column: 'pin' }],
  };
  const elsewhere = { ...example.secrets.db, dbname: 'other', roles: ['other_a', 'other_b'] };
  const { reencryption: _, ...still } = cards;
  const both = synthesize(
    parseRotationConfig({
      ...example,
      secrets: {
        ...example.secrets,
        cards,
        cardsDb: { ...example.secrets.rowsDb, roles: ['cards_rows'] },
        otherDb: { ...elsewhere, identity: 'other_app' },
        far: { ...still, database: 'otherDb', columns: [{ ...cards.columns[0], id: 'far.pin' }] },
      },
    }),
  );
  const placesOf = (columns: readonly { table?: string; column?: string }[]) =>
    columns.map(({ table, column }) => ({ table, column }));
  const told = (suffix: string) =>
    JSON.parse(both.assets[`quarterturn-pharmacy-prod-${suffix}`]?.('neighbours.json') ?? '');

  test.each(['', 'rows-'])('tell each other (%s…) where their columns are, and no third', (of) => {
    expect(told(`${of}pii`)).toEqual(placesOf(cards.columns));
    expect(told(`${of}cards`)).toEqual(placesOf(pii.columns));
  });

  test('know whose ledger it is: the roles of both logins', () => {
    for (const suffix of ['rows-pii', 'rows-cards']) {
      const { Variables } =
        functionOf(both, `quarterturn-pharmacy-prod-${suffix}`)?.Environment ?? {};
      expect(Variables.ENGINES.split(',').sort()).toEqual(['cards_rows', 'pharmacy_rows']);
    }
  });

  test('in another database there is nobody beside it', () => {
    expect(told('far')).toEqual([]);
  });
});
