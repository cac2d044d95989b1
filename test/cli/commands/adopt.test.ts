import { beforeEach, describe, expect, test } from '@jest/globals';
import type { OpenDeployment } from '../../../cli/command.ts';
import { manifestOf } from '../../../domain/config/manifest.ts';
import { defineRotation } from '../../../domain/config/rotation-config.ts';
import type { BootstrapPlanAnswer, Rehearsal } from '../../../domain/events/operator-requests.ts';
import type { SecretDescription, SecretsManagerDoor } from '../../../doors/secrets-manager.ts';
import { inMemoryDeployment } from '../in-memory-deployment.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';

const arn = (name: string) => `arn:aws:secretsmanager:eu-west-1:000000000000:secret:${name}-AbCdEf`;
const kmsKeyArn = 'arn:aws:kms:eu-west-1:000000000000:key/0b1c';
const adopt = (name: string) => ({ secretArn: arn(name), kmsKeyArn });
const functionArn = 'arn:aws:lambda:eu-west-1:000000000000:function:quarterturn-pharmacy-prod-jwt';
const version = '11111111-1111-4111-8111-111111111111';
const digest = 'a'.repeat(64);

const config = defineRotation({
  name: 'pharmacy',
  environment: 'prod',
  region: 'eu-west-1',
  secrets: {
    jwt: {
      kind: 'jwt',
      field: 'JWT_SECRET',
      bits: 512,
      encoding: 'base64',
      cadenceDays: 180,
      readers: 'keyset',
      longestToken: '30d',
      adopt: adopt('old/jwt'),
    },
    db: {
      kind: 'database',
      scheme: 'multiUser',
      host: 'db.example.com',
      dbname: 'pharmacy',
      identity: 'pharmacy_app',
      roles: ['pharmacy_app_a', 'pharmacy_app_b'],
      admin: 'dbAdmin',
      bootstrap: adopt('rds!cluster-1'),
      cadenceDays: 180,
      adopt: adopt('old/db'),
    },
    made: {
      kind: 'jwt',
      field: 'OTHER',
      bits: 256,
      encoding: 'hex',
      cadenceDays: 90,
      readers: 'keyset',
      longestToken: '1d',
    },
    dbAdmin: { kind: 'userManaged', purpose: 'the rotator' },
  },
});

let described: SecretDescription;
let rehearsal: Rehearsal;
let plan: BootstrapPlanAnswer;
let effects: string[];
let executing: () => unknown;
let deployment: OpenDeployment;

beforeEach(() => {
  described = {
    arn: arn('old/jwt'),
    name: 'old/jwt',
    rotationEnabled: false,
    kmsKeyId: kmsKeyArn,
    versionIdsToStages: { [version]: ['AWSCURRENT'] },
  };
  rehearsal = {
    secretArn: arn('old/jwt'),
    kmsKeyArn,
    functionArn,
    versionId: version,
    value: 'text',
    facts: {
      shape: 'plain',
      field: 'JWT_SECRET',
      fieldPresent: true,
      bits: 512,
      encoding: 'base64',
    },
    bytes: 120,
    nextBytes: 700,
    labels: 1,
    findings: [],
  };
  plan = {
    secret: 'old/db',
    digest,
    host: 'db.example.com',
    port: 5432,
    database: 'postgres',
    serverVersion: 180004,
    runBy: 'master',
    statements: [
      { sql: 'CREATE ROLE "pharmacy_app_a" NOLOGIN', why: 'a login role' },
      { sql: 'CREATE ROLE "pharmacy_app_b" NOLOGIN', why: 'a login role' },
    ],
    storesPassword: true,
    findings: [],
    unchecked: ['whether pg_hba.conf admits it'],
  };
  effects = [];
  executing = () => ({
    secret: 'old/db',
    outcome: 'executed',
    statements: 2,
    passwordStored: true,
    proven: { role: 'quarterturn_rotator', host: 'db.example.com', database: 'postgres' },
  });
  const base = inMemoryDeployment({
    manifest: manifestOf(config),
    answer(functionName, request) {
      const { operation } = request as { operation: string };
      if (operation === 'rehearse') return rehearsal;
      if (operation === 'planBootstrap') return plan;
      effects.push(`${functionName} ${JSON.stringify(request)}`);
      return executing();
    },
  });
  const secretsManager: Partial<SecretsManagerDoor> = {
    describe: async () => described,
    getResourcePolicy: async () => undefined,
    currentSince: async () => new Date('2026-01-01T00:00:00Z'),
    tag: async (name, tags) => void effects.push(`tag ${name} ${JSON.stringify(tags)}`),
  };
  const { putAdoption } = base.controlTable;
  deployment = {
    ...base,
    secretsManager: secretsManager as SecretsManagerDoor,
    controlTable: {
      ...base.controlTable,
      async putAdoption(name, record) {
        effects.push(`record ${name}`);
        return putAdoption(name, record);
      },
    },
  };
});

