/** What is told when somebody has to act. */
import type { TemplateName } from '../../../events/message-template.ts';

const failed = `The rotation of {{secret}} failed before the new value came into use, or does not end. It was recorded {{since}}.

Step: {{step}}
Error: {{code}}
{{message}}
Last failed: {{failedAt}}
Version: {{versionId}}
{{if loginWorks}}The application can log in.
{{if loginRestored}}The application could NOT log in; its login was restored.
{{if loginPending}}The application can NOT log in with AWSCURRENT: the database accepts only the value that is AWSPENDING, until the rotation ends.
{{if lockedOut}}The application can NOT log in, and nothing here could restore it. Act now.
{{if loginUnknown}}Whether the application can log in is not known: the database could not be asked.

AWSCURRENT is unchanged. Secrets Manager repeats the rotation by itself, several times over hours. Mend the cause, then wait or run:
    npx quarterturn status
    npx quarterturn rotate {{key}}`;

const stopped = `{{secret}} has its new value, and what follows the rotation has stopped.

Reason: {{reason}}
Version: {{versionId}}
Execution: {{execution}}
{{if signsOut}}Every token signed before is refused.

Remove the cause and resume the execution as docs/events.md says, or roll back. Until then no planned rotation of this secret starts while a key waits to be activated.
    npx quarterturn status`;

const rollingBack = `With its new value, {{secret}} kept a consumer from working that worked before. The earlier value is in use again, and consumers are restarted with it now: the end of that is told, too.

Reason: {{reason}}
Version: {{versionId}}
Rolled back by: {{rolledBackBy}}
{{if signsOut}}Every token signed before is refused.

The schedule leaves the secret alone for now, and nothing rolls back from this value a second time by itself. Find out what was wrong with it before the secret is rotated again.
    npx quarterturn status`;

const overdue = `{{secret}} has to be rotated, and is not.

Reason: {{reason}}
In use since: {{rotatedAt}}
Limit: {{limitAt}}

Remove the reason, then rotate it:
    npx quarterturn status
    npx quarterturn rotate {{key}}`;

const reminder = `{{secret}} is changed by its owners, and has not been for {{ageDays}} days; they wanted it changed every {{remindDays}}.

What it is: {{purpose}}
Last changed: {{changedAt}}

Make a new value where it is issued, stage it, and rotate. Nothing here can do the first part.
    npx quarterturn status`;

const certificate = `{{if ended}}Certificate {{certificate}} ({{secret}}) has ended: clients refuse it.
{{unless ended}}Certificate {{certificate}} ({{secret}}) needs somebody.

Ends: {{notAfter}}
Days left: {{daysLeft}}
What is wrong: {{problem}}

Renew it where it is issued, and put the new one in its place.`;

const triggerFacts = `Reported by: {{by}}
Why: {{reason}}
Request: {{requestId}}
Who left: {{person}}
Under way: {{done}}
Not done: {{open}}`;

const open = `Some secrets that somebody asked for ({{trigger}}) are not rotated.

${triggerFacts}

What waits is tried again every hour. To see what keeps it waiting, and do what only a person may:
    npx quarterturn status
    {{commands}}`;

