import { beforeEach, describe, expect, test } from '@jest/globals';
import { manifestOf } from '../../../domain/config/manifest.ts';
import { defineRotation } from '../../../domain/config/rotation-config.ts';
import type { ReencryptionRecord } from '../../../domain/events/control-records.ts';
import type { BootstrapPlanAnswer, RowsPlan } from '../../../domain/events/operator-requests.ts';
import {
  type QuarantinePage,
  type ReencryptionDryRun,
  type ReencryptionStatus,
  reencryptionOperations,
} from '../../../domain/events/reencryption.ts';
import { reencryptionReportSchema } from '../../../domain/reports/reencryption-report.ts';
import { statusReportSchema } from '../../../domain/reports/status-report.ts';
import { FunctionFailedError } from '../../../doors/functions.ts';
import pharmacy from '../../../rotation.config.ts';
import { type InMemoryDeployment, inMemoryDeployment } from '../in-memory-deployment.ts';
import { recordedTerminal } from '../recorded-terminal.ts';
import { runCommand } from '../run-command.ts';

const name = 'pharmacy/prod/pii';
const rows = 'quarterturn-pharmacy-prod-rows-pii';
const operator = 'quarterturn-pharmacy-prod-operator';
const version = 'a'.repeat(32);
const kid = '9f2c41aa07be63d1';
const alive =
  'arn:aws:states:eu-west-1:000000000000:execution:quarterturn-pharmacy-prod-reencryption:one';
const caller = 'arn:aws:iam::000000000000:user/on-call';

const { pii } = pharmacy.secrets;
if (pii?.kind !== 'encryption') throw new Error('the example has an encryption secret');
const configOf = (change: object = {}) =>
  defineRotation({
    ...pharmacy,
    secrets: {
      ...pharmacy.secrets,
      pii: {
        ...pii,
        reencryption: {
          login: 'rowsDb',
          backupRetention: '35d',
          stores: [{ name: 'archive', backupRetention: '90d' }],
          ...change,
        },
      },
    },
  } as never);

const counts = {
  nulls: 0,
  skipped: 0,
  rewritten: 0,
  quarantined: 0,
  gone: 0,
  opened: 0,
  remaining: 0,
};
const columns = (rewritten: number) => [
  { columnId: 'patients.name', ...counts, rewritten },
  { columnId: 'patients.ssn', ...counts, rewritten: rewritten - 10, quarantined: 2, nulls: 8 },
];
const job: NonNullable<ReencryptionStatus['job']> = {
  id: '12',
  epoch: '3',
  targetKid: kid,
  mode: 'online',
  state: 'active',
  paused: false,
  pass: 1,
  passKind: 'rewrite',
  ranges: { done: 2, total: 10 },
  rowsEstimated: 10_000,
  columns: columns(3_000),
  quarantined: { rows: 2, accepted: 0 },
  storesOpen: ['archive'],
  createdAt: '2026-05-17T16:00:00.000Z',
};
const record = (state: ReencryptionRecord['state'], more = {}): ReencryptionRecord => ({
  state,
  mode: 'online',
  targetKid: kid,
  versionId: version,
  execution: alive,
  findings: [],
  at: '2026-05-17T16:59:00.000Z',
  ...more,
});

let answers: Record<string, unknown>;
let deployment: InMemoryDeployment;
const deploy = (change: object = {}) => {
  deployment = inMemoryDeployment({
    manifest: manifestOf(configOf(change)),
    answer(functionName, request) {
      const { operation } = request as { operation: keyof typeof reencryptionOperations };
      const schema = reencryptionOperations[operation];
      if (functionName === rows) expect(schema.parse(request)).toEqual(request);
      const answer = answers[operation];
      if (answer instanceof Error) throw answer;
      return typeof answer === 'function' ? answer(request) : answer;
    },
  });
  deployment.secrets.add(name, { [version]: ['AWSCURRENT'] });
};
beforeEach(() => {
  answers = {};
  deploy();
});

