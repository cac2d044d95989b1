/**
 * `quarterturn reencrypt prepare <secret>`: what the database needs before a first job, shown, confirmed, and run by
 * the operator function of its network: the role that is to rewrite rows, as every rotated role is prepared, then
 * schema quarterturn and its grants. Run again after a new partition or release it is a small plan.
 */
import {
  type BootstrapPlanAnswer,
  bootstrapExecutedSchema,
  bootstrapPlanSchema,
  executeRowsSchema,
  type RowsPlan,
  rowsExecutedSchema,
  rowsPlanSchema,
} from '../../domain/events/operator-requests.ts';
import type { ReencryptionReport } from '../../domain/reports/reencryption-report.ts';
import { ask, blocking } from '../adoption/examine.ts';
import { renderBootstrap, renderFindings } from '../adoption/render.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  type ExitCode,
  exitCodes,
  type RegisterCommand,
} from '../command.ts';
import { NotReencryptedError } from '../errors.ts';
import { findSecret } from '../find-secret.ts';
import { oneLine } from '../printable.ts';
import { wrap } from '../table.ts';
import { confirmed } from './confirm.ts';
import { type Asked, asked } from './context.ts';

interface PrepareOptions extends DeploymentOptions {
  dryRun?: boolean;
  yes?: boolean;
}

export const registerPrepare: RegisterCommand = (group, run) => {
  deploymentOptions(group.command('prepare'))
    .description('make schema quarterturn and the grants that are missing, after showing them')
    .argument('<secret>', 'an encryption secret, by key or name')
    .option('--dry-run', 'show the plan, change nothing')
    .option('--yes', 'do not ask')
    .action(
      run(async (context, name: string, options: PrepareOptions) => {
        const given = await asked(context, 'prepare', name, options);
        const { terminal, json } = given;
        const report = await prepare(given, options);
        if (json) terminal.out(JSON.stringify(report, null, 2));
        else for (const line of concluding(report)) terminal.out(line);
        return exitCodeOf[report.outcome] ?? exitCodes.failed;
      }),
    );
};

const exitCodeOf: Partial<Record<ReencryptionReport['outcome'], ExitCode>> = {
  told: exitCodes.ok,
  changed: exitCodes.ok,
  nothingToDo: exitCodes.ok,
};

async function prepare(given: Asked, options: PrepareOptions): Promise<ReencryptionReport> {
  const { deployment, secret, terminal, say, json } = given;
  const { operator, login } = operatorOf(given);
  const first = await prepareLogin(given, operator, login, options);
  if (first !== undefined) return first;
  const plan = await ask(
    deployment,
    operator,
    { operation: 'planRows', secret: secret.name },
    rowsPlanSchema,
  );
  if (!json) for (const line of rendered(plan, terminal.columns)) say(line);
  if (blocking(plan.findings).length > 0) return given.report('refused', { plan });
  if (plan.statements.length === 0) return given.report('nothingToDo', { plan });
  if (options.dryRun) return given.report('told', { plan });
  if (plan.runBy === undefined) return given.report('needsPerson', { plan });
  const question = `Run these ${plan.statements.length} statements?`;
  if (!(await confirmed(given, question, options.yes))) {
    return given.report('notConfirmed', { plan });
  }
  const request = executeRowsSchema.parse({
    operation: 'executeRows',
    secret: secret.name,
    digest: plan.digest,
  });
  const executed = await ask(deployment, operator, request, rowsExecutedSchema);
  const outcome = executed.outcome === 'executed' ? 'changed' : 'nothingToDo';
  return given.report(outcome, { plan, executed, next: given.next('dry-run <secret>') });
}

/** Nothing can be granted to a role that is not there. @returns what ends the command here */
async function prepareLogin(
  given: Asked,
  operator: string,
  login: string,
  options: PrepareOptions,
): Promise<ReencryptionReport | undefined> {
  const { deployment, terminal, say, json } = given;
  const bootstrap: BootstrapPlanAnswer = await ask(
    deployment,
    operator,
    { operation: 'planBootstrap', secret: login },
    bootstrapPlanSchema,
  );
  const { statements, digest, runBy } = bootstrap;
  const isBlocked = blocking(bootstrap.findings).length > 0;
  if (statements.length === 0 && !isBlocked) return undefined;
  if (!json) {
    const lines = renderBootstrap(bootstrap, terminal.columns);
    for (const line of ['', `The login that rewrites rows, ${login}:`, ...lines]) say(line);
  }
  if (isBlocked) return given.report('refused', { bootstrap });
  if (options.dryRun) return given.report('told', { bootstrap });
  if (runBy === undefined) return given.report('needsPerson', { bootstrap });
  const question = `Run these ${statements.length} statements?`;
  if (!(await confirmed(given, question, options.yes))) {
    return given.report('notConfirmed', { bootstrap });
  }
  const request = { operation: 'executeBootstrap', secret: login, digest };
  await ask(deployment, operator, request, bootstrapExecutedSchema);
  return undefined;
}

/** @throws NotReencryptedError */
function operatorOf({ deployment: { manifest }, secret }: Asked): {
  operator: string;
  /** Name of the database secret. */
  login: string;
} {
  const login = findSecret(manifest, secret.reencryption.login);
  if (login.kind === 'database' && login.operator !== undefined) {
    return { operator: login.operator, login: login.name };
  }
  throw new NotReencryptedError(
    `The login of "${secret.key}", "${login.key}", has no operator function; expected a database secret of this release. Deploy the stack with it. Nothing was changed.`,
  );
}

function rendered(plan: RowsPlan, columns: number): string[] {
  const where = `${plan.host}:${plan.port}/${plan.database}`;
  return [
    '',
    ...(plan.statements.length === 0
      ? [`Nothing is missing for ${plan.role} on ${where}.`]
      : [
          plan.runBy === undefined
            ? `For your DBA, to run on ${where} in one transaction, as whoever owns these tables and has CREATEROLE:`
            : `To be run on ${where} as ${plan.runBy}, in one transaction (plan ${plan.digest.slice(0, 12)}):`,
          '',
          ...(plan.runBy === undefined ? ['  begin;'] : []),
          ...plan.statements.flatMap(({ sql, why }) => [
            `  -- ${oneLine(why)}`,
            // Tables of the ledger have lines of their own; what they hold is ours, and no control characters.
            ...`${sql};`.split('\n').map((line) => `  ${oneLine(line)}`),
          ]),
          ...(plan.runBy === undefined ? ['  commit;'] : []),
        ]),
    '',
    ...renderFindings(plan.findings, columns),
    // It is about running them.
    ...(plan.statements.length === 0
      ? []
      : plan.unchecked.flatMap((unchecked) => wrap(`Not checked: ${unchecked}.`, columns))),
  ];
}

function concluding({ outcome, executed, next, plan }: ReencryptionReport): string[] {
  switch (outcome) {
    case 'refused':
      return ['Not prepared; nothing was changed.'];
    case 'needsPerson':
      return [
        'Not prepared; nothing was changed. Have the statements above run, then prepare again: it says whether anything is missing.',
      ];
    case 'notConfirmed':
      return ['Not confirmed; nothing was changed. Say yes, or use --yes.'];
    case 'told':
      return ['Nothing was changed. Leave out --dry-run to do it.'];
    case 'changed':
      return [
        `Executed ${executed?.statements} statements: ${plan?.role} can rewrite the declared columns, and nothing else.`,
        `Next: ${next}`,
      ];
    default:
      return ['Prepared.'];
  }
}
