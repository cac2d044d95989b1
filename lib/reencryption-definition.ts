/**
 * The machine that moves the rows of one secret to its new key, in Amazon States Language, JSONPath.
 *
 *   Begin → Preflight → [maintenance: StopConsumers → ConsumersStopped ⟲] → WaitForReaders → Open → Plan → Work
 *
 *   Work      distributed Map over the workers: each calls the function again while ranges are open
 *   Look      what the pass left → ranges open: Work
 *             rewrite → Sweep → Work
 *             sweep   → not clean: Sweep; clean: WaitForWriters → FenceWriters → WritersEnded ⟲ → Verify → Work
 *             verify  → rows remain: Sweep; none: FenceCounts → CountsEnded ⟲ → Count → Work
 *             count   → Verdict → verified: [maintenance: ActivateAfterwards] → Ended; unproven: EndedUnproven
 *   Continue  before the history is full: the same in a new execution
 *   any failure → Stop; a job that another one replaced → Replaced
 *
 * The ledger in the database says how far the job is, so one state works off every pass, and an execution that
 * is started anew goes on in the pass where the last one ended.
 *
 * Every task of the function is handed `{ task, execution, progress }` and answers the progress to come
 * (`lambdas/reencryption/tasks/progress.ts`). What is read of it here: nothingToDo, maintenance,
 * consumersStopped, waitSeconds, readerCacheSeconds, workers, width; stage, the pass under way, which Open and
 * every Look say anew; open, swept, remaining, cleared, green; what is counted over the execution (rounds,
 * polls, stalled) and over the job (sweeps that found something); of a worker done, paused, calls.
 */
import { Catch, Retry, rowsSeconds, workAlone, workers } from './reencryption-workers.ts';
import {
  caughtBy,
  functionDied,
  lambdaRetry,
  roomTask,
  type State,
  untilAnswered,
  untilConsumersMoved,
  untilHookAnswers,
  wait,
  whether,
} from './states-language.ts';

export interface ReencryptionDefinitionProps {
  /** The function of `lambdas/after-rotation`, which reaches what functions in a VPC do not. */
  readonly taskFunctionArn: string;
}

const taskSeconds = 70;
/** Longer than any execution goes on: it continues in a new one before. */
const machineSeconds = 30 * 86_400;

/**
 * An execution has 25,000 events (Step Functions guide, "Quotas"). A look at what is waited for makes some
 * ten, a round some twenty.
 */
const mostRounds = 200;
/** Of consumers that are to be stopped: hours. Of transactions that are to end: often there is none. */
const mostPolls = { consumers: 500, transactions: 100 };
const mostSweeps = 20;
/** Rounds in which no row was looked at. */
const mostStalled = 3;

/** Of what reaches beyond the network of the rows. */
const again = [lambdaRetry, functionDied, untilAnswered];

