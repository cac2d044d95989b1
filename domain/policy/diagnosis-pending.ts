/**
 * A rotation that does not get on: the step and why, whether its version has a value, and which of the two
 * credentials the target accepts. By that it is resumed, or given up; nothing the target may accept is dropped.
 */
import {
  type DiagnosisFacts,
  type DiagnosisFinding,
  isAccepted,
  isWrongCredential,
  labelled,
  type PendingFacts,
  type Repair,
  type VersionFacts,
  valueWords,
  wordsFor,
} from './diagnosis-facts.ts';

export function pendingFindings(facts: DiagnosisFacts): DiagnosisFinding[] {
  const { current, pending, withPending } = labelled(facts);
  if (withPending !== undefined && withPending === current) {
    return [
      {
        code: 'pendingOnCurrent',
        level: 'warns',
        message: `AWSPENDING is left on AWSCURRENT (${current.versionId}): the rotation is over, and the label belongs to nobody. It stops no rotation; some tools take it for one in progress.`,
        repairs: [{ kind: 'clearPending', versionId: current.versionId }],
      },
    ];
  }
  if (pending === undefined || facts.pending === undefined || !facts.pending.stuck) return [];
  return [finding(facts, facts.pending, pending, current)];
}

function finding(
  facts: DiagnosisFacts,
  record: PendingFacts,
  pending: VersionFacts,
  current: VersionFacts | undefined,
): DiagnosisFinding {
  const { versionId } = pending;
  const seen = `Rotation ${versionId} (${record.intent}) is stuck at ${stuckAt(record)} since ${record.since}${because(record)} Its version ${valueWords(pending)}, ${wordsFor(pending)}; AWSCURRENT is ${wordsFor(current)}.`;
  const says = (code: string, more: string, repairs: readonly Repair[] = []): DiagnosisFinding => ({
    code,
    level: 'blocks',
    message: `${seen} ${more}`,
    ...(repairs.length > 0 && { repairs }),
  });
  const resume: Repair = { kind: 'resume', versionId };
  const abandon: Repair = { kind: 'abandon', versionId };

  if (record.intent === 'emergency') {
    return says('emergencyStuck', 'It is an emergency: whoever declared it goes on with it.');
  }
  if (pending.compromised) {
    return says('pendingCompromised', 'Its material is compromised: declare an emergency.');
  }
  if (facts.lease !== undefined && facts.lease.token !== versionId) {
    const { owner, expiresAt } = facts.lease;
    return says('rotationStuck', `${owner} has the secret to itself until ${expiresAt}: wait.`);
  }
  if (pending.value === 'unreadable') {
    const problem = pending.problem?.message ?? 'its function cannot read it';
    return says('rotationStuck', `First make its value readable: ${problem}`);
  }
  const promoted = isAccepted(pending) && isWrongCredential(current);
  const impossible = whyNotResumable(facts, record, pending, current);
  if (impossible !== undefined) {
    return says(
      'rotationStuck',
      `It cannot be resumed, because ${impossible}. Given up, its value is pinned where the target accepts it${
        promoted ? '; then AWSCURRENT is set into the database again' : ''
      }.`,
      [abandon],
    );
  }
  return promoted
    ? says(
        'promotedInTarget',
        'The target has taken the new credential, and AWSCURRENT still names the old one: new logins fail until the rotation is finished.',
        [resume],
      )
    : says('rotationStuck', 'Remove the reason, then resume it; or give it up.', [resume, abandon]);
}

const order = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

function stuckAt({ failure, steps }: PendingFacts): string {
  return failure?.step ?? order.find((step) => !steps.includes(step)) ?? 'finishSecret';
}

function because({ failure, recorded }: PendingFacts): string {
  if (failure !== undefined) return ` with ${failure.code}: ${stop(failure.message)}`;
  return recorded
    ? ': no failure is recorded, so its function was cut off, or could not be called.'
    : ': no step of it is recorded, so its function could not be called, or its value was staged by hand.';
}

const stop = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function whyNotResumable(
  { rotationEnabled }: DiagnosisFacts,
  { recorded, basedOn }: PendingFacts,
  pending: VersionFacts,
  current: VersionFacts | undefined,
): string | undefined {
  if (!rotationEnabled) return 'rotation is switched off (CancelRotateSecret leaves AWSPENDING)';
  if (pending.value === 'unparsable') return 'its value is none of this kind';
  if (!recorded && pending.value === 'text') return 'no createSecret stored its value';
  if (recorded && basedOn !== (current?.versionId ?? null)) {
    return `it replaces ${basedOn ?? 'no version'}, and AWSCURRENT is ${current?.versionId ?? 'absent'}`;
  }
  return undefined;
}