const told = (state?: Partial<typeof job>, more = {}): ReencryptionStatus => ({
  secret: name,
  ...(state && { job: { ...job, ...state } }),
  at: '2026-05-17T17:00:00.000Z',
  ...more,
});
const remember = (standing: ReencryptionRecord) =>
  deployment.controlTable.updateReencryption(name, () => standing);
const run = (...argv: string[]) => runCommand(deployment, ['reencrypt', ...argv]);
const json = async (...argv: string[]) => {
  const outcome = await run(...argv, '--json');
  return { ...outcome, report: reencryptionReportSchema.parse(JSON.parse(outcome.said)) };
};
const asking = (answer: boolean) => recordedTerminal({ interactive: true, answer });
const operations = () =>
  deployment.invocations.map(({ request }) => (request as { operation: string }).operation);

describe('reencrypt status', () => {
  test('tells columns, ranges, rows a second and what is left of the pass, from two looks', async () => {
    await remember(record('active', { rowsLeft: [{ columnId: 'patients.name', rows: 9_000 }] }));
    deployment.alive.add(alive);
    let looks = 0;
    answers.reencryptionStatus = () =>
      told({ columns: columns(3_000 + 1_000 * looks++) }, { replicationLagSeconds: 0.25 });
    const { exitCode, said } = await run('status', 'pii');
    expect(exitCode).toBe(0);
    expect(deployment.slept).toEqual([2_000]);
    expect(said.split('\n').slice(1, 9)).toEqual([
      '',
      `${name}: Under way.`,
      `  key ${kid}, online, last news 2026-05-17 16:59Z`,
      '  job 12: pass 1 (rewrite), 2 of 10 ranges, 40 %, 500 rows/s, 12 s left of this pass, replication lag 0.3 s',
      '',
      'COLUMN         REWRITTEN  NOTHING TO DO   LEFT  QUARANTINED',
      'patients.name      4,000              0  9,000            0',
      'patients.ssn       3,990              8                   2',
    ]);
    expect(said).toContain('2 values are quarantined, 0 signed off.');
    expect(said).toContain('Nobody vouched yet for: archive.');
  });

  test('between two passes says what it waits for; a count shows what it counts', async () => {
    await remember(record('active'));
    deployment.alive.add(alive);
    const done = { ranges: { done: 10, total: 10 }, pass: 2, passKind: 'sweep' } as const;
    answers.reencryptionStatus = told(done);
    const { said } = await run('status', 'pii');
    expect(said).toContain('This pass is done. The next one, or the verdict, waits until');
    expect(said).toContain('Counts of pass 2 alone; the first was pass 0.');
    await remember(record('verified'));
    const counted = [{ columnId: 'patients.ssn', ...counts, skipped: 7, nulls: 2, remaining: 1 }];
    const quarantined = { rows: 2, accepted: 1 };
    answers.reencryptionStatus = told({
      ...done,
      passKind: 'count',
      columns: counted,
      quarantined,
    });
    const last = (await run('status', 'pii')).said;
    expect(last).toMatch(/UNDER THE KEY +EMPTY +LEFT\npatients\.ssn +7 +2 +1\n/);
    expect(last).toContain('under the target key, but for the values that were signed off.');
    expect(last).toContain('1 signed off; the others opened when it was verified.');
    expect(last).not.toContain('This pass is done');
  });

  test('a job toward the key of before says nothing of this one', async () => {
    const found = ['VALUES_REFUSED: 31 of 36 sampled values would be quarantined'];
    await remember(record('stopped', { targetKid: '1a77c0de55e1b002', findings: found }));
    answers.reencryptionStatus = told({ state: 'verified' });
    const { exitCode, said } = await run('status', 'pii');
    expect(exitCode).toBe(3);
    expect(said).not.toContain('job 12');
    expect(said).toContain('Next, once that is mended: npx quarterturn reencrypt resume pii');
    expect((await json('status', 'pii')).report.job).toBeUndefined();
  });

  test('--json is one document, also when nothing was ever asked for', async () => {
    answers.reencryptionStatus = told();
    const { report, exitCode, complained } = await json('status', name);
    expect(report).toMatchObject({
      command: 'status',
      outcome: 'told',
      state: 'none',
      live: false,
    });
    expect(exitCode).toBe(0);
    expect(complained).toContain('account 000000000000, eu-west-1 at http://127.0.0.1:4566');
  });

  test('of a function that does not answer, says what the control table knows', async () => {
    await remember(record('active', { rowsLeft: [{ columnId: 'patients.ssn', rows: 7 }] }));
    deployment.alive.add(alive);
    answers.reencryptionStatus = new FunctionFailedError(
      rows,
      'PostgresUnreachableError',
      'No answer.',
    );
    const { exitCode, said } = await run('status', 'pii');
    expect(exitCode).toBe(3);
    expect(said).toContain('patients.ssn: 7 values left when last counted');
    expect(said).toContain('did not answer, so this is what the control table knows');
    expect(said).toContain('No answer.');
    expect((await json('status', 'pii')).report).toMatchObject({
      state: 'active',
      problem: { code: 'ERR_ROTATION_FUNCTION_FAILED' },
    });
  });

  test.each([
    ['due, nobody at work', record('due'), told(), 3, 'resume'],
    ['active, nobody at work', record('active'), told({}), 3, 'resume'],
    ['stopped', record('stopped', { findings: ['a writer seals'] }), told({}), 3, 'resume'],
    ['unproven, rows', record('unproven'), told({ state: 'active' }), 3, 'quarantine'],
    [
      'unproven, stores',
      record('unproven'),
      told({ quarantined: { rows: 2, accepted: 2 } }),
      3,
      'attest',
    ],
    [
      'unproven, all signed',
      record('unproven'),
      told({ quarantined: { rows: 2, accepted: 2 }, storesOpen: [] }),
      3,
      'verify',
    ],
    ['verified', record('verified'), told({ state: 'verified' }), 0, undefined],
    ['closed', record('closed'), told({ state: 'closed' }), 0, undefined],
  ] as const)('%s', async (_, standing, answer, code, next) => {
    await remember(standing);
    answers.reencryptionStatus = answer;
    const { exitCode, report } = await json('status', 'pii');
    expect([exitCode, report.next?.split(' ')[3]]).toEqual([code, next]);
    expect(report.state).toBe(standing.state);
  });

  test('--follow stays until the record says that it is over, and ends with what it says', async () => {
    await remember(record('active'));
    deployment.alive.add(alive);
    const passes = [
      told({ columns: columns(1_000) }),
      told({ columns: columns(6_000) }),
      told({ pass: 2, passKind: 'verify', columns: [] }),
    ];
    answers.reencryptionStatus = () => passes.shift() ?? told({ state: 'verified' });
    deployment.meanwhile = async () => {
      if (passes.length > 0) return;
      deployment.alive.clear();
      await remember(record('verified'));
    };
    const { exitCode, said } = await run('status', 'pii', '--follow');
    expect(exitCode).toBe(0);
    expect(said).toMatch(/pass 1 rewrite +20 %\npass 1 rewrite +60 %, 5,000 rows\/s, 1 s left\n/);
    expect(said).toContain('pass 2 verify');
    expect(said).toContain('Verified: every row is under the target key.');
  });

  test('--follow gives up where nobody is at work, and stops at Ctrl-C', async () => {
    await remember(record('active'));
    answers.reencryptionStatus = told({});
    const dead = await run('status', 'pii', '--follow');
    expect([dead.exitCode, dead.complained]).toEqual([
      1,
      expect.stringContaining('Nothing is at work on it'),
    ]);
    expect(deployment.slept.reduce((sum, one) => sum + one)).toBeLessThan(130_000);
    deployment.alive.add(alive);
    const terminal = recordedTerminal();
    deployment.meanwhile = () => terminal.interrupt();
    const argv = ['reencrypt', 'status', 'pii', '--follow', '--json'];
    expect((await runCommand(deployment, argv, terminal)).exitCode).toBe(130);
    expect(JSON.parse(terminal.said.join('\n'))).toMatchObject({ outcome: 'interrupted' });
  });
});

