/** From what is known of one secret to what is wrong with it, what that means, and what may be done about it. Pure. */
import { currentFindings } from './diagnosis-current.ts';
import { type DiagnosisFacts, type DiagnosisFinding, labelled } from './diagnosis-facts.ts';
import { pendingFindings } from './diagnosis-pending.ts';
import { versionWith } from './labels.ts';

export type { DiagnosisFacts, DiagnosisFinding, Repair } from './diagnosis-facts.ts';

export interface DiagnosisOf {
  readonly findings: readonly DiagnosisFinding[];
  /** Worth knowing, nothing to do. */
  readonly notes: readonly string[];
}

/** In the order in which they are dealt with: what keeps the others from being repaired comes first. */
export function diagnosisOf(facts: DiagnosisFacts, pin: string): DiagnosisOf {
  return {
    findings: [
      ...reachFindings(facts),
      ...targetFindings(facts),
      ...pendingFindings(facts),
      ...currentFindings(facts),
      ...afterRotationFindings(facts),
    ],
    notes: notesOf(facts, pin),
  };
}

function reachFindings({ reaches }: DiagnosisFacts): DiagnosisFinding[] {
  return reaches.flatMap(({ service, problem }) =>
    problem === undefined
      ? []
      : [
          {
            code: `${service}Unreachable`,
            level: 'blocks' as const,
            message: `Its function does not get what it needs of ${service}: ${problem.message}`,
          },
        ],
  );
}

function targetFindings({ target }: DiagnosisFacts): DiagnosisFinding[] {
  if (target === undefined) return [];
  const { admin, problem, findings } = target;
  return [
    ...(problem === undefined
      ? []
      : [
          {
            code: 'adminCannotLook',
            level: 'blocks' as const,
            message: `${admin === undefined ? 'The admin of its database' : `The admin ${admin}`} does not get in, so no rotation can set a credential. ${problem.message}`,
          },
        ]),
    ...findings,
  ];
}

function afterRotationFindings({ lostAfterRotation: lost }: DiagnosisFacts): DiagnosisFinding[] {
  return lost === undefined
    ? []
    : [
        {
          code: 'afterRotationLost',
          level: 'blocks',
          message: `The AfterRotation of ${lost} is not over, and no execution works on it: its event was lost, or its execution died. The schedule starts it again within the hour.`,
          repairs: [{ kind: 'restartAfterRotation', versionId: lost }],
        },
      ];
}

function notesOf(facts: DiagnosisFacts, pin: string): string[] {
  const { current, pending } = labelled(facts);
  const notes: string[] = [];
  if (pending !== undefined && facts.pending?.stuck === false) {
    notes.push(`rotation ${pending.versionId} is under way since ${facts.pending.since}`);
  }
  if (facts.lease !== undefined) {
    notes.push(`${facts.lease.owner} has it to itself until ${facts.lease.expiresAt}`);
  }
  const stages = Object.fromEntries(
    facts.versions.map(({ versionId, labels }) => [versionId, labels]),
  );
  const pinned = versionWith(pin, stages);
  if (pinned !== undefined && pinned !== current?.versionId && pinned !== pending?.versionId) {
    notes.push(
      `version ${pinned} is pinned: the target accepted its value when its rotation was given up`,
    );
  }
  return notes;
}
