/** The state of the reference model: versions, labels, rotation. Plain data, never changed in place once it was handed out. */
import { type Answer, CURRENT, PENDING, PREVIOUS } from './requests.ts';

export interface Version {
  /** Absent while it is only AWSPENDING's: "Secrets Manager creates an AWSPENDING version ID before […]" (DescribeSecret). */
  readonly value?: string;
  /** Sorted. */
  readonly labels: readonly string[];
  /** Milliseconds since the epoch. */
  readonly born: number;
}

export type Step = 'createSecret' | 'setSecret' | 'testSecret' | 'finishSecret';
export const steps: readonly Step[] = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'];

/** A rotation the service has taken on. */
export interface Run {
  readonly token: string;
  /** RotateImmediately=false: "running the testSecret step", and no other. */
  readonly test: boolean;
  readonly next: Step;
  /** Attempts that are over. */
  readonly tried: number;
  /** The function is at work. */
  readonly busy: boolean;
  /** Cancelled or abandoned: the step that is running ends, no other begins. */
  readonly over?: true;
}

export interface Secret {
  readonly exists: boolean;
  versions: Record<string, Version>;
  rotation: 'never' | 'on' | 'off';
  run?: Run;
  /** Scheduled for deletion: when the recovery window ends. */
  due?: number;
  tags: Readonly<Record<string, string>>;
  description?: string;
}

export const absent: Secret = { exists: false, versions: {}, rotation: 'never', tags: {} };

export interface Outcome {
  after: Secret;
  answer: Answer;
}
export const ok = (after: Secret, output: unknown): Outcome[] => [
  { after, answer: { ok: output } },
];
/** Nothing changes. */
export const refused = (s: Secret, error: string): Outcome[] => [{ after: s, answer: { error } }];

export const copyOf = (s: Secret): Secret => ({ ...s, versions: { ...s.versions } });

export const held = (s: Secret, label: string): string | undefined =>
  Object.keys(s.versions).find((id) => s.versions[id]?.labels.includes(label));

/** "If the AWSPENDING staging label is present but not attached to the same version as AWSCURRENT" (API_RotateSecret). */
export function pendingElsewhere(s: Secret): string | undefined {
  const pending = held(s, PENDING);
  return pending === held(s, CURRENT) ? undefined : pending;
}

/** No further step: the one that is running ends by itself. */
export function stopped({ run, ...rest }: Secret): Secret {
  return run?.busy ? { ...rest, run: { ...run, over: true } } : rest;
}

/**
 * "Each staging label can be attached to only one version at a time"; "Whenever you move AWSCURRENT, Secrets Manager
 * automatically moves the label AWSPREVIOUS to the version that AWSCURRENT was removed from" (API_UpdateSecretVersionStage).
 */
export function moved(draft: Secret, label: string, to: string | undefined): void {
  const from = held(draft, label);
  if (from === to) {
    return;
  }
  relabel(draft, from, (labels) => labels.filter((it) => it !== label));
  relabel(draft, to, (labels) => [...labels, label].sort());
  if (label === CURRENT && from !== undefined) {
    moved(draft, PREVIOUS, from);
  }
  // Without value and without label it is nothing anybody could ask for.
  for (const [id, version] of Object.entries(draft.versions)) {
    if (version.value === undefined && version.labels.length === 0) {
      delete draft.versions[id];
    }
  }
}

function relabel(
  draft: Secret,
  id: string | undefined,
  change: (labels: readonly string[]) => string[],
): void {
  const version = id === undefined ? undefined : draft.versions[id];
  if (id !== undefined && version !== undefined) {
    draft.versions[id] = { ...version, labels: change(version.labels) };
  }
}

/** 20 labels over all versions (user guide, "Quotas"). */
export const tooManyLabels = (s: Secret): boolean =>
  Object.values(s.versions).reduce((sum, { labels }) => sum + labels.length, 0) > 20;

const day = 86_400_000;

/** Deprecated, and old enough to be deleted: "it keeps all secret versions created in the last 24 hours" (PutSecretValue). */
export const droppable = ({ labels, born }: Version, now: number): boolean =>
  labels.length === 0 && now - born >= day;
