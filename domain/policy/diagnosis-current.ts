/** Does AWSCURRENT work, for whoever reads it now? */
import {
  type DiagnosisFacts,
  type DiagnosisFinding,
  direct,
  isAccepted,
  isWrongCredential,
  labelled,
  type VersionFacts,
  wordsFor,
} from './diagnosis-facts.ts';

export function currentFindings(facts: DiagnosisFacts): DiagnosisFinding[] {
  const { current } = labelled(facts);
  if (facts.versions.length === 0) return [];
  if (current === undefined) {
    return [blocks('currentMissing', 'No version carries AWSCURRENT, so nobody can read it.')];
  }
  const { versionId, value, problem } = current;
  if (value === 'none') {
    return [blocks('currentWithoutValue', `AWSCURRENT (${versionId}) has no value.`)];
  }
  if (value === 'unreadable' || value === 'unparsable') {
    const why = problem === undefined ? '' : ` ${problem.message}`;
    const what = value === 'unreadable' ? 'cannot be read by its function' : 'does not parse';
    return [blocks('currentUnreadable', `AWSCURRENT (${versionId}) ${what}.${why}`)];
  }
  return [
    ...compromisedFinding(current),
    ...loginFindings(facts, current),
    ...pathFindings(current),
  ];
}

const blocks = (code: string, message: string): DiagnosisFinding => ({
  code,
  level: 'blocks',
  message,
});

function compromisedFinding({ versionId, compromised }: VersionFacts): DiagnosisFinding[] {
  return compromised
    ? [
        blocks(
          'currentCompromised',
          `AWSCURRENT (${versionId}) holds material that is recorded as compromised; nothing here sets it again. Rotate away from it as an emergency.`,
        ),
      ]
    : [];
}

function loginFindings(facts: DiagnosisFacts, current: VersionFacts): DiagnosisFinding[] {
  const attempt = direct(current);
  if (attempt === undefined || attempt.answer === 'accepted') return [];
  const { pending, previous } = labelled(facts);
  const { problem, at } = attempt;
  const why = problem === undefined ? '' : ` ${problem.message}`;
  if (attempt.answer === 'failed') {
    return [blocks('currentNotTested', `Whether ${at} accepts AWSCURRENT is not known.${why}`)];
  }
  if (!isWrongCredential(current)) {
    return [blocks('currentTestFailed', `${at} does not take AWSCURRENT as it should.${why}`)];
  }
  // A rotation in between: told, and finished, as such.
  if (isAccepted(pending) && facts.pending?.stuck === true) return [];
  // Into a role that is not there nothing can be set: the role comes first.
  const roleMissing = facts.target?.findings.some(({ code }) => code === 'ROLE_MISSING') === true;
  const restorable =
    facts.kind === 'database' &&
    current.compromised !== true &&
    facts.lease === undefined &&
    !roleMissing;
  const moved = isAccepted(previous);
  const sure = previous?.attempts !== undefined;
  return [
    {
      code: moved ? 'labelMovedAlone' : 'currentRefused',
      level: 'blocks',
      message: `${at} refuses AWSCURRENT (${problem?.sqlstate ?? problem?.code}), AWSPREVIOUS is ${wordsFor(previous)}: ${
        moved
          ? 'the label was moved, and the target was not; a label alone rolls nothing back.'
          : sure
            ? 'as after a restore, a clone or a promotion of the database, or a password that somebody changed.'
            : 'somebody changed the password, or the database was restored.'
      }${restorable ? ' AWSCURRENT can be set into the database through its admin.' : ''}`,
      ...(restorable && { repairs: [{ kind: 'restoreLogin' as const }] }),
    },
  ];
}

/** The server accepts it, and what stands in front of the server does not. */
function pathFindings({ attempts = [] }: VersionFacts): DiagnosisFinding[] {
  return attempts
    .filter(({ pooled, answer }) => pooled === true && answer !== 'accepted')
    .map(({ at, problem }) =>
      blocks(
        'pathRefused',
        `Consumers that connect through ${at} do not get in with AWSCURRENT.${problem ? ` ${problem.message}` : ''}`,
      ),
    );
}
