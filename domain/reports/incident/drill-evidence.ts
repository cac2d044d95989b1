/** What a drill notes of what it looked at (`lambdas/emergency/drill`), as sentences. `ok: false` is a finding. */
import type { Evidence } from '../../events/control-records.ts';

type Detail = NonNullable<Evidence['detail']>;

/** Why, or in which state, where the machine noted it. */
export const but = ({ detail }: Detail): string =>
  detail === undefined || detail === '' ? '' : `: ${detail}`;

const unless = (it: Detail, well: string, ill: string): string => (it.ok === false ? ill : well);

/** Fact → sentence. */
export const drillFacts: Readonly<Record<string, (detail: Detail) => string>> = {
  adminAnswers: (it) =>
    `the database ${unless(it, 'accepts', 'does NOT accept')} ${it.role ?? 'the admin'}, who would close the leaked role${but(it)}`,
  consumerAsked: (it) => `${it.consumer} ${unless(it, 'is well', 'is NOT well')}${but(it)}`,
  consumerLooked: (it) =>
    `${it.consumer} ${unless(it, 'can be reached on its platform', 'could NOT be looked at on its platform')}${but(it)}`,
  consumerNotAsked: (it) => `${it.consumer} was not asked${but(it)}`,
  currentAccepted: (it) =>
    `the value in use ${unless(it, 'is accepted', 'is NOT accepted')}${it.at === undefined ? '' : ` at ${it.at}`}${but(it)}`,
  currentMissing: () => 'no version is in use',
  currentNotTried: (it) =>
    unless(
      it,
      'it has no value yet, so there is none to try',
      `the value in use was NOT tried at its target (${it.value})`,
    ),
  functionFailed: (it) => `the secret’s own function did NOT answer${but(it)}`,
  functionMissing: (it) => `function ${it.function} is NOT there`,
  rightMissing: (it) =>
    `${it.role} may NOT ${it.action} on ${it.resource} (IAM’s simulation: ${it.decision})`,
  rightsHeld: (it) =>
    `${it.role} holds ${it.rights === 1 ? 'the one right' : `${it.rights} rights`} that an emergency uses of it, by IAM’s simulation`,
  rightsNotKnown: (it) => `what ${it.role ?? it.function} may do could NOT be simulated${but(it)}`,
  secretNotDescribed: (it) => `${it.name} could NOT be described${but(it)}`,
  serviceAnswers: (it) =>
    `${it.service} ${unless(it, 'answers', 'does NOT answer')} the secret’s own function${but(it)}`,
  targetFinding: (it) => `${it.code ?? 'a finding'}${but(it)}`,
};