const adoptJwt = (...more: string[]) => runCommand(deployment, ['adopt', 'jwt', ...more]);
function forDatabase() {
  described = { ...described, arn: arn('old/db'), name: 'old/db' };
  rehearsal = {
    ...rehearsal,
    secretArn: arn('old/db'),
    facts: { shape: 'rds', role: 'pharmacy_app', databaseUrl: true },
  };
}

describe('adopt', () => {
  test('says where it is and as whom, rehearses, tags, records, and ends with what to configure', async () => {
    const { exitCode, said } = await adoptJwt('--yes');
    expect(exitCode).toBe(0);
    expect(said).toContain(
      'pharmacy/prod: account 000000000000, eu-west-1 at http://127.0.0.1:4566, as arn:aws:iam::000000000000:user/on-call',
    );
    expect(said).toContain('a plain key of 512 bits in base64, in the field JWT_SECRET');
    expect(said).toContain('add  armed: true  to "jwt"');
    expect(said).toContain('npm run sandbox:deploy');
    expect(effects).toEqual([
      'tag old/jwt {"quarterturn:name":"pharmacy","quarterturn:environment":"prod","quarterturn:kind":"jwt","quarterturn:cadence-days":"180"}',
      'record old/jwt',
    ]);
    expect(await deployment.controlTable.getAdoption('old/jwt')).toEqual({
      at: '2026-05-17T17:00:00.000Z',
      by: 'arn:aws:iam::000000000000:user/on-call',
      materialSince: '2026-01-01T00:00:00.000Z',
      versionId: version,
    });
  });

  test('run twice changes nothing more', async () => {
    await adoptJwt('--yes');
    effects.length = 0;
    const { exitCode, said } = await adoptJwt('--yes', '--since', '2020-01-01');
    expect(exitCode).toBe(0);
    expect(said).toContain('old/jwt was adopted before; nothing was changed.');
    expect(said).toContain('add  armed: true  to "jwt"');
    expect(effects).toEqual([]);
    expect((await deployment.controlTable.getAdoption('old/jwt'))?.materialSince).toBe(
      '2026-01-01T00:00:00.000Z',
    );
  });

  test('counts the age from the date it is told', async () => {
    await adoptJwt('--yes', '--since', '2025-11-18');
    expect((await deployment.controlTable.getAdoption('old/jwt'))?.materialSince).toBe(
      '2025-11-18T00:00:00.000Z',
    );
  });

  test.each(['2026-02-30', 'yesterday', '2026-05-18', '17.05.2026', '2026-05-17T25:00:00Z', ''])(
    'refuses --since "%s" before it looks at anything',
    async (since) => {
      const { exitCode, complained } = await adoptJwt('--yes', '--since', since);
      expect(exitCode).toBe(2);
      expect(complained).toContain('--since');
      expect(effects).toEqual([]);
    },
  );

  test('asks, and changes nothing without a yes', async () => {
    const asked = recordedTerminal({ interactive: true, answer: false });
    expect(await runCommand(deployment, ['adopt', 'jwt'], asked)).toMatchObject({ exitCode: 1 });
    expect(asked.asked).toEqual(['Tag old/jwt, and record its age?']);
    // Nobody can be asked in a pipe, or with --json.
    for (const more of [[], ['--json']]) {
      expect(await adoptJwt(...more)).toMatchObject({ exitCode: 1 });
    }
    expect(effects).toEqual([]);
    const yes = recordedTerminal({ interactive: true, answer: true });
    expect(await runCommand(deployment, ['adopt', 'jwt'], yes)).toMatchObject({ exitCode: 0 });
    expect(effects).toHaveLength(2);
  });

  test('--dry-run looks at everything and changes nothing', async () => {
    forDatabase();
    const { exitCode, said } = await runCommand(deployment, ['adopt', 'db', '--dry-run', '--yes']);
    expect(exitCode).toBe(0);
    expect(said).toContain('CREATE ROLE "pharmacy_app_a" NOLOGIN;');
    expect(said).toContain('Would be adopted; nothing was changed.');
    expect(effects).toEqual([]);
  });

  test('tells every refusal with its command, and fails before any effect', async () => {
    described = { ...described, owningService: 'rds' };
    const { kmsKeyId: _, ...keyless } = described;
    described = keyless;
    const { exitCode, said } = await adoptJwt('--yes');
    expect(exitCode).toBe(1);
    expect(said).toContain('Refused (OWNED_BY_SERVICE)');
    expect(said).toContain('Refused (NO_CUSTOMER_KEY)');
    expect(said).toContain(`  aws secretsmanager describe-secret --secret-id '${arn('old/jwt')}'`);
    expect(said).toContain('Not adopted; nothing was changed.');
    expect(effects).toEqual([]);
  });

  test.each<[string, () => void]>([
    [
      'a rehearsal that found something',
      () => {
        rehearsal.findings = [
          { code: 'ROWS_NOT_OPENED', level: 'blocks', message: '3 of 100 do not open' },
        ];
      },
    ],
    [
      'a value that is binary',
      () => {
        rehearsal.value = 'binary';
      },
    ],
    [
      'no current version',
      () => {
        const { versionId: _, ...without } = rehearsal;
        rehearsal = { ...without, value: 'missing' };
        described = { ...described, versionIdsToStages: {} };
      },
    ],
  ])('fails before any effect for %s', async (_what, change) => {
    change();
    expect(await adoptJwt('--yes')).toMatchObject({ exitCode: 1 });
    expect(effects).toEqual([]);
  });

  test('an answer of another release is refused, not guessed at', async () => {
    rehearsal = { ...rehearsal, more: 'than we know' } as never;
    const { exitCode, complained } = await adoptJwt('--yes');
    expect(exitCode).toBe(1);
    expect(complained).toContain('expected both to be of one release');
    expect(effects).toEqual([]);
  });

  test('a secret this deployment made, or that its owners change, is not adopted', async () => {
    for (const [key, words] of [
      ['made', 'was made by this deployment'],
      ['dbAdmin', 'user-managed'],
      ['nothing', 'has no secret "nothing"'],
    ] as const) {
      const { exitCode, complained } = await runCommand(deployment, ['adopt', key, '--yes']);
      expect(exitCode).toBe(1);
      expect(complained).toContain(words);
    }
    expect(effects).toEqual([]);
  });

  test('warnings are told and do not stop it', async () => {
    rehearsal.findings = [
      { code: 'VALUE_BECOMES_JSON', level: 'warns', message: 'it will be JSON' },
    ];
    const { exitCode, said } = await adoptJwt('--yes');
    expect(exitCode).toBe(0);
    expect(said).toContain('Mind (VALUE_BECOMES_JSON): it will be JSON');
  });

  test('--json is one document, without a value', async () => {
    const { exitCode, said } = await adoptJwt('--yes', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(said)).toMatchObject({
      report: 'quarterturn-adoption',
      outcome: 'adopted',
      secret: { key: 'jwt', name: 'old/jwt', armed: false },
      rehearsal: { value: 'text' },
      materialSince: '2026-01-01T00:00:00.000Z',
    });
  });
});

