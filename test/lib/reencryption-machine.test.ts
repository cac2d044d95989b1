/** The machine that moves rows: what its template says, and the way it goes, run on the sandbox's Step Functions. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { reencryptionDefinition } from '../../lib/reencryption-definition.ts';
import { Bench } from '../sandbox/step-functions/machine.ts';
import { documentedRetry } from './documented-retries.ts';
import { everything } from './everything.ts';
import { synthesize } from './synthesized.ts';

interface State {
  Type: string;
  Next?: string;
  Default?: string;
  Choices?: { Next: string }[];
  Catch?: { ErrorEquals: string[]; Next: string; ResultPath: string }[];
  Retry?: { ErrorEquals: string[] }[];
  TimeoutSeconds?: number;
  ItemProcessor?: { States: Record<string, State> };
}

const stack = synthesize(everything);
const lambdaErrors = documentedRetry.ErrorEquals;

function statesOf(id: RegExp): Record<string, State> {
  const { DefinitionString } = stack.one('AWS::StepFunctions::StateMachine', id).Properties;
  const parts: unknown[] = DefinitionString['Fn::Join'][1];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'x')).join('')).States;
}

/** Of Tasks that start an execution. */
const ownErrors: Readonly<Record<string, readonly string[]>> = {
  Continue: ['StepFunctions.AWSStepFunctionsException', 'States.Timeout'],
  RollOut: [
    'StepFunctions.ExecutionLimitExceededException',
    'StepFunctions.SdkClientException',
    'StepFunctions.AWSStepFunctionsException',
  ],
};