describe('reencrypt refuses', () => {
  test.each([
    [['status', 'nobody'], 1, 'has no secret "nobody"'],
    [['status', 'jwt'], 1, 'ERR_ROTATION_NOT_REENCRYPTED|is of kind jwt'],
    [['quarantine', 'pii', '--accept', 'KEY_UNKNOWN'], 2, 'expected both'],
    [
      ['quarantine', 'pii', '--accept', 'lower', '--column', 'patients.ssn'],
      2,
      'expected a reason',
    ],
    [['quarantine', 'pii', '--accept', 'X', '--column', 'nothing'], 2, 'no declared column'],
    [['quarantine', 'pii', '--limit', '0'], 2, '1 to 10000'],
    [['attest', 'pii', '--store', 'tape', '--evidence', 'SEC-1'], 2, 'expected one of archive'],
    [['attest', 'pii', '--store', 'archive', '--evidence', ' '], 2, 'expected 1 to 256'],
    [['attest', 'pii', '--store', 'archive'], 2, '--evidence'],
    [['consumers', 'pii', '--stopped', '--started'], 2, 'expected one of them'],
    [['consumers', 'pii', '--stopped'], 1, 'expected mode maintenance'],
  ] as const)('%j', async (argv, code, message) => {
    const { exitCode, complained } = await run(...argv);
    expect([exitCode, complained]).toEqual([code, expect.stringMatching(message)]);
    expect(deployment.invocations).toEqual([]);
  });

  test('a secret whose rows nobody rewrites, and an answer of another release', async () => {
    const { reencryption: _, ...without } = pii;
    const config = defineRotation({
      ...pharmacy,
      secrets: { ...pharmacy.secrets, pii: without },
    } as never);
    const plain = inMemoryDeployment({ config });
    const { exitCode, complained } = await runCommand(plain, ['reencrypt', 'status', 'pii']);
    expect([exitCode, complained]).toEqual([1, expect.stringContaining('no `reencryption`')]);
    answers.reencryptionStatus = { secret: name, rows: 3 };
    expect(await run('status', 'pii')).toMatchObject({
      exitCode: 1,
      complained: expect.stringContaining('expected both to be of one release'),
    });
  });
});

