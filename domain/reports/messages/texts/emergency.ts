/**
 * What is told of an emergency. Until what leaked is dead only security reads that something did: the texts for
 * on-call speak of it under `{{if dead}}` alone, those for support and product never.
 */
import type { TemplateName } from '../../../events/message-template.ts';

const ended = `Emergency: {{emergency}}
Exposed: {{exposed}}
Also changed: {{others}}
Reason: {{reason}}
Begun by: {{requestedBy}}
{{if unattended}}Nobody decided it: an event began it.
From {{startedAt}} to {{endedAt}}: {{minutes}} minutes
Dead: {{deadAt}}, after {{deadMinutes}} minutes
Stages that failed: {{failedStages}}
Not changed: {{failed}}
Only their owners can change: {{person}}
{{if signsOut}}Every session has ended.
{{if encryption}}An old encryption key seals nothing more, and opens what it sealed until the rows have moved.`;

const readers = `Principals nobody declared that read them: {{unknownReaders}}
{{if noUnknownReaders}}No read by a principal nobody declared is in what was looked at; the report says what that was, and what it cannot see.
{{if readersUnknown}}Who read them is not known: the report says why.`;

const report = `What happened, who read them, and what is left to be done, with boxes: {{report}}`;

export const emergency = {
  'emergency-begun.security': `{{mark}} {{application}} {{environment}}: an EMERGENCY has begun

{{unless drill}}What is exposed is replaced since {{startedAt}}, and its old values are given up.
{{if drill}}This is a DRILL: everything is looked at, and nothing is changed.

Emergency: {{emergency}}
Exposed: {{exposed}}
Changed after them: {{others}}
Reason: {{reason}}
Begun by: {{requestedBy}}
{{if unattended}}Nobody decided it: an event began it. No consumer is stopped; whether more has to be done is yours to say.
{{if signsOut}}Every session ends with it.

{{unless drill}}Nobody but security is told until the old credentials are dead: the other channels may be read by whoever holds them.
Follow it:
    npx quarterturn status
`,
  'emergency-closed.security': `{{application}} {{environment}}: the emergency is over

Every stage is done, and the exposed credentials are dead.

${ended}

${readers}
${report}
    npx quarterturn status
`,
  'emergency-closed.on-call': `{{application}} {{environment}}: the emergency is over

Every stage is done, and the exposed credentials are dead.

${ended}

${report}
    npx quarterturn status
`,
  'emergency-closed.support': `{{application}} {{environment}}: urgent security work is done

Keys and passwords with which {{application}} ({{environment}}) works were replaced at once, from {{startedAt}} to {{endedAt}}. It is done.
{{if signsOut}}Everybody is signed out and has to sign in again, with the password they have.
Users may have seen errors, or that nothing answered, in that time. No data is lost.
If somebody reports trouble after {{endedAt}}, tell on-call. Questions about the reason go to security.
`,
  'emergency-closed.product': `{{application}} {{environment}}: urgent security work is done

Keys and passwords with which {{application}} ({{environment}}) works were replaced at once. It is done.
{{if signsOut}}Every user has to sign in again, once.
Users may have seen errors, or that nothing answered, for up to {{minutes}} minutes.
Security decides what is said about the reason, and to whom.
`,
  'emergency-incomplete.security': `{{application}} {{environment}}: the EMERGENCY is NOT over

{{if dead}}The exposed credentials are dead, and something else could not be done.
{{unless dead}}One exposed credential at least is not proven dead: it may still be accepted.
{{if readAgain}}Principals nobody declared that read the NEW values: {{unknownReadersOfNew}}. Cut them off, and begin again.

${ended}

${readers}
${report}

{{unless dead}}Act now, and take on-call in by phone: nobody else is told why. Support and product are told nothing.
{{if dead}}Support and product are told nothing until it is over.
{{if goesOn}}Remove the cause, then let it go on where it stopped:
{{if goesOn}}    npx quarterturn emergency --resume {{emergency}}
{{unless goesOn}}Every stage is done; what is left is for people: the report says for whom, and what to do.
`,
  'emergency-incomplete.on-call': `{{application}} {{environment}}: a change of secrets is not finished

Keys and passwords of {{application}} ({{environment}}) were to be replaced at once, and not all of it could be done. Look at the consumers first: some may not run.

{{if dead}}It is emergency {{emergency}}, and the exposed credentials are dead.
{{if dead}}Stages that failed: {{failedStages}}
Changed: {{changed}}
Not changed: {{failed}}
{{if signsOut}}Everybody is signed out.
    npx quarterturn status

Security knows what it is about: call them, and write of it in no channel.
`,
  'emergency-reopened.security': `{{application}} {{environment}}: the NEW values were read by somebody nobody declared

Every stage of the emergency is done, and the old credentials are dead. But principals nobody declared have read the new ones: {{unknownReadersOfNew}}. What took the old values has taken these, too, or somebody reads them who should be declared.

${ended}

${report}

Cut off who the report names first, then begin again. Nobody else was told that it is over.
    npx quarterturn status
`,
  'emergency-drilled.security': `DRILL {{application}} {{environment}}: the emergency was practised

{{if passed}}Every right and connection that an emergency would use is there.
{{unless passed}}An emergency would NOT go through as it is.
Findings: {{findings}}
Stages that failed: {{failedStages}}
Secrets it could not vouch for: {{failed}}
Old credentials would be dead within {{deadWithin}} minutes, everything over within {{overWithin}}.

Nothing was changed. The report, with every finding and what to do about it: {{report}}
    npx quarterturn drill
`,
  'emergency-drilled.on-call': `DRILL {{application}} {{environment}}: the emergency was practised

{{if passed}}Every right and connection that an emergency would use is there.
{{unless passed}}An emergency would NOT go through as it is: mend what the report names, then practise again.
Findings: {{findings}}
Stages that failed: {{failedStages}}
Old credentials would be dead within {{deadWithin}} minutes, everything over within {{overWithin}}.

Nothing was changed. The report: {{report}}
    npx quarterturn drill
`,
} as const satisfies Partial<Record<TemplateName, string>>;
