/** What whoever follows a rotation is told, one thing after the other; the last is an `Ending`. */
import type { RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { FailureNote } from '../../domain/events/control-records.ts';
import type { RolloutRecord, Round } from '../../domain/events/rollout.ts';

export const stepNames = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
export type StepName = (typeof stepNames)[number];

export type Happening =
  | { kind: 'step'; step: StepName; outcome: string; milliseconds: number }
  | { kind: 'promoted' }
  | { kind: 'afterRotation'; state: 'due' | 'running'; publishedKid?: string }
  | ConsumerNews
  /** The next consumers are dealt with after a pause. */
  | { kind: 'pause'; round: Round; consumers: readonly string[]; until: Date }
  /** The published key: its rotation has begun, or it is AWSCURRENT. */
  | { kind: 'activation'; state: 'begun' | 'promoted'; versionId: string; kid: string }
  /** Nothing has been heard for a while: what is waited for. */
  | { kind: 'waiting'; text: string }
  | Ending;

export interface ConsumerNews
  extends Pick<RolloutRecord, 'consumer' | 'round' | 'state' | 'proof' | 'reason'> {
  kind: 'consumer';
  /** Since its rollout began. */
  milliseconds: number;
  /** It was restarted in this round. */
  restarted: boolean;
}

export type Ending =
  | { kind: 'finished' }
  | { kind: 'failed'; failure: FailureNote }
  /** AWSPENDING left the version, and it is not AWSCURRENT. */
  | { kind: 'givenUp'; failure?: FailureNote }
  | { kind: 'cancelled' }
  | { kind: 'stopped'; reason?: string }
  /** The rotation that takes its material back is under way. */
  | { kind: 'rolledBack'; rollback: RollBackSeen }
  | { kind: 'stalled'; where: 'steps' | 'afterRotation' }
  | { kind: 'interrupted' };

export interface RollBackSeen {
  versionId: string;
  /** Absent: a person rolled it back. */
  consumer?: string;
  reason?: string;
}

const ongoing = [
  'step',
  'promoted',
  'afterRotation',
  'consumer',
  'pause',
  'activation',
  'waiting',
] as const satisfies readonly Happening['kind'][];

export const isEnding = (happening: Happening): happening is Ending =>
  !(ongoing as readonly string[]).includes(happening.kind);

export interface Following {
  secret: RotatedManifestSecret;
  secretArn: string;
  token: string;
  /** A failure that is known already: this rotation was in progress before. */
  known?: FailureNote | undefined;
  /** Consumers and rollbacks are told, too: takes rights that a pipeline lacks. */
  inDetail?: boolean;
  interrupted: AbortSignal;
}