describe.each([
  ['AfterRotation', /^AfterRotation/],
  ['Reencryption', /^Reencryption/],
])('the machine %s', (_name, id) => {
  const inner = (states: Record<string, State>): [string, State][] =>
    Object.entries(states).flatMap(([name, state]) => [
      [name, state],
      ...inner(state.ItemProcessor?.States ?? {}),
    ]);
  const all = inner(statesOf(id));
  const tasks = all.filter(([, { Type }]) => Type === 'Task');

  test('bounds every Task, and tries it again', () => {
    expect(tasks.length).toBeGreaterThan(8);
    for (const [name, task] of tasks) {
      expect([name, task.TimeoutSeconds]).toEqual([name, expect.any(Number)]);
      const [first] = task.Retry ?? [];
      expect([name, first?.ErrorEquals]).toEqual([name, ownErrors[name] ?? lambdaErrors]);
    }
  });

  test('names only states that exist, and reaches each of them', () => {
    const states = statesOf(id);
    const targets = Object.values(states).flatMap(({ Next, Default, Choices = [], Catch = [] }) => [
      ...[Next, Default].filter((target) => target !== undefined),
      ...[...Choices, ...Catch].map((rule) => rule.Next),
    ]);
    expect(new Set(['Begin', ...targets])).toEqual(new Set(Object.keys(states)));
  });

  test('leads every failure of a Task but Stop to Stop', () => {
    for (const [name, { Type, Catch }] of Object.entries(statesOf(id))) {
      // In an emergency the old value is looked at first (after-rotation-machine.test.ts).
      if (Type === 'Task' && !/^(Stop|Retire|ProveProxy|ProveOldFirst)$/.test(name)) {
        expect([name, Catch?.at(-1)]).toEqual([
          name,
          { ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Stop' },
        ]);
      }
    }
  });
});

test('a worker that ran out of time is called again', () => {
  const worker = statesOf(/^Reencryption/).Work?.ItemProcessor?.States.CallWorker;
  expect(worker?.Retry?.flatMap(({ ErrorEquals }) => ErrorEquals)).toEqual([
    ...lambdaErrors,
    'Lambda.Unknown',
    'Sandbox.Timedout',
    'States.Timeout',
    'DatabaseUnavailableError',
  ]);
});

test('its role invokes its two functions, starts its own executions, and follows them', () => {
  const own = stack.statements(/^ReencryptionPolicy/).map(({ Sid, Action }) => [Sid, Action]);
  expect(own.slice(0, 4)).toEqual([
    ['InvokeTasks', 'lambda:InvokeFunction'],
    ['StartOwnExecutions', 'states:StartExecution'],
    ['FollowOwnExecutions', ['states:DescribeExecution', 'states:StopExecution']],
    ['RedriveWorkers', 'states:RedriveExecution'],
  ]);
  const text = JSON.stringify(stack.statements(/^ReencryptionPolicy/).slice(0, 4));
  expect(text).toContain(':function:quarterturn-pharmacy-prod-rows-pii');
  expect(text).toContain(':execution:quarterturn-pharmacy-prod-reencryption/Work:*');
  expect(text).not.toContain(':function:quarterturn-pharmacy-prod-pii"');
});

type Progress = Record<string, unknown> & { stage: string; polls: number; rounds: number };
type Answer = Partial<Progress>;

/** The function as a script: what each task answers, in the order it is asked; the last answer stays. */
class Rows {
  readonly bench = new Bench();
  readonly tasks: string[] = [];
  readonly told: Record<string, unknown>[] = [];
  readonly #function: string;
  readonly #outside: string;

  constructor(script: Record<string, (Answer | Error)[]>) {
    const said = new Map<string, number>();
    const answer = (payload: unknown) => {
      const { task, progress } = payload as { task: string; progress: Progress };
      this.tasks.push(task);
      const nth = said.get(task) ?? 0;
      said.set(task, nth + 1);
      const answers = script[task] ?? [{}];
      const next = answers[Math.min(nth, answers.length - 1)];
      if (next instanceof Error) {
        throw next;
      }
      const counted = {
        ...(task === 'pass' && { rounds: progress.rounds + 1 }),
        ...(/Ended$|^consumers$/.test(task) && { polls: (progress.polls ?? 0) + 1 }),
        ...(task === 'work' && { calls: (progress.calls as number) + 1, done: true }),
      };
      return { ...progress, ...counted, ...next };
    };
    this.#function = this.bench.lambda.on('rows', answer);
    this.#outside = this.bench.lambda.on('outside', (payload) => {
      const { task, progress } = payload as { task: string; progress: Record<string, unknown> };
      this.tasks.push(task);
      this.told.push(progress);
      return progress;
    });
  }

  async run() {
    const definition = reencryptionDefinition({ taskFunctionArn: this.#outside });
    return this.bench.result(
      definition.States as Record<string, object>,
      {
        secretName: 'pii',
        secretArn: 'arn:aws:secretsmanager:eu-west-1:000000000000:secret:pii-AbCdEf',
        function: this.#function,
        versionId: 'v2',
        again: false,
      },
      { TimeoutSeconds: definition.TimeoutSeconds },
    );
  }
}

const begun = {
  nothingToDo: false,
  maintenance: false,
  consumersStopped: false,
  waitSeconds: 120,
  readerCacheSeconds: 300,
  workers: [0, 1, 2],
  width: 2,
  polls: 0,
  rounds: 0,
};
const opened = {
  jobId: '1',
  stage: 'rewrite',
  open: 0,
  swept: false,
  sweeps: 0,
  remaining: 0,
  stalled: 0,
  cleared: false,
  calls: 0,
  green: false,
};
const done = (stage: string, more: Answer = {}): Answer => ({ stage, open: 0, ...more });
const passes = [
  done('rewrite'),
  done('sweep', { swept: true }),
  done('verify', { remaining: 0 }),
  done('count'),
];
const green = {
  begin: [begun],
  open: [opened],
  pass: passes,
  writersEnded: [{ cleared: true }],
  countsEnded: [{ cleared: true }],
  verdict: [{ green: true }],
};
const named = (name: string, message = 'why') => Object.assign(new Error(message), { name });
const workless = (tasks: readonly string[]) => tasks.filter((task) => task !== 'work');

describe('the way it goes', () => {
  let rows: Rows;
  beforeEach(() => {
    rows = new Rows(green);
  });

  test('rewrites, sweeps, waits for writers, verifies, waits for transactions, counts, ends', async () => {
    expect(await rows.run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(workless(rows.tasks)).toEqual([
      ...[
        'begin',
        'preflight',
        'open',
        'plan',
        'pass',
        'sweep',
        'pass',
        'fenceWriters',
        'writersEnded',
      ],
      ...['verify', 'pass', 'fenceCounts', 'countsEnded', 'count', 'pass', 'verdict'],
      'reencryptionEnded',
    ]);
    expect(rows.tasks.filter((task) => task === 'work')).toHaveLength(4 * 3);
    // The readers' cache, then the writers'.
    expect((rows.bench.clock.now().getTime() - Date.parse('2026-05-17T17:00:00Z')) / 1000).toBe(
      420,
    );
  });

  test('goes on in the pass where the execution before it ended', async () => {
    rows = new Rows({ ...green, open: [{ ...opened, stage: 'verify' }], pass: passes.slice(2) });
    expect(await rows.run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(workless(rows.tasks).slice(0, 6)).toEqual([
      'begin',
      'preflight',
      'open',
      'plan',
      'pass',
      'fenceCounts',
    ]);
  });

  test('says again what the ledger has proven, without a worker', async () => {
    rows = new Rows({ ...green, open: [{ ...opened, stage: 'verdict' }] });
    await rows.run();
    expect(rows.tasks).toEqual([
      'begin',
      'preflight',
      'open',
      'plan',
      'verdict',
      'reencryptionEnded',
    ]);
  });

  test('sends the workers again while ranges are open', async () => {
    rows = new Rows({ ...green, pass: [{ stage: 'rewrite', open: 7 }, ...passes] });
    await rows.run();
    expect(rows.tasks.filter((task) => task === 'work')).toHaveLength(5 * 3);
  });

  test('sweeps again what verification finds under another key', async () => {
    const found = done('verify', { remaining: 3 });
    const [rewritten, swept, verified, counted] = passes as [Answer, Answer, Answer, Answer];
    rows = new Rows({ ...green, pass: [rewritten, swept, found, swept, verified, counted] });
    expect(await rows.run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(rows.tasks.filter((task) => task === 'sweep')).toHaveLength(2);
    expect(rows.tasks.filter((task) => task === 'fenceWriters')).toHaveLength(2);
  });

  test('waits while a worker is paused, and calls it again', async () => {
    const paused = { done: false, paused: true };
    rows = new Rows({
      ...green,
      begin: [{ ...begun, workers: [0], width: 1 }],
      work: [paused, {}],
    });
    expect(await rows.run()).toMatchObject({ status: 'SUCCEEDED' });
    expect((rows.bench.clock.now().getTime() - Date.parse('2026-05-17T17:00:00Z')) / 1000).toBe(
      450,
    );
  });

  test('has nothing to do', async () => {
    rows = new Rows({ begin: [{ ...begun, nothingToDo: true }] });
    expect(await rows.run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(rows.tasks).toEqual(['begin']);
  });

  test('in maintenance waits until consumers are stopped, and has the key activated afterwards', async () => {
    rows = new Rows({
      ...green,
      begin: [{ ...begun, maintenance: true, waitSeconds: 0, readerCacheSeconds: 0 }],
      consumers: [{ consumersStopped: false }, { consumersStopped: true }],
    });
    expect(await rows.run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(rows.tasks.slice(0, 6)).toEqual([
      'begin',
      'preflight',
      'stopConsumers',
      'consumers',
      'consumers',
      'open',
    ]);
    expect(rows.tasks.slice(-3)).toEqual(['verdict', 'resumeAfterRotation', 'reencryptionEnded']);
  });
});

describe('what goes wrong', () => {
  test('without proof it fails, after the audit event', async () => {
    const rows = new Rows({ ...green, verdict: [{ green: false }] });
    expect(await rows.run()).toMatchObject({ status: 'FAILED', error: 'ReencryptionUnproven' });
    expect(rows.tasks.at(-1)).toBe('reencryptionEnded');
  });

  test('a failing task is told to Stop with its error', async () => {
    const rows = new Rows({ ...green, plan: [named('RowsLoginError', 'no login')] });
    expect(await rows.run()).toMatchObject({ status: 'FAILED', error: 'ReencryptionStopped' });
    expect(rows.tasks.at(-1)).toBe('reencryptionStopped');
    expect(rows.told[0]).toMatchObject({
      secretName: 'pii',
      versionId: 'v2',
      error: { Error: 'RowsLoginError', Cause: expect.stringContaining('no login') },
    });
  });

  test('a job that another one replaced stops nothing', async () => {
    const rows = new Rows({ ...green, pass: [named('JobFencedError')] });
    expect(await rows.run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(rows.tasks).not.toContain('reencryptionStopped');
  });

  test('one worker that fails is made up for by the others', async () => {
    const rows = new Rows({ ...green, work: [named('SelfCheckError'), {}] });
    expect(await rows.run()).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('when all of them fail, one more says why', async () => {
    const rows = new Rows({ ...green, work: [named('TooManyQuarantinedError', '101 values')] });
    expect(await rows.run()).toMatchObject({ status: 'FAILED', error: 'ReencryptionStopped' });
    expect(rows.tasks.filter((task) => task === 'work')).toHaveLength(3 + 1);
    expect(rows.told[0]).toMatchObject({
      error: { Error: 'TooManyQuarantinedError', Cause: expect.stringContaining('101 values') },
    });
  });

  test('when all of them fail and one more works, the job goes on', async () => {
    const error = named('PostgresError');
    const rows = new Rows({ ...green, work: [error, error, error, {}] });
    expect(await rows.run()).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('a database that is away for a minute is waited for', async () => {
    const away = named('DatabaseUnavailableError');
    const rows = new Rows({ ...green, open: [away, away, opened] });
    expect(await rows.run()).toMatchObject({ status: 'SUCCEEDED' });
  });

  test('a writer that does not read the secret again is found out after twenty sweeps', async () => {
    const rows = new Rows({ ...green, pass: [done('sweep', { swept: false, sweeps: 20 })] });
    expect(await rows.run()).toMatchObject({ status: 'FAILED' });
    expect(rows.told[0]).toMatchObject({ error: { Error: 'OldKeyInUseError' } });
  });

  test('once the writer is found, the job that was stopped for it is swept once more', async () => {
    const [, swept, verified, counted] = passes as [Answer, Answer, Answer, Answer];
    const before = done('sweep', { swept: false, sweeps: 20 });
    const rows = new Rows({
      ...green,
      open: [{ ...opened, stage: 'sweep' }],
      pass: [before, { ...swept, sweeps: 20 }, verified, counted],
    });
    expect(await rows.run()).toMatchObject({ status: 'SUCCEEDED' });
    expect(rows.tasks.filter((task) => task === 'sweep')).toHaveLength(1);
  });

  test('rounds in which no row is looked at end in a stop', async () => {
    const rows = new Rows({ ...green, pass: [{ open: 2, stalled: 3 }] });
    expect(await rows.run()).toMatchObject({ status: 'FAILED' });
    expect(rows.told[0]).toMatchObject({ error: { Error: 'NothingMovesError' } });
  });

  test.each([
    ['a pass of many rounds', { pass: [{ open: 2, rounds: 200 }] }],
    ['a transaction that does not end', { writersEnded: [{ cleared: false, polls: 100 }] }],
  ])('%s is continued in a new execution of the same input', async (_title, script) => {
    const rows = new Rows({ ...green, ...script, begin: [begun, { ...begun, nothingToDo: true }] });
    const { executionArn, status } = await rows.run();
    expect(status).toBe('SUCCEEDED');
    expect(rows.tasks.filter((task) => task === 'begin')).toHaveLength(2);
    const { executions } = await rows.bench.run('ListExecutions', {
      stateMachineArn: executionArn.replace(':execution:', ':stateMachine:').replace(/:[^:]+$/, ''),
    });
    const other = (executions as unknown as { executionArn: string }[]).find(
      (one) => one.executionArn !== executionArn,
    );
    const { input } = await rows.bench.run('DescribeExecution', {
      executionArn: other?.executionArn,
    });
    expect(JSON.parse(String(input))).toMatchObject({
      secretName: 'pii',
      versionId: 'v2',
      again: false,
      AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID: executionArn,
    });
  });
});