describe('reencrypt dry-run', () => {
  const dryRun: ReencryptionDryRun = {
    secret: name,
    targetKid: kid,
    findings: [],
    leaves: [{ leaf: '"public"."patients"', walk: 'key', rowsEstimated: 12_345.6, ranges: 3 }],
    rowsLeft: [
      { columnId: 'patients.ssn', leaf: '"public"."patients"', kid: '1a77c0de55e1b002', rows: 40 },
      { columnId: 'patients.ssn', leaf: '"public"."patients"', rows: 2 },
    ],
  };

  test('shows ranges and values by key, and changes nothing', async () => {
    answers.reencryptionDryRun = dryRun;
    const { exitCode, said } = await run('dry-run', 'pii');
    expect(exitCode).toBe(0);
    expect(said).toMatch(/"public"\."patients" +key +12,346 +3/);
    expect(said).toMatch(/1a77c0de55e1b002 +40/);
    expect(said).toMatch(/\(names none\) +2/);
    expect(said).toContain(
      '42 values would be rewritten, or quarantined where no key opens them. Nothing was changed.',
    );
    expect(operations()).toEqual(['reencryptionDryRun']);
  });

  test('ends with 3 when something stands in the way', async () => {
    const message = 'public.notes.text holds ciphertext and is not declared; declare it';
    const findings = [{ code: 'UNDECLARED', level: 'blocks', message }];
    answers.reencryptionDryRun = { ...dryRun, findings, leaves: [], rowsLeft: [] };
    const { exitCode, said } = await run('dry-run', 'pii');
    expect([exitCode, said]).toEqual([3, expect.stringContaining(`(UNDECLARED): ${message}`)]);
    expect((await json('dry-run', 'pii')).report.dryRun?.findings).toEqual(findings);
  });
});

