/** What is told of the rows that follow an encryption key. */
import type { TemplateName } from '../../../events/message-template.ts';

const unproven = `Every row under {{secret}} was rewritten and counted, and something is left that nobody has vouched for.

{{findings}}
Key the rows move to: {{targetKid}}

Every row is readable. Look at the quarantine, mend or accept each value, attest each store, then verify:
    npx quarterturn reencrypt quarantine {{key}}
    npx quarterturn reencrypt verify {{key}}`;

const stopped = `The re-encryption of the rows under {{secret}} has stopped.

{{findings}}
Key the rows move to: {{targetKid}}
Job: {{job}}
{{if maintenance}}The application stands still until the rows have moved, or somebody lets it start.

Every row is readable: both keys stay. Remove the cause, then resume:
    npx quarterturn reencrypt status {{key}}
    npx quarterturn reencrypt resume {{key}}`;

const runsAgain = `{{application}} {{environment}}: the maintenance is over

Stored data of {{application}} ({{environment}}) is under its new key, and all of it was checked. The application may start again.
`;

export const rows = {
  'rows-moved.security': `{{application}} {{environment}}: every row is under the new key of {{key}}

No value under any other key of {{secret}} is left: opened one by one, then counted again.

Key: {{targetKid}}
Columns: {{columns}}
Values rewritten: {{rewritten}}
Job: {{job}}
`,
  'rows-moved.support': runsAgain,
  'rows-moved.product': runsAgain,
  'rows-unproven.on-call': `{{application}} {{environment}}: rows of {{key}} wait for somebody's word

${unproven}
`,
  'rows-unproven.security': `{{application}} {{environment}}: rows of {{key}} wait for somebody's word

${unproven}
`,
  'rows-stopped.on-call': `{{application}} {{environment}}: the re-encryption of {{key}} has stopped

${stopped}
`,
  'rows-stopped.security': `{{application}} {{environment}}: the re-encryption of {{key}} has stopped

${stopped}
`,
  'rows-stopped.support': `{{application}} {{environment}}: the maintenance takes longer

The application of {{application}} ({{environment}}) is stopped while stored data moves to a new key, and that does not go on. On-call knows and is at it. No data is lost.
You are told here when it is over.
`,
} as const satisfies Partial<Record<TemplateName, string>>;
