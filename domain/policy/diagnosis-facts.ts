/** What a diagnosis is made of: one secret's labels and records, and what its own function found. */
import { currentVersion, previousVersion, rotationInProgress, versionWith } from './labels.ts';

export interface ProblemFacts {
  readonly code: string;
  readonly message: string;
  readonly sqlstate?: string | undefined;
}

export interface AttemptFacts {
  readonly at: string;
  readonly answer: 'accepted' | 'refused' | 'failed';
  readonly pooled?: true | undefined;
  readonly problem?: ProblemFacts | undefined;
}

export interface VersionFacts {
  readonly versionId: string;
  readonly labels: readonly string[];
  readonly value: 'text' | 'none' | 'marker' | 'unreadable' | 'unparsable';
  readonly problem?: ProblemFacts | undefined;
  readonly compromised?: boolean | undefined;
  readonly attempts?: readonly AttemptFacts[] | undefined;
}

/** What the control table has of the rotation AWSPENDING stands for. */
export interface PendingFacts {
  readonly intent: 'planned' | 'activate' | 'rollback' | 'emergency';
  /** createSecret of ours fixed it; otherwise nobody called it, or the value was staged by hand. */
  readonly recorded: boolean;
  /** The version it replaces, where it is recorded. */
  readonly basedOn?: string | null | undefined;
  readonly since: string;
  readonly stuck: boolean;
  /** Steps that succeeded. */
  readonly steps: readonly string[];
  readonly failure?:
    | {
        readonly step: string;
        readonly code: string;
        readonly message: string;
        readonly at: string;
      }
    | undefined;
}

export interface DiagnosisFacts {
  readonly kind: 'jwt' | 'encryption' | 'database' | 'userManaged';
  readonly rotationEnabled: boolean;
  readonly reaches: readonly {
    readonly service: string;
    readonly problem?: ProblemFacts | undefined;
  }[];
  readonly versions: readonly VersionFacts[];
  /** Absent where AWSPENDING is on no version, or on AWSCURRENT. */
  readonly pending?: PendingFacts | undefined;
  /** One that stands. */
  readonly lease?:
    | { readonly token: string; readonly owner: string; readonly expiresAt: string }
    | undefined;
  /** The version whose AfterRotation nobody works on, although it is not over. */
  readonly lostAfterRotation?: string | undefined;
  readonly target?:
    | {
        readonly admin?: string | undefined;
        readonly problem?: ProblemFacts | undefined;
        readonly findings: readonly {
          readonly code: string;
          readonly level: 'blocks' | 'warns';
          readonly message: string;
        }[];
      }
    | undefined;
}

/** What `doctor --repair` does about a finding; the first is to be preferred. */
export type Repair =
  | { readonly kind: 'resume' | 'abandon' | 'clearPending'; readonly versionId: string }
  | { readonly kind: 'restartAfterRotation'; readonly versionId: string }
  | { readonly kind: 'restoreLogin' };

export interface DiagnosisFinding {
  readonly code: string;
  /** warns: a person should know, and nothing is broken. */
  readonly level: 'blocks' | 'warns';
  readonly message: string;
  readonly repairs?: readonly Repair[];
}

/** The versions a diagnosis is about. */
export function labelled({ versions }: Pick<DiagnosisFacts, 'versions'>) {
  const stages = Object.fromEntries(versions.map(({ versionId, labels }) => [versionId, labels]));
  const byId = (id: string | undefined) => versions.find(({ versionId }) => versionId === id);
  return {
    current: byId(currentVersion(stages)),
    previous: byId(previousVersion(stages)),
    /** On another version than AWSCURRENT. */
    pending: byId(rotationInProgress(stages)),
    /** AWSPENDING, wherever it is. */
    withPending: byId(versionWith('AWSPENDING', stages)),
  };
}

/** What the target itself says, whatever a pooler in front of it does. */
export const direct = (version: VersionFacts | undefined): AttemptFacts | undefined =>
  version?.attempts?.find(({ pooled }) => pooled === undefined);

export const isAccepted = (version: VersionFacts | undefined): boolean =>
  direct(version)?.answer === 'accepted';

/** The credential is wrong, in the target's own words; NOLOGIN and settings that differ are other matters. */
export const isWrongCredential = (version: VersionFacts | undefined): boolean => {
  const { answer, problem } = direct(version) ?? {};
  return answer === 'refused' && problem?.code === 'ERR_ROTATION_LOGIN_REFUSED';
};

/** "accepted by db:5432/app", "refused by … (28P01)". */
export function wordsFor(version: VersionFacts | undefined): string {
  const attempts = version?.attempts ?? [];
  if (attempts.length === 0) return 'tried nowhere';
  return attempts
    .map(({ at, answer, problem }) => {
      const why = problem === undefined ? '' : ` (${problem.sqlstate ?? problem.code})`;
      return answer === 'failed' ? `not tested at ${at}${why}` : `${answer} by ${at}${why}`;
    })
    .join(', ');
}

const ofValue: Record<VersionFacts['value'], string> = {
  text: 'has a value',
  none: 'has no value',
  marker: 'holds the marker of a new secret',
  unreadable: 'has a value that its function cannot read',
  unparsable: 'has a value that is none of this kind',
};
export const valueWords = ({ value }: VersionFacts): string => ofValue[value];