export function reencryptionDefinition({ taskFunctionArn }: ReencryptionDefinitionProps): State {
  const rows = (task: string, rest: State): State =>
    roomTask(
      { functionArn: '$.function', task, timeoutSeconds: rowsSeconds },
      { Retry, Catch, ...rest },
    );
  const outside = (task: string, rest: State): State =>
    roomTask(
      { functionArn: taskFunctionArn, task, timeoutSeconds: taskSeconds },
      { Retry: again, ...rest },
    );
  const hooked = { Retry: [...again, untilHookAnswers, untilConsumersMoved], Catch };

  return {
    Comment: 'Every row of a secret moves to its new key: rewrite, sweep, verify, count',
    StartAt: 'Begin',
    TimeoutSeconds: machineSeconds,
    States: {
      Begin: rows('begin', { Next: 'IsAnythingToDo' }),
      IsAnythingToDo: whether('nothingToDo', 'NothingToDo', 'Preflight'),

      // Before anybody stops a consumer, or waits: what blocks would block then, too.
      Preflight: rows('preflight', { Next: 'HasConsumersToStop' }),
      HasConsumersToStop: whether('maintenance', 'StopConsumers', 'WaitForReaders'),
      // By a hook, where there is one; otherwise a person says so.
      StopConsumers: outside('stopConsumers', { ...hooked, Next: 'ConsumersStopped' }),

      ConsumersStopped: rows('consumers', { Next: 'AreConsumersStopped' }),
      AreConsumersStopped: whetherOrLater(
        'consumersStopped',
        'WaitForReaders',
        'WaitForConsumers',
        mostPolls.consumers,
      ),
      WaitForConsumers: wait(30, 'ConsumersStopped'),

      // Whoever read the keyset before this key was in it cannot open what is sealed with it.
      WaitForReaders: { Type: 'Wait', SecondsPath: '$.waitSeconds', Next: 'Open' },
      Open: rows('open', { Next: 'Plan' }),
      Plan: rows('plan', { Next: 'IsCounted' }),
      // The ledger has proven it, and only the answer was lost.
      IsCounted: {
        Type: 'Choice',
        Choices: [{ Variable: '$.stage', StringEquals: 'verdict', Next: 'Verdict' }],
        Default: 'Work',
      },

      Work: workers({ failed: 'WorkAlone', next: 'Look' }),
      WorkAlone: workAlone('Look'),
      Look: rows('pass', { Next: 'WhatIsLeft' }),
      WhatIsLeft: {
        Type: 'Choice',
        Choices: [
          { ...openAnd('rounds', mostRounds), Next: 'Continue' },
          { ...openAnd('stalled', mostStalled), Next: 'NothingMoves' },
          { Variable: '$.open', NumericGreaterThan: 0, Next: 'Work' },
          { Variable: '$.stage', StringEquals: 'rewrite', Next: 'Sweep' },
          { Variable: '$.stage', StringEquals: 'sweep', Next: 'IsSwept' },
          { Variable: '$.stage', StringEquals: 'verify', Next: 'IsEveryRowOpened' },
        ],
        Default: 'Verdict',
      },

      Sweep: rows('sweep', { Next: 'Work' }),
      IsSwept: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.swept', BooleanEquals: true, Next: 'WaitForWriters' },
          { ...sweptInVain, Next: 'OldKeyInUse' },
        ],
        Default: 'Sweep',
      },
      OldKeyInUse: failed(
        'OldKeyInUseError',
        `After ${mostSweeps} sweeps rows still appear under another key: a writer seals with it and does not read the secret again. Find it (quarterturn reencrypt status names the columns), restart it, then resume.`,
      ),
      NothingMoves: failed(
        'NothingMovesError',
        `In ${mostStalled} rounds of the workers no row was looked at, and ranges are open. Look at the log of the function and at locks in the database, then resume.`,
      ),

      // As long as a writer may go on sealing with what it read, and then until what it began has ended.
      WaitForWriters: {
        Type: 'Wait',
        SecondsPath: '$.readerCacheSeconds',
        Next: 'FenceWriters',
      },
      FenceWriters: rows('fenceWriters', { Next: 'WritersEnded' }),
      WritersEnded: rows('writersEnded', { Next: 'HaveWritersEnded' }),
      HaveWritersEnded: whetherOrLater(
        'cleared',
        'Verify',
        'WaitForTransactions',
        mostPolls.transactions,
      ),
      WaitForTransactions: wait(15, 'WritersEnded'),
      Verify: rows('verify', { Next: 'Work' }),

      IsEveryRowOpened: {
        Type: 'Choice',
        Choices: [
          { Variable: '$.remaining', NumericEquals: 0, Next: 'FenceCounts' },
          { ...sweptInVain, Next: 'OldKeyInUse' },
        ],
        Default: 'Sweep',
      },
      FenceCounts: rows('fenceCounts', { Next: 'CountsEnded' }),
      CountsEnded: rows('countsEnded', { Next: 'HaveCountsEnded' }),
      HaveCountsEnded: whetherOrLater('cleared', 'Count', 'WaitForCounts', mostPolls.transactions),
      WaitForCounts: wait(15, 'CountsEnded'),
      Count: rows('count', { Next: 'Work' }),

      Verdict: rows('verdict', { Next: 'IsVerified' }),
      IsVerified: whether('green', 'IsMaintenance', 'EndedUnproven'),
      IsMaintenance: whether('maintenance', 'ActivateAfterwards', 'Ended'),
      ActivateAfterwards: outside('resumeAfterRotation', { ...hooked, Next: 'Ended' }),
      Ended: outside('reencryptionEnded', { Catch, Next: 'Finished' }),
      EndedUnproven: outside('reencryptionEnded', { Catch, Next: 'Unproven' }),
      Finished: { Type: 'Succeed' },
      NothingToDo: { Type: 'Succeed' },
      Replaced: { Type: 'Succeed' },
      Unproven: {
        Type: 'Fail',
        Error: 'ReencryptionUnproven',
        Cause:
          'Every row was looked at, and something is left that nobody vouched for: quarterturn reencrypt status says what. No key leaves the keyset before.',
      },

      Continue: continued(),
      Continued: { Type: 'Succeed' },

      Stop: outside('reencryptionStopped', { Next: 'Stopped' }),
      Stopped: {
        Type: 'Fail',
        Error: 'ReencryptionStopped',
        Cause:
          'quarterturn reencrypt status says why and how many rows are left; every one is readable. Remove the cause, then run quarterturn reencrypt resume.',
      },
    },
  };
}

