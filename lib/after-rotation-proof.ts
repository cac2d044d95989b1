/**
 * The states of AfterRotation that prove, in an emergency, what became of the old value, before anything that may fail
 * or take long:
 *
 *   [two roles: Retire] → [consumers behind RDS Proxy: ProveProxy ⟲] → [database: ProveOldFirst] → RecordProof → …
 *
 * How dead it is decides what people do next. So a role that could not be closed, or a proxy that does not let
 * AWSCURRENT in, does not keep it from being looked at: that is told when the proof is on record. Of a rotation that is
 * no emergency only ProveProxy is here, and a failure of it stops.
 */
import { caughtBy, lambdaRetry, type State, whether, whetherGiven } from './states-language.ts';

export interface ProofStates {
  /** A task of AfterRotation, with Catch. */
  readonly guarded: (name: string, next: string) => State;
  /** An operation of the secret's own function. */
  readonly operation: (payload: State, rest: State) => State;
  /** Where what follows a proof leads. */
  readonly proven: string;
  /** Where everybody else goes on. */
  readonly otherwise: string;
}

/** A role is closed only when its last session has ended. */
const retireSeconds = 900;
/** A rotation function ends within 120 s. */
const proveSeconds = 130;

/** RDS Proxy reads the secret again on its own time; ten minutes of refusals are a finding, not a delay. */
const UntilProxyIsReady = {
  ErrorEquals: ['ProxyNotReadyError', 'PostgresUnreachableError'],
  IntervalSeconds: 15,
  MaxAttempts: 40,
  BackoffRate: 1,
};

export const answeringEvidence = (ResultPath: string): State => ({
  ResultSelector: { 'evidence.$': '$.Payload.evidence' },
  ResultPath,
  TimeoutSeconds: proveSeconds,
});

export const proveOld: State = {
  operation: 'proveOld',
  'currentVersionId.$': '$.versionId',
  'oldVersionId.$': '$.basedOn',
  'intent.$': '$.intent',
};

export function proofStates(props: ProofStates): Record<string, State> {
  const { guarded, operation, proven, otherwise } = props;
  return {
    HasRoleToRetire: whether('retire', 'Retire', 'IsBehindProxy'),
    Retire: operation(
      {
        operation: 'retireRole',
        'leakedVersionId.$': '$.basedOn',
        'currentVersionId.$': '$.versionId',
      },
      {
        // All of it: whatever another release of that function answers is evidence and no condition.
        ResultSelector: { 'answer.$': '$.Payload' },
        ResultPath: '$.retired',
        TimeoutSeconds: retireSeconds,
        Catch: caughtBy('WasToBeProven'),
        Next: 'IsBehindProxy',
      },
    ),

    // The task function of the release before leaves it out, and what is asked further on.
    IsBehindProxy: whetherGiven('behindProxy', 'ProveProxy', 'IsToBeProven'),
    ProveProxy: operation(
      { operation: 'proveProxy', 'currentVersionId.$': '$.versionId' },
      {
        ...answeringEvidence('$.proxy'),
        Retry: [lambdaRetry, UntilProxyIsReady],
        Catch: caughtBy('WasToBeProven'),
        Next: 'IsToBeProven',
      },
    ),

    IsToBeProven: whetherGiven('proveFirst', 'HasOldToProve', otherwise),
    // With the error beside the input.
    WasToBeProven: whetherGiven('proveFirst', 'HasOldToProve', 'Stop'),
    HasOldToProve: whetherGiven('proveOld', 'ProveOldFirst', 'RecordProof'),
    ProveOldFirst: operation(proveOld, {
      ...answeringEvidence('$.old'),
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.unproven', Next: 'NotProven' }],
      Next: 'RecordProof',
    }),
    // Consumers may hold a value that nothing accepts any more: they are not kept waiting.
    NotProven: {
      Type: 'Pass',
      Parameters: {
        evidence: [
          { fact: 'oldCredentialNotProvenDead', detail: { 'reason.$': '$.unproven.Error' } },
        ],
      },
      ResultPath: '$.old',
      Next: 'RecordProof',
    },
    RecordProof: guarded('recordProof', 'HasItFailed'),
    HasItFailed: {
      Type: 'Choice',
      Choices: [{ Variable: '$.error', IsPresent: true, Next: 'Stop' }],
      Default: proven,
    },
  };
}