describe('adopting a database', () => {
  beforeEach(forDatabase);
  const adoptDb = (...more: string[]) => runCommand(deployment, ['adopt', 'db', ...more]);

  test('prints each statement below its reason, and executes exactly that plan once confirmed', async () => {
    const terminal = recordedTerminal({ interactive: true, answer: true });
    const { exitCode, said } = await runCommand(deployment, ['adopt', 'db'], terminal);
    expect(exitCode).toBe(0);
    expect(said).toContain('  -- a login role\n  CREATE ROLE "pharmacy_app_a" NOLOGIN;');
    expect(said).toContain('as master, in one transaction');
    expect(said).toContain('Not checked: whether pg_hba.conf admits it.');
    expect(terminal.asked).toEqual(['Run these 2 statements, and adopt old/db?']);
    expect(effects.map((effect) => effect.split(' ')[0])).toEqual([
      'quarterturn-pharmacy-prod-operator',
      'tag',
      'record',
    ]);
    expect(effects[0]).toContain(`"digest":"${digest}"`);
  });

  test('is not recorded when the bootstrap fails: the next run goes on from there', async () => {
    executing = () => {
      throw Object.assign(new Error('PlanChangedError: nothing was changed'), {
        code: 'ERR_ROTATION_FUNCTION_FAILED',
      });
    };
    expect(await adoptDb('--yes')).toMatchObject({ exitCode: 1 });
    expect(effects).toHaveLength(1);
    plan = { ...plan, statements: [] };
    expect(await adoptDb('--yes')).toMatchObject({ exitCode: 0 });
    expect(effects.slice(1).map((effect) => effect.split(' ')[0])).toEqual(['tag', 'record']);
  });

  test('without a `bootstrap` secret the statements are for a DBA, and nothing is changed', async () => {
    const { runBy: _, ...byHand } = plan;
    plan = { ...byHand, storesPassword: false };
    const { exitCode, said } = await adoptDb('--yes');
    expect(exitCode).toBe(1);
    expect(said).toContain('For your DBA, to run on db.example.com:5432/postgres');
    expect(said).toContain('then adopt again: it goes on from there');
    expect(effects).toEqual([]);
  });

  test('of a stack without an operator is refused: nobody could prepare it', async () => {
    const secrets = deployment.manifest.secrets.map((secret) => {
      if (secret.kind !== 'database') return secret;
      const { operator: _, ...earlier } = secret;
      return earlier;
    });
    deployment = { ...deployment, manifest: { ...deployment.manifest, secrets } };
    const { exitCode, complained } = await adoptDb('--yes');
    expect(exitCode).toBe(1);
    expect(complained).toContain('an earlier release, which has no operator');
    expect(effects).toEqual([]);
  });

  test('a finding that blocks is told with the statements, and stops it', async () => {
    plan.findings = [{ code: 'ROLE_EXPIRES', level: 'blocks', message: 'has a VALID UNTIL' }];
    const { exitCode, said } = await adoptDb('--yes');
    expect(exitCode).toBe(1);
    expect(said).toContain('Stands in the way (ROLE_EXPIRES): has a VALID UNTIL');
    expect(effects).toEqual([]);
  });
});
