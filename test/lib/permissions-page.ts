/** `docs/permissions.md`: every right of a template, as a page. */
import type { Grants, Right } from './permissions.ts';

export function permissionsPage(grants: Grants): string {
  return `# Permissions

Every right the stack gives, for the example configuration with a network, a break-glass role, a bootstrap secret and a reader of escrow. Names in angle brackets are resources of the template by their logical id, without the suffix CDK adds. \`test/lib/permissions.test.ts\` compares this page with the template exactly: a right that is added, widened or taken away fails there until this page is changed with it.

Whoever starts a rotation holds two rights as one unit: \`secretsmanager:RotateSecret\`, which may change neither schedule nor function, and \`lambda:InvokeFunction\` on exactly the functions of those secrets. No holder of that unit reads a value. The function's operations \`rehearse\`, \`preempt\` and \`eject\` are called by the same right, because IAM sees no payload; what they refuse stands in docs/rotation.md and docs/uninstall.md.

${sectionsOf(grants)}`;
}

/** One section a holder. */
export function sectionsOf({ rights, trust, notes }: Grants): string {
  const holders = new Set([
    ...Object.keys(trust),
    ...Object.keys(notes),
    ...rights.map(({ holder }) => holder),
  ]);
  return [...holders]
    .sort()
    .map((holder) => {
      const own = rights.filter((right) => right.holder === holder);
      const assumed = trust[holder];
      const said = [
        ...(assumed === undefined ? [] : [`Assumed by ${assumed.join(', ')}.`]),
        ...(notes[holder] ?? []),
      ];
      return [
        `## ${holder}`,
        '',
        ...(said.length === 0 ? [] : [said.join(' '), '']),
        ...(own.length === 0 ? [] : [table(own), '']),
      ].join('\n');
    })
    .join('\n');
}

function table(rights: readonly Right[]): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('*', '\\*');
  const lines = (items: readonly string[]) => items.map((item) => cell(item)).join('<br>');
  return [
    '| statement | effect | principal | actions | on | only if |',
    '|---|---|---|---|---|---|',
    ...rights.map(
      ({ sid, effect, principal = '', actions, resources: on, conditions }) =>
        `| ${cell(sid)} | ${effect} | ${cell(principal)} | ${lines(actions)} | ${lines(on)} | ${lines(conditions)} |`,
    ),
  ].join('\n');
}
