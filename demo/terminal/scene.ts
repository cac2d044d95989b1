import type { Progress } from './progress-bar.ts';

/** One part of the show, and what it may tell the audience. */
export interface Scene {
  title: string;
  play(report: Report): Promise<void>;
}

export interface Report {
  /** What is happening right now. */
  doing(text: string): void;
  /** How far it is; called as often as one likes. */
  progress(progress: Progress): void;
  /** What is different from before. */
  changed(text: string): void;
  /** A fact read back from the target, not from our own memory. */
  proof(text: string): void;
}

export interface Show {
  /** Plays the scenes in order; the first that fails ends the show and is thrown again. */
  play(scenes: readonly Scene[]): Promise<void>;
}
