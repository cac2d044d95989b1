/** What whoever follows an emergency is told, one thing after the other; the last is an `Ending`. */
import type { EmergencyStage, StageRecord } from '../../domain/events/emergency.ts';

interface At {
  /** Since the emergency began, in seconds. */
  readonly after: number;
}

export type Happening =
  | ({
      kind: 'stage';
      stage: EmergencyStage;
      state: StageRecord['state'];
      /** How long it took; absent: it is at work. */
      seconds?: number;
      reason?: string;
    } & At)
  /** What a stage found, as a sentence. */
  | ({ kind: 'fact'; stage: EmergencyStage; words: string } & At)
  | ({
      kind: 'secret';
      stage: 'protect' | 'protectOthers';
      key: string;
      state: 'preempted' | 'asked' | 'promoted' | 'proven' | 'failed' | 'person' | 'checked';
      /** How many of its stage have come so far, and how many there are. */
      count?: { readonly reached: number; readonly of: number };
      reason?: string;
      /** What a person runs. */
      command?: string;
    } & At)
  /** Nothing has been heard for a while: what is waited for. */
  | { kind: 'waiting'; words: string }
  | Ending;

export type Ending =
  /** Its record says how. */
  | { kind: 'over' }
  /** No execution is at work on it, and its record says that it runs, or says nothing. */
  | { kind: 'died' }
  | { kind: 'interrupted' };

export const isEnding = (happening: Happening): happening is Ending =>
  happening.kind === 'over' || happening.kind === 'died' || happening.kind === 'interrupted';
