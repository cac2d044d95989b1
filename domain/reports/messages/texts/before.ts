/** What is told before and while a secret rotates. */
import type { TemplateName } from '../../../events/message-template.ts';
import { ofKind } from './of-kind.ts';

/** For support: what users see, for how long, and what rollback means. */
const whatUsersNotice = `{{unless signsOut}}{{unless maintenance}}What users notice: nothing. Everybody stays signed in and nothing is interrupted.
{{if signsOut}}What users notice: everybody is signed out and has to sign in again, with the password they have.
{{if maintenance}}What users notice: the application is stopped while stored data moves to the new key, and started again afterwards.
How long: about {{minutes}} minutes.
{{if maintenance}}How long: that depends on the amount of data. You are told here when it is over.`;
const rollback =
  'If it does not work: it is rolled back. The earlier value is used again, no data is lost and nobody has to do anything.';

export const before = {
  'planned.support': `{{application}} {{environment}}: planned change on {{plannedAt}}

${ofKind('is replaced on {{plannedAt}}, or within the hours after. This is routine.')}

${whatUsersNotice}
${rollback}
You are told here when it begins and when it is done.
`,
  'planned.product': `{{application}} {{environment}}: routine security work on {{plannedAt}}

${ofKind('is replaced on {{plannedAt}}, or within the hours after, as it is regularly.')}

{{unless signsOut}}{{unless maintenance}}Users notice nothing.
{{if signsOut}}Every user is signed out and signs in again. If a launch or a campaign falls into that hour, ask on-call to move it.
{{if maintenance}}The application is stopped while stored data moves to the new key. If a launch or a campaign falls into that time, ask on-call to move it.
It takes about {{minutes}} minutes. The last day for it is {{limitAt}}.
`,
  'started.support': `{{application}} {{environment}}: the change of a secret has begun

${ofKind('is being replaced now.', '{{unless rollback}}')}
${ofKind('goes back to what it was before the last change.', '{{if rollback}}')}

${whatUsersNotice}
{{unless rollback}}${rollback}
You are told here when it is done.
`,
  'started-backstop.support': `{{application}} {{environment}}: the change of a secret has begun

${ofKind('is being replaced now, without an announcement: it was due, and AWS began it by itself.')}

${whatUsersNotice}
${rollback}
You are told here when it is done.
`,
  'started-backstop.on-call': `{{application}} {{environment}}: Secrets Manager rotates {{key}} by its own rule

{{secret}} is being rotated since {{at}}, and nobody asked for it: this is probably Secrets Manager's own rule, one day before the limit. It knows no window, no freeze and no notice.

Version: {{versionId}}
Find out why the schedule had not rotated it:
    npx quarterturn status
`,
  'started-emergency.security': `{{application}} {{environment}}: EMERGENCY rotation of {{key}} has begun

{{secret}} is being rotated since {{at}}, and its present value is given up.
Asked for by: {{requestedBy}}
Reason: {{reason}}
Version: {{versionId}}
{{if signsOut}}Every session ends with it.

Nobody but security is told until it is over: the other channels may be read by whoever holds the leaked value. Follow it:
    npx quarterturn status
`,
} as const satisfies Partial<Record<TemplateName, string>>;
