/** An adoption as a person reads it. Statements are never wrapped: they are there to be copied. */
import type {
  BootstrapPlanAnswer,
  Finding,
  Rehearsal,
} from '../../domain/events/operator-requests.ts';
import type { AdoptionRefusal } from '../../domain/policy/adoption.ts';
import type { AdoptionReport } from '../../domain/reports/adoption-report.ts';
import { inSandbox } from '../open-deployment.ts';
import { oneLine } from '../printable.ts';
import { wrap } from '../table.ts';

export function renderRefusals(refusals: readonly AdoptionRefusal[], columns: number): string[] {
  return refusals.flatMap(({ code, reason, command }) => [
    ...wrap(`Refused (${code}): ${reason}`, columns),
    `  ${command}`,
    '',
  ]);
}

export function renderRehearsal(rehearsal: Rehearsal, columns: number): string[] {
  const { facts, bytes, nextBytes, labels, value } = rehearsal;
  const size =
    bytes === undefined
      ? ''
      : `, ${bytes} bytes${nextBytes ? `, after a rotation ${nextBytes}` : ''}`;
  const lines = [
    `Rehearsed: ${facts === undefined ? value : shapeOf(facts)}${size}; ${labels} staging ${labels === 1 ? 'label' : 'labels'}.`,
  ];
  if (facts?.columns !== undefined && facts.columns > 0) {
    lines.push(
      `  ${facts.columns} declared columns${facts.openedValues === undefined ? '' : `; ${facts.openedValues} sampled values opened with this key`}.`,
    );
  }
  return [...lines, ...renderFindings(rehearsal.findings, columns), ''];
}

function shapeOf(facts: NonNullable<Rehearsal['facts']>): string {
  switch (facts.shape) {
    case 'plain':
      return `a plain key of ${facts.bits} bits in ${facts.encoding}${facts.fieldPresent ? `, in the field ${facts.field}` : ', nothing around it'}`;
    case 'keyset':
      return `a keyset of ${facts.kids?.length} keys, primary ${facts.kids?.[0]}`;
    case 'rds':
      return `a login of ${facts.role}${facts.databaseUrl ? ', with DATABASE_URL' : ''}, which the database accepts`;
  }
}

export function renderBootstrap(plan: BootstrapPlanAnswer, columns: number): string[] {
  const where = `${plan.host}:${plan.port}/${plan.database}`;
  const lines =
    plan.statements.length === 0
      ? [`The database is prepared: nothing is missing on ${where}.`]
      : [
          plan.runBy === undefined
            ? `For your DBA, to run on ${where} as the role that made these roles, or as master user:`
            : `To be run on ${where} as ${plan.runBy}, in one transaction (plan ${plan.digest.slice(0, 12)}):`,
          '',
          ...plan.statements.flatMap(({ sql, why }) => [
            `  -- ${oneLine(why)}`,
            `  ${oneLine(sql)};`,
          ]),
        ];
  if (plan.storesPassword) {
    lines.push(
      '',
      "  A new password of the rotator goes into the admin's secret, and nowhere else.",
    );
  }
  lines.push('', ...renderFindings(plan.findings, columns));
  for (const unchecked of plan.unchecked) {
    lines.push(...wrap(`Not checked: ${unchecked}.`, columns));
  }
  return [...lines, ''];
}

export function renderFindings(findings: readonly Finding[], columns: number): string[] {
  return findings.flatMap(({ code, level, message }) =>
    wrap(`${level === 'blocks' ? 'Stands in the way' : 'Mind'} (${code}): ${message}`, columns),
  );
}

/** Ends with what goes into the configuration, and what comes after it. */
export function renderOutcome({ outcome, secret, executed, caller }: AdoptionReport): string[] {
  switch (outcome) {
    case 'refused':
      return ['Not adopted; nothing was changed.'];
    case 'needsBootstrap':
      return [
        'Not adopted; nothing was changed. Have the statements above run, then adopt again: it goes on from there.',
      ];
    case 'notConfirmed':
      return ['Not confirmed; nothing was changed. Say yes, or use --yes.'];
    case 'dryRun':
      return ['Would be adopted; nothing was changed. Leave out --dry-run to do it.'];
    case 'adopted':
    case 'alreadyAdopted': {
      const done =
        executed === undefined
          ? []
          : [
              executed.outcome === 'executed'
                ? `Executed ${executed.statements} statements; ${executed.proven.role} logs in.`
                : `Nothing was missing in the database; ${executed.proven.role} logs in.`,
            ];
      const said =
        outcome === 'adopted'
          ? `Adopted: ${secret.name} has an age from now on, and is not rotated before it is armed.`
          : `${secret.name} was adopted before; nothing was changed.`;
      return [...done, said, ...nextSteps(secret, inSandbox(caller))];
    }
  }
}

function nextSteps({ key, armed }: AdoptionReport['secret'], sandbox: boolean): string[] {
  const rotate = `npx quarterturn rotate ${key}`;
  return armed
    ? ['', `It is armed. Next: ${rotate}`]
    : [
        '',
        `Next: 1. add  armed: true  to "${key}" in the configuration`,
        `      2. ${sandbox ? 'npm run sandbox:deploy' : 'npx cdk deploy'}  (its resource policy and its schedule come with that)`,
        `      3. ${rotate}  (while somebody looks)`,
      ];
}