describe('reencrypt prepare', () => {
  const plan: RowsPlan = {
    secret: name,
    role: 'pharmacy_rows',
    digest: 'd'.repeat(64),
    host: 'db.internal',
    port: 5432,
    database: 'pharmacy',
    runBy: 'master',
    statements: [{ sql: 'create schema\n  quarterturn', why: 'the ledger' }],
    findings: [],
    unchecked: [],
  };
  const login = 'pharmacy/prod/rowsDb';
  const bootstrap: BootstrapPlanAnswer = {
    secret: login,
    digest: 'b'.repeat(64),
    host: 'db.internal',
    port: 5432,
    database: 'postgres',
    runBy: 'master',
    statements: [],
    storesPassword: false,
    findings: [],
    unchecked: [],
  };
  const made = [{ sql: 'CREATE ROLE "pharmacy_rows" NOLOGIN', why: 'a login role' }];
  beforeEach(() => {
    answers.planBootstrap = bootstrap;
    answers.executeBootstrap = {
      secret: login,
      outcome: 'executed',
      statements: 1,
      passwordStored: false,
      proven: { role: 'rotator', host: 'db.internal', database: 'postgres' },
    };
    answers.planRows = plan;
    answers.executeRows = { secret: name, outcome: 'executed', statements: 1 };
  });

  test('shows the plan, asks, and has the operator run exactly that', async () => {
    const terminal = asking(true);
    const { exitCode, said } = await runCommand(
      deployment,
      ['reencrypt', 'prepare', 'pii'],
      terminal,
    );
    expect(said).toContain('  -- the ledger\n  create schema\n    quarterturn;');
    expect(said).toContain('as master, in one transaction (plan dddddddddddd)');
    expect(terminal.asked).toEqual(['Run these 1 statements?']);
    expect(deployment.invocations).toEqual([
      { functionName: operator, request: { operation: 'planBootstrap', secret: login } },
      { functionName: operator, request: { operation: 'planRows', secret: name } },
      {
        functionName: operator,
        request: { operation: 'executeRows', secret: name, digest: plan.digest },
      },
    ]);
    expect([exitCode, said]).toEqual([0, expect.stringContaining('Executed 1 statements')]);
  });

  test.each([
    ['not confirmed', [], {}, 1, 'notConfirmed'],
    ['--dry-run', ['--dry-run'], {}, 0, 'told'],
    ['nothing missing', ['--yes'], { statements: [] }, 0, 'nothingToDo'],
    ['for a person', ['--yes'], { runBy: undefined }, 1, 'needsPerson'],
    [
      'something stands in the way',
      ['--yes'],
      { findings: [{ code: 'ROLE_MISSING', level: 'blocks', message: 'no role' }] },
      1,
      'refused',
    ],
  ] as const)('%s: nothing is executed', async (_, argv, change, code, outcome) => {
    answers.planRows = { ...plan, ...change };
    const { exitCode, report } = await json('prepare', 'pii', ...argv);
    expect([exitCode, report.outcome]).toEqual([code, outcome]);
    expect(operations()).toEqual(['planBootstrap', 'planRows']);
  });

  test('makes the role first where it is missing, by the plan that was shown', async () => {
    answers.planBootstrap = { ...bootstrap, statements: made };
    const terminal = asking(true);
    const { exitCode, said } = await runCommand(
      deployment,
      ['reencrypt', 'prepare', 'pii'],
      terminal,
    );
    expect([exitCode, terminal.asked.length]).toEqual([0, 2]);
    expect(said).toContain('CREATE ROLE "pharmacy_rows" NOLOGIN;');
    expect(operations()).toEqual(['planBootstrap', 'executeBootstrap', 'planRows', 'executeRows']);
    expect(deployment.invocations[1]?.request).toMatchObject({ digest: bootstrap.digest });
  });

  test.each([
    ['not confirmed', [], {}, 1, 'notConfirmed'],
    ['--dry-run', ['--dry-run'], {}, 0, 'told'],
    ['for a person', ['--yes'], { runBy: undefined }, 1, 'needsPerson'],
    [
      'something stands in the way',
      ['--yes'],
      { findings: [{ code: 'ADMIN_CANNOT_LOG_IN', level: 'blocks', message: 'no login' }] },
      1,
      'refused',
    ],
  ] as const)('of the role, %s: nothing is executed', async (_, argv, change, code, outcome) => {
    answers.planBootstrap = { ...bootstrap, statements: made, ...change };
    const { exitCode, report } = await json('prepare', 'pii', ...argv);
    expect([exitCode, report.outcome]).toEqual([code, outcome]);
    expect(operations()).toEqual(['planBootstrap']);
  });

  test('for a person it is a transaction to paste', async () => {
    answers.planRows = { ...plan, runBy: undefined };
    const { said } = await run('prepare', 'pii');
    expect(said).toMatch(/For your DBA.*\n\n {2}begin;\n.*\n[\s\S]* {2}commit;\n/);
  });
});

