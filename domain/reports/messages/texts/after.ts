/** What is told when a rotation is over. */
import type { TemplateName } from '../../../events/message-template.ts';
import { ofKind } from './of-kind.ts';

const proof = `Version: {{versionId}}
In use: {{primary}}
Replaced: {{replaced}}
Asked for by: {{requestedBy}}
{{unless attributed}}Asked for by: the console, or Secrets Manager's own rule. CloudTrail names the caller of RotateSecret.
Reason: {{reason}}
From {{startedAt}} to {{endedAt}}
Read back: {{evidence}}
{{if signsOut}}Every token signed before is refused.

The proof is the audit event of this version:
    npx quarterturn report`;

const rolledBack = `{{secret}} uses its earlier value again.

${proof}

Find out what was wrong with the new value before it is rotated again.`;

const emergencyOver = `The emergency rotation of {{secret}} is done: the value from before is given up.

${proof}`;

export const after = {
  'first-value.security': `{{application}} {{environment}}: {{key}} has its first value

{{secret}} had no value of its own, and has one now.

${proof}
`,
  'done.security': `{{application}} {{environment}}: {{key}} is rotated

{{secret}} is rotated, and everything that follows is done.

${proof}
`,
  'done.support': `{{application}} {{environment}}: the change of a secret is done

${ofKind('is replaced. It took {{minutes}} minutes.')}
{{unless signsOut}}Users should have noticed nothing. If somebody reports trouble with signing in or with stored data since {{startedAt}}, tell on-call.
{{if signsOut}}Everybody is signed out and has to sign in again, with the password they have. If that does not help, tell on-call.
`,
  'done.product': `{{application}} {{environment}}: the routine security work is done

${ofKind('is replaced.')}
{{unless signsOut}}Users noticed nothing.
{{if signsOut}}Every user has to sign in again, once.
`,
  'rolled-back.on-call': `{{application}} {{environment}}: {{key}} is rolled back

${rolledBack}
`,
  'rolled-back.security': `{{application}} {{environment}}: {{key}} is rolled back

${rolledBack}
`,
  'rolled-back.support': `{{application}} {{environment}}: the change of a secret was rolled back

${ofKind('is back to what it was before the last change. No data is lost, and nobody has to do anything.')}
{{if signsOut}}Everybody is signed out and has to sign in again, with the password they have.
If somebody still reports trouble with signing in or with stored data, tell on-call.
`,
  'rolled-back.product': `{{application}} {{environment}}: the security work was rolled back

${ofKind('is back to what it was before the last change. No data is lost.')}
{{if signsOut}}Every user has to sign in again, once.
It will be tried again later, and announced before.
`,
  'emergency-over.on-call': `{{application}} {{environment}}: emergency rotation of {{key}} is done

${emergencyOver}
`,
  'emergency-over.security': `{{application}} {{environment}}: emergency rotation of {{key}} is done

${emergencyOver}

What was done with the value that is given up: look at the audit log and at CloudTrail, from before the exposure until {{endedAt}}.
`,
  'emergency-replaced.security': `{{application}} {{environment}}: emergency rotation of {{key}} is done

${emergencyOver}
{{if notProven}}The value from before is NOT proven dead: it may still be accepted. The audit event names the place and why.
Part of emergency {{emergency}}: its end is told when every secret of it is dealt with.

Nobody but security is told of this.
`,
  'emergency-over.support': `{{application}} {{environment}}: an urgent change of a secret is done

${ofKind('was replaced at once. It is done.')}
{{if signsOut}}Everybody is signed out and has to sign in again, with the password they have.
{{if database}}Users may have seen errors for some minutes.
If somebody reports trouble after {{endedAt}}, tell on-call. Questions about the reason go to security.
`,
  'emergency-over.product': `{{application}} {{environment}}: an urgent security change is done

${ofKind('was replaced at once. It is done.')}
{{if signsOut}}Every user has to sign in again, once.
Security decides what is said about the reason, and to whom.
`,
} as const satisfies Partial<Record<TemplateName, string>>;