/** Sweeps are counted over the job: an execution that resumes it has looked once, and sweeps once more first. */
const sweptInVain: State = {
  And: [
    { Variable: '$.sweeps', NumericGreaterThanEquals: mostSweeps },
    { Variable: '$.rounds', NumericGreaterThan: 1 },
  ],
};

/** With ranges open: a pass that is done goes on, however many rounds it took. */
const openAnd = (counter: string, most: number): State => ({
  And: [
    { Variable: '$.open', NumericGreaterThan: 0 },
    { Variable: `$.${counter}`, NumericGreaterThanEquals: most },
  ],
});

/** What Stop is told of a failure that no task has met; as Step Functions tells of a function's error. */
const failed = (name: string, errorMessage: string): State => ({
  Type: 'Pass',
  Result: { Error: name, Cause: JSON.stringify({ errorMessage }) },
  ResultPath: '$.error',
  Next: 'Stop',
});

/** Not yet: look again later, in a new execution when this one has looked often. */
function whetherOrLater(flag: string, yes: string, later: string, most: number): State {
  return {
    Type: 'Choice',
    Choices: [
      { Variable: `$.${flag}`, BooleanEquals: true, Next: yes },
      { Variable: '$.polls', NumericGreaterThanEquals: most, Next: 'Continue' },
    ],
    Default: later,
  };
}

/** By a name that this execution gives once: a call whose answer was lost starts no second one. */
function continued(): State {
  return {
    Type: 'Task',
    Resource: 'arn:aws:states:::states:startExecution',
    Parameters: {
      'StateMachineArn.$': '$$.StateMachine.Id',
      'Name.$': "States.Hash($$.Execution.Id, 'SHA-256')",
      Input: {
        'secretName.$': '$.secretName',
        'secretArn.$': '$.secretArn',
        'function.$': '$.function',
        'versionId.$': '$.versionId',
        'again.$': '$.again',
        // Shows the one as started by the other (Step Functions guide, "Start from a Task state").
        'AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$': '$$.Execution.Id',
      },
    },
    TimeoutSeconds: taskSeconds,
    Retry: [
      {
        ErrorEquals: ['StepFunctions.AWSStepFunctionsException', 'States.Timeout'],
        IntervalSeconds: 2,
        MaxAttempts: 6,
        BackoffRate: 2,
      },
    ],
    Catch: [
      {
        ErrorEquals: ['StepFunctions.ExecutionAlreadyExistsException'],
        ResultPath: '$.error',
        Next: 'Continued',
      },
      ...caughtBy('Stop'),
    ],
    Next: 'Continued',
  };
}
