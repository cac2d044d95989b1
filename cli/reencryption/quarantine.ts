/**
 * `quarterturn reencrypt quarantine <secret>`: the values that were left as they are, and why; with `--accept`,
 * somebody takes those of one column and one reason upon themselves.
 */
import {
  type QuarantinePage,
  quarantineAcceptedSchema,
  quarantinePageSchema,
} from '../../domain/events/reencryption.ts';
import { ask } from '../adoption/examine.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  type ExitCode,
  exitCodes,
  type RegisterCommand,
} from '../command.ts';
import { UsageError } from '../errors.ts';
import { oneLine } from '../printable.ts';
import { table, wrap } from '../table.ts';
import { confirmed, notConfirmed } from './confirm.ts';
import { type Asked, asked, callerOf } from './context.ts';

interface QuarantineOptions extends DeploymentOptions {
  accept?: string;
  column?: string;
  limit?: string;
  yes?: boolean;
}

type Row = QuarantinePage['rows'][number];
const pageRows = 500;

export const registerQuarantine: RegisterCommand = (group, run) => {
  deploymentOptions(group.command('quarantine'))
    .description('values that were left as they are, and why; with --accept, signs them off')
    .argument('<secret>', 'an encryption secret, by key or name')
    .option('--limit <rows>', 'at most so many, 1 to 10000 (default: 500)')
    .option('--accept <reason>', 'take the rows of this reason upon yourself, e.g. KEY_UNKNOWN')
    .option('--column <id>', 'with --accept: of which declared column')
    .option('--yes', 'do not ask')
    .action(
      run(async (context, name: string, options: QuarantineOptions) => {
        const limit = limitOf(options.limit);
        const { accept, column } = options;
        if ((accept === undefined) !== (column === undefined)) {
          throw new UsageError(
            'Found one of --accept and --column; expected both: a sign-off is for one reason and one column.',
          );
        }
        if (accept !== undefined && !/^[A-Z_]{1,40}$/.test(accept)) {
          throw new UsageError(
            `--accept is "${accept.slice(0, 40)}"; expected a reason as \`quarantine\` shows it, such as KEY_UNKNOWN.`,
          );
        }
        const given = await asked(context, 'quarantine', name, options);
        return accept === undefined || column === undefined
          ? list(given, limit)
          : signOff(given, accept, column, options.yes);
      }),
    );
};

function limitOf(text = '500'): number {
  const limit = Number(text);
  if (/^\d{1,5}$/.test(text) && limit >= 1 && limit <= 10_000) return limit;
  throw new UsageError(`--limit is "${text.slice(0, 20)}"; expected a number from 1 to 10000.`);
}

async function list(given: Asked, limit: number): Promise<ExitCode> {
  const { terminal, json, deployment, secret } = given;
  const rows = await pages(given, limit);
  const record = await deployment.controlTable.getReencryption(secret.name);
  const unsigned = rows.filter(({ acceptedBy }) => acceptedBy === undefined);
  // The list keeps what was ever met. A job is verified only when what nobody signed for opens by now.
  const isVerified = record?.state === 'verified';
  const open = isVerified ? [] : unsigned;
  if (json) {
    terminal.out(JSON.stringify(given.report('told', { quarantined: rows }), null, 2));
  } else if (rows.length === 0) {
    terminal.out('No value is quarantined.');
  } else {
    for (const line of ['', ...table(columns, rows, terminal.columns), '']) terminal.out(line);
    const found = `${rows.length}${rows.length === limit ? ' or more' : ''} quarantined`;
    if (isVerified && unsigned.length > 0) {
      terminal.out(`${found}; the ${unsigned.length} not signed off opened when it was verified.`);
    } else terminal.out(`${found}, ${open.length} of these not signed off.`);
    for (const line of waysOut(given, open)) terminal.out(line);
  }
  return open.length > 0 ? exitCodes.findings : exitCodes.ok;
}

const columns = [
  { title: 'COLUMN', cell: ({ columnId }: Row) => columnId },
  { title: 'REASON', cell: ({ reason }: Row) => reason },
  // A primary key is the application's text.
  { title: 'ROW', cell: ({ rowKey }: Row) => oneLine(rowKey.join(', ')) },
  { title: 'TABLE', cell: ({ leaf }: Row) => leaf, optional: true },
  { title: 'KEY', cell: ({ kid }: Row) => kid ?? '', optional: true },
  { title: 'SIGNED OFF BY', cell: ({ acceptedBy }: Row) => acceptedBy ?? '', optional: true },
];

/** What can be done about those nobody signed for: by column and reason, as they are signed off. */
function waysOut({ next, terminal }: Asked, open: readonly Row[]): string[] {
  if (open.length === 0) return [];
  const kinds = new Set(open.map(({ reason, columnId }) => `${reason} --column ${columnId}`));
  return [
    ...wrap(
      'Mend these rows, or sign them off: they stay as they are, and a key that only they are under may be destroyed.',
      terminal.columns,
    ),
    ...[...kinds].map((kind) => `  ${next(`quarantine <secret> --accept ${kind}`)}`),
    `Next, once all are mended or signed off: ${next('verify <secret> --follow')}`,
  ];
}

async function pages({ deployment, secret }: Asked, limit: number): Promise<Row[]> {
  const rows: Row[] = [];
  while (rows.length < limit) {
    const wanted = Math.min(pageRows, limit - rows.length);
    const last = rows.at(-1);
    const after = last && { leaf: last.leaf, columnId: last.columnId, rowKey: last.rowKey };
    const page = await ask(
      deployment,
      secret.reencryption.function,
      {
        operation: 'quarantinedRows',
        secret: secret.name,
        limit: wanted,
        ...(after && { after }),
      },
      quarantinePageSchema,
    );
    rows.push(...page.rows);
    if (page.rows.length < wanted) break;
  }
  return rows;
}

async function signOff(
  given: Asked,
  reason: string,
  columnId: string,
  yes: boolean | undefined,
): Promise<ExitCode> {
  const { deployment, secret, terminal, json, say } = given;
  if (!secret.columns.some(({ id }) => id === columnId)) {
    throw new UsageError(
      `"${columnId}" is no declared column of "${secret.key}"; expected one of ${secret.columns.map(({ id }) => id).join(', ')}. Nothing was changed.`,
    );
  }
  for (const line of wrap(
    `Values of ${columnId} with reason ${reason} stay as they are: no key opens them later, and a key that only they are under may be destroyed.`,
    terminal.columns,
  )) {
    say(line);
  }
  if (!(await confirmed(given, `Sign them off as ${callerOf(deployment)}?`, yes))) {
    return notConfirmed(given);
  }
  const { accepted } = await ask(
    deployment,
    secret.reencryption.function,
    {
      operation: 'acceptQuarantined',
      secret: secret.name,
      columnId,
      reason,
      by: callerOf(deployment),
    },
    quarantineAcceptedSchema,
  );
  const next = given.next('verify <secret> --follow');
  if (json) {
    const outcome = accepted > 0 ? 'changed' : 'nothingToDo';
    const more = { accepted, next: accepted > 0 ? next : given.next('quarantine <secret>') };
    terminal.out(JSON.stringify(given.report(outcome, more), null, 2));
  } else {
    terminal.out(`${accepted === 1 ? '1 value' : `${accepted} values`} signed off.`);
    if (accepted > 0) terminal.out(`Next: ${next}`);
    else {
      terminal.out(`None of ${columnId} with reason ${reason} was waiting for it.`);
      terminal.out(`Next: ${given.next('quarantine <secret>')}`);
    }
  }
  return exitCodes.ok;
}