export const trouble = {
  'failed.on-call': `{{application}} {{environment}}: the rotation of {{key}} failed

${failed}
`,
  'failed.security': `{{application}} {{environment}}: the rotation of {{key}} failed

${failed}
`,
  'failed.support': `{{application}} {{environment}}: users may have trouble at the moment

A change of a secret of {{application}} ({{environment}}) failed.
{{if loginRestored}}Users may have seen errors since {{since}}. It works again.
{{if loginPending}}Users may see errors since {{since}}. On-call knows and is at it.
{{if lockedOut}}Users may see errors since {{since}}. On-call knows and is at it.
{{if loginUnknown}}Users may see errors since {{since}}: the database could not be asked. On-call knows and is at it.
No data is lost. Collect what users report, with the time, and pass it to on-call.
`,
  'stopped.on-call': `{{application}} {{environment}}: what follows the rotation of {{key}} has stopped

${stopped}
`,
  'stopped.security': `{{application}} {{environment}}: what follows the rotation of {{key}} has stopped

${stopped}
`,
  'stopped.support': `{{application}} {{environment}}: users may have trouble at the moment

A secret of {{application}} ({{environment}}) was replaced, and the work around it is not finished. On-call knows and is at it.
{{if signsOut}}Everybody is signed out and has to sign in again, with the password they have.
{{if database}}Users may see errors until it is finished.
No data is lost. Collect what users report, with the time, and pass it to on-call.
`,
  'rolling-back.on-call': `{{application}} {{environment}}: {{key}} is being rolled back

${rollingBack}
`,
  'rolling-back.security': `{{application}} {{environment}}: {{key}} is being rolled back

${rollingBack}
`,
  'rolling-back.support': `{{application}} {{environment}}: users may have trouble at the moment

A secret of {{application}} ({{environment}}) was replaced, something did not work with that, and the change is being taken back. On-call knows.
{{if signsOut}}Everybody is signed out and has to sign in again, with the password they have.
No data is lost. Collect what users report, with the time, and pass it to on-call.
`,
  'failed-emergency.security': `{{application}} {{environment}}: the EMERGENCY rotation of {{key}} failed

The emergency rotation of {{secret}} failed or stopped. The leaked value may still be accepted.

Reason: {{reason}}
Version: {{versionId}}
{{if loginPending}}The application can NOT log in with AWSCURRENT: the database accepts only the value that is AWSPENDING, until the rotation ends.
{{if lockedOut}}The application can NOT log in.
{{if loginUnknown}}Whether the application can log in is not known: the database could not be asked.

Act now, and take on-call in by phone: nobody else is told until it is over.
    npx quarterturn status
`,
  'overdue.on-call': `{{application}} {{environment}}: {{key}} is overdue

${overdue}
`,
  'overdue.security': `{{application}} {{environment}}: {{key}} is overdue

${overdue}
`,
  'reminder.on-call': `{{application}} {{environment}}: {{key}} should be changed by its owners

${reminder}
`,
  'reminder.security': `{{application}} {{environment}}: {{key}} should be changed by its owners

${reminder}
`,
  'certificate.on-call': `{{application}} {{environment}}: certificate {{certificate}} needs somebody

${certificate}
`,
  'certificate.security': `{{application}} {{environment}}: certificate {{certificate}} needs somebody

${certificate}
`,
  'exposure.security': `{{application}} {{environment}}: {{key}} reported as exposed

{{secret}} was reported as exposed.

${triggerFacts}

What is under way is an emergency: its end is told here, and its report says who read the value as far as anybody looked. Find out where it went.
{{if needsPerson}}The rest needs you, now:
    {{commands}}
    npx quarterturn status
`,
  'trigger-refused.security': `{{application}} {{environment}}: a trigger was refused ({{code}})

Somebody asked for a rotation ({{trigger}}) of {{secret}}, and it was refused.

{{message}}
${triggerFacts}

By hand, if it is meant: {{commands}}

More of the same within this hour are in the log and not told. If you know nothing of it, find out who put it on the bus; docs/triggers.md says how.
    npx quarterturn status
`,
  'trigger-open.on-call': `{{application}} {{environment}}: {{key}} should have been rotated ({{trigger}})

${open}
`,
  'trigger-open.security': `{{application}} {{environment}}: {{key}} should have been rotated ({{trigger}})

${open}
`,
  'unmanaged-write.security': `{{application}} {{environment}}: {{key}} was written outside of a rotation

Secret {{secret}} was written outside of a rotation, noticed {{at}}: version {{versionId}} is AWSCURRENT. Nothing adopts it and it is not rotated until somebody looks.

Who did it:
    aws cloudtrail lookup-events --lookup-attributes AttributeKey=ResourceName,AttributeValue={{secret}}
What to do: docs/alarms.md, unmanaged write.
`,
} as const satisfies Partial<Record<TemplateName, string>>;
