/** The workers of the re-encryption, as states: a distributed Map, and what is retried and caught around the function. */
import {
  caughtBy,
  functionDied,
  lambdaRetry,
  roomTask,
  type State,
  wait,
} from './states-language.ts';

/** Of the Map: part of the ARNs of its children. */
export const workLabel = 'Work';

/** The function ends within 15 minutes; who waits for it, a little later. */
export const rowsSeconds = 930;

/** A child's execution has 25,000 events (Step Functions guide, "Quotas"); a call makes some ten. */
const mostCalls = 500;

/** A database that fails over is away for a minute or two, a large one for more; a login may just be rotated. */
const UntilDatabaseAnswers = {
  ErrorEquals: ['DatabaseUnavailableError'],
  IntervalSeconds: 15,
  MaxAttempts: 12,
  BackoffRate: 1.5,
  MaxDelaySeconds: 120,
};
/** What a function that was killed had done is in the ledger. */
export const Retry = [lambdaRetry, functionDied, UntilDatabaseAnswers];

/** An emergency, a rollback or a later rotation closed the job: the rows are another execution's. */
export const Catch = [
  { ErrorEquals: ['JobFencedError'], ResultPath: '$.error', Next: 'Replaced' },
  ...caughtBy('Stop'),
];

const work = roomTask(
  { functionArn: '$.function', task: 'work', timeoutSeconds: rowsSeconds },
  { Retry },
);

/** Every worker failed. One more, whose error is this execution's and not that of one of sixty-four children. */
export const workAlone = (Next: string): State => ({
  ...work,
  // It answers for one worker; the job's progress goes on as it was.
  ResultPath: null,
  OutputPath: '$',
  Catch,
  Next,
});

/**
 * Over workers, not over ranges: ranges are claimed in the database, in the transaction of the rows, so a
 * worker that dies loses none and one that is slow keeps no other waiting. A few that fail are tolerated, the
 * others take their ranges; 99 % of at most 64 is all but all.
 */
export function workers({ failed, next }: { failed: string; next: string }): State {
  return {
    Type: 'Map',
    Label: workLabel,
    ItemsPath: '$.workers',
    ItemSelector: { 'progress.$': '$' },
    MaxConcurrencyPath: '$.width',
    ToleratedFailurePercentage: 99,
    ItemProcessor: {
      ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
      StartAt: 'TakeProgress',
      States: {
        TakeProgress: { Type: 'Pass', InputPath: '$.progress', Next: 'CallWorker' },
        CallWorker: { ...work, Next: 'IsDone' },
        IsDone: {
          Type: 'Choice',
          Choices: [
            { Variable: '$.done', BooleanEquals: true, Next: 'Done' },
            { Variable: '$.calls', NumericGreaterThanEquals: mostCalls, Next: 'Done' },
            { Variable: '$.paused', BooleanEquals: true, Next: 'WaitWhilePaused' },
          ],
          Default: 'CallWorker',
        },
        WaitWhilePaused: wait(30, 'CallWorker'),
        Done: { Type: 'Succeed' },
      },
    },
    ResultPath: null,
    Catch: [
      {
        ErrorEquals: ['States.ExceedToleratedFailureThreshold'],
        ResultPath: '$.workersFailed',
        Next: failed,
      },
      ...Catch,
    ],
    Next: next,
  };
}