describe('reencrypt pause, resume, verify', () => {
  const started = (kind: string, again = {}) => ({
    stateMachineArn:
      'arn:aws:states:eu-west-1:000000000000:stateMachine:quarterturn-pharmacy-prod-reencryption',
    name: `${version}-${kind}-00000001`,
    input: {
      secretName: name,
      secretArn: expect.stringContaining(name),
      function: rows,
      versionId: version,
      ...again,
    },
  });
  beforeEach(() => {
    answers.pauseReencryption = { secret: name, jobId: '12', paused: true };
    answers.resumeReencryption = { secret: name, jobId: '12', paused: false };
    answers.reencryptionStatus = told({});
  });

  test('pause shows where before it changes anything, and starts nothing', async () => {
    const { exitCode, said } = await run('pause', 'pii');
    expect(said.split('\n')[0]).toContain(
      `account 000000000000, eu-west-1 at http://127.0.0.1:4566, as ${caller}`,
    );
    expect([exitCode, said]).toEqual([0, expect.stringContaining('Job 12 is paused')]);
    expect([operations(), deployment.started]).toEqual([['pauseReencryption'], []]);
    answers.pauseReencryption = { secret: name, paused: false };
    expect((await json('pause', 'pii')).report.outcome).toBe('nothingToDo');
  });

  test('resume starts an execution only where none is alive', async () => {
    await remember(record('active'));
    deployment.alive.add(alive);
    expect((await json('resume', 'pii')).report).toMatchObject({ outcome: 'started' });
    expect(deployment.started).toEqual([]);
    deployment.alive.clear();
    const { report, exitCode } = await json('resume', 'pii');
    expect(deployment.started).toEqual([started('resume')]);
    expect(report.execution).toBe(
      `arn:aws:states:eu-west-1:000000000000:execution:quarterturn-pharmacy-prod-reencryption:${version}-resume-00000001`,
    );
    expect(exitCode).toBe(0);
  });

  test('resume of a job nobody opened yet starts one, of none nothing', async () => {
    answers.resumeReencryption = { secret: name, paused: false };
    expect((await json('resume', 'pii')).report.outcome).toBe('nothingToDo');
    expect(deployment.started).toEqual([]);
    await remember(record('due'));
    expect((await json('resume', 'pii')).report.outcome).toBe('started');
    expect(deployment.started).toHaveLength(1);
  });

  test('verify --follow waits for the execution it started, not for the record of before', async () => {
    await remember(record('verified'));
    answers.reencryptionStatus = told({ state: 'verified' });
    let looks = 0;
    deployment.meanwhile = async () => {
      looks += 1;
      // Seen late, at work for a while, then done.
      const [first] = deployment.started;
      if (looks === 1) deployment.alive.add(first?.name ?? '');
      if (looks === 20) await remember(record('unproven', { findings: ['2 values'] }));
    };
    const { isRunning } = deployment.stepFunctions;
    Object.assign(deployment.stepFunctions, {
      isRunning: async (arn: string) => (arn === alive ? isRunning(arn) : looks > 0 && looks < 20),
    });
    const { exitCode, report } = await json('verify', 'pii', '--follow');
    expect(deployment.started).toEqual([started('verify', { again: true })]);
    expect([exitCode, report.state, looks]).toEqual([3, 'unproven', 20]);
  });

  test('verify starts nothing beside an execution that is at work', async () => {
    await remember(record('active'));
    deployment.alive.add(alive);
    expect((await json('verify', 'pii')).report.outcome).toBe('nothingToDo');
    expect(deployment.started).toEqual([]);
  });
});

