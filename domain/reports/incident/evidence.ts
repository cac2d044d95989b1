/** Evidence of an emergency as sentences that name the place and the reason. */
import type { Evidence } from '../../events/control-records.ts';
import type { IncidentEvidence } from '../../events/incident-report.ts';
import { isReservation, knownFacts, toldEvidence } from '../deployment/evidence-words.ts';
import { stageFacts, stageReservations } from './stage-evidence.ts';

type Detail = NonNullable<Evidence['detail']>;

/** Why nothing shows that an old credential is refused (`lambdas/database/prove-old.ts`). */
const reasons: Readonly<Record<string, string>> = {
  accepted: 'it was accepted',
  sessionsLeft: 'sessions of it are still open',
  newRefused: 'the new one was refused there, too',
  noValue: 'its version holds no value that could be tried',
};

export function notProvenReason(reason: Detail[string] | undefined): string {
  const text = String(reason ?? 'no reason was noted');
  const ofNew = /^new: (.*)$/s.exec(text)?.[1];
  if (ofNew !== undefined) return `the new one could not be tried there (${ofNew})`;
  return reasons[text] ?? `it could not be tried (${text})`;
}

/** `db.internal:5432`. */
export function placeOf({ host, port, oldVersionId }: Detail): string {
  if (host === undefined) {
    return oldVersionId === undefined ? 'a place not noted' : `version ${oldVersionId}`;
  }
  return port === undefined ? String(host) : `${host}:${port}`;
}

/** Facts that an incident tells in more words than an inventory does. */
const own: Record<string, (detail: Detail) => string> = {
  ...stageFacts,
  oldCredentialRefused: (it) =>
    `the old credential of ${it.role ?? 'the role'} was refused at ${placeOf(it)}, where the new one was accepted${
      it.control === undefined || it.control === it.role ? '' : ` (as ${it.control})`
    }`,
  oldCredentialNotProvenDead: (it) =>
    `the old credential of ${it.role ?? 'the role'} was not proven dead at ${placeOf(it)}: ${notProvenReason(it.reason)}`,
  sessionsOfOldCredential: (it) =>
    `${it.open ?? 'an unknown number of'} sessions of ${it.role ?? 'the role'} were open when they were counted${
      it.alsoOfNew === true ? '; sessions of the new password are among them' : ''
    }`,
};

/** What does not come so far in a drill, or is only half there, says so itself. */
const isAmiss = ({ detail }: Evidence): boolean => detail?.ok === false;

export const toldOfIncident = (evidence: readonly Evidence[]): IncidentEvidence[] =>
  evidence.map((one) => ({
    fact: one.fact,
    ...(one.detail && { detail: one.detail }),
    words: sentenceOf(one),
    reserved: isReservation(one) || stageReservations.has(one.fact) || isAmiss(one),
  }));

function sentenceOf(evidence: Evidence): string {
  const { fact, detail = {} } = evidence;
  const told = own[fact]?.(detail) ?? toldEvidence([evidence])[0]?.words ?? fact;
  if (own[fact] !== undefined || knownFacts.has(fact)) return told;
  const details = Object.entries(detail)
    .filter(([name]) => name !== 'ok')
    .map(([name, value]) => `${name} ${value}`);
  const amiss = isAmiss(evidence) ? 'NOT as it should be: ' : '';
  return `${amiss}${told}${details.length === 0 ? '' : ` (${details.join(', ')})`}`;
}