describe('reencrypt quarantine, attest, consumers', () => {
  const row = (id: number, more = {}): QuarantinePage['rows'][number] => ({
    leaf: '"public"."patients"',
    columnId: 'patients.ssn',
    rowKey: [String(id)],
    reason: 'KEY_UNKNOWN',
    ...more,
  });

  test('pages the rows, and ends with 3 while one is not signed off', async () => {
    const all = Array.from({ length: 501 }, (_, id) => row(id, id > 0 ? { acceptedBy: 'x' } : {}));
    answers.quarantinedRows = ({
      after,
      limit,
    }: {
      after?: { rowKey: string[] };
      limit: number;
    }) => {
      const from = after === undefined ? 0 : Number(after.rowKey[0]) + 1;
      return { secret: name, jobId: '12', rows: all.slice(from, from + limit) };
    };
    const { exitCode, report } = await json('quarantine', 'pii', '--limit', '1000');
    expect([exitCode, report.quarantined?.length, operations().length]).toEqual([3, 501, 2]);
    const { said } = await run('quarantine', 'pii', '--limit', '3');
    expect(said).toContain('3 or more quarantined, 1 of these not signed off.');
    expect(said).toMatch(/patients\.ssn +KEY_UNKNOWN +0 +"public"\."patients"/);
    // By column and reason, as it is signed off.
    expect(said).toContain(
      'quarantine pii --accept KEY_UNKNOWN --column patients.ssn --deployment',
    );
    all.shift();
    expect((await run('quarantine', 'pii')).exitCode).toBe(3 - 3);
  });

  test('what opened when the job was verified waits for nobody', async () => {
    await remember(record('verified'));
    answers.quarantinedRows = { secret: name, rows: [row(1), row(2, { acceptedBy: 'x' })] };
    const { exitCode, said } = await run('quarantine', 'pii');
    expect(exitCode).toBe(0);
    expect(said).toContain('2 quarantined; the 1 not signed off opened when it was verified.');
    expect(said).not.toContain('--accept');
  });

  test('a sign-off that met nothing sends to the list', async () => {
    answers.acceptQuarantined = { secret: name, jobId: '12', accepted: 0 };
    const argv = ['--accept', 'REFUSED', '--column', 'patients.ssn', '--yes'];
    const { said } = await run('quarantine', 'pii', ...argv);
    expect(said).toContain('None of patients.ssn with reason REFUSED was waiting for it.');
    expect(said).toContain('Next: npx quarterturn reencrypt quarantine pii --deployment');
    expect((await json('quarantine', 'pii', ...argv)).report.outcome).toBe('nothingToDo');
  });

  test('a row key of the application steers no terminal', async () => {
    answers.quarantinedRows = { secret: name, rows: [row(1, { rowKey: ['a\u001b[2Jb\nc'] })] };
    expect((await run('quarantine', 'pii')).said).toContain('a\\u001b[2Jb\\u000ac');
  });

  test('signs off one reason of one column, confirmed, as who asks', async () => {
    answers.acceptQuarantined = { secret: name, jobId: '12', accepted: 4 };
    const argv = [
      'reencrypt',
      'quarantine',
      'pii',
      '--accept',
      'KEY_UNKNOWN',
      '--column',
      'patients.ssn',
    ];
    expect((await runCommand(deployment, argv, asking(false))).exitCode).toBe(1);
    expect(deployment.invocations).toEqual([]);
    const { exitCode, said } = await runCommand(deployment, argv, asking(true));
    expect([exitCode, said]).toEqual([0, expect.stringContaining('4 values signed off.')]);
    expect(deployment.invocations[0]?.request).toEqual({
      operation: 'acceptQuarantined',
      secret: name,
      columnId: 'patients.ssn',
      reason: 'KEY_UNKNOWN',
      by: caller,
    });
  });

  test('records who vouches for a store, and where it can be looked up', async () => {
    answers.attestStore = { secret: name, store: 'archive', kid };
    const argv = ['attest', 'pii', '--store', 'archive', '--evidence', 'SEC-1'];
    expect((await json(...argv)).report.outcome).toBe('notConfirmed');
    const { report } = await json(...argv, '--yes');
    expect(report).toMatchObject({ outcome: 'changed', attested: { store: 'archive', kid } });
    expect(deployment.invocations.map(({ request }) => request)).toEqual([
      { operation: 'attestStore', secret: name, store: 'archive', evidence: 'SEC-1', by: caller },
    ]);
  });

  test('maintenance mode: says that consumers are stopped, and takes it back', async () => {
    deploy({ mode: 'maintenance' });
    expect((await run('consumers', 'pii')).said).toContain('they count as running');
    expect((await run('consumers', 'pii', '--stopped')).exitCode).toBe(1);
    expect(await deployment.controlTable.getConsumers(name)).toBeUndefined();
    const argv = ['reencrypt', 'consumers', 'pii', '--stopped'];
    expect((await runCommand(deployment, argv, asking(true))).exitCode).toBe(0);
    expect(await deployment.controlTable.getConsumers(name)).toEqual({
      stopped: true,
      by: caller,
      at: '2026-05-17T17:00:00.000Z',
    });
    // The clock of the test stands at 17:00.
    for (const [dueSince, state, expected] of [
      ['2026-05-17T17:00:00.000Z', 'due', /said [^ ]+, [^.]+\.\s*$/],
      ['2026-05-17T17:00:01.000Z', 'due', /does not count: say it again/],
      ['2026-05-17T16:00:00.000Z', 'verified', /No maintenance waits for it/],
    ] as const) {
      await deployment.controlTable.updateReencryption(name, () => ({
        state,
        mode: 'maintenance',
        targetKid: kid,
        versionId: version,
        findings: [],
        at: '2026-05-17T17:00:00.000Z',
        dueSince,
      }));
      expect((await run('consumers', 'pii')).said).toMatch(expected);
    }
    const { report } = await json('consumers', 'pii', '--started', '--yes');
    expect(report.consumers?.stopped).toBe(false);
    expect((await run('consumers', 'pii')).said).toContain('Consumers are running, said');
  });
});

describe('status', () => {
  test('tells of an encryption secret where its rows are, from the record alone', async () => {
    for (const { kind, name: other } of deployment.manifest.secrets) {
      if (kind !== 'userManaged') deployment.secrets.add(other, { [version]: ['AWSCURRENT'] });
    }
    const rowsLeft = [
      { columnId: 'patients.name', rows: 5 },
      { columnId: 'patients.ssn', rows: 2 },
    ];
    await remember(record('active', { rowsLeft }));
    const { said } = await runCommand(deployment, ['status']);
    expect(said).toContain(
      `  pii: rows move to key ${kid}: active, 7 values left, 2026-05-17 16:59Z`,
    );
    await remember(record('verified', { rowsLeft: [] }));
    const { said: text } = await runCommand(deployment, ['status', 'pii', '--json']);
    const [secret] = statusReportSchema.parse(JSON.parse(text)).secrets;
    expect(secret?.rows).toEqual({
      state: 'verified',
      targetKid: kid,
      at: record('due').at,
      left: 0,
    });
    expect(deployment.invocations).toEqual([]);
  });
});
