/** `quarterturn reencrypt dry-run <secret>`: what a job would meet and do. Changes nothing. */
import {
  type ReencryptionDryRun,
  reencryptionDryRunSchema,
} from '../../domain/events/reencryption.ts';
import { ask, blocking } from '../adoption/examine.ts';
import { renderFindings } from '../adoption/render.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  exitCodes,
  type RegisterCommand,
} from '../command.ts';
import { table } from '../table.ts';
import { asked } from './context.ts';
import { count } from './render.ts';

export const registerDryRun: RegisterCommand = (group, run) => {
  deploymentOptions(group.command('dry-run'))
    .description('what a job would meet and do: findings, ranges, rows by key; changes nothing')
    .argument('<secret>', 'an encryption secret, by key or name')
    .action(
      run(async (context, name: string, options: DeploymentOptions) => {
        const given = await asked(context, 'dry-run', name, options);
        const { deployment, secret, terminal, json } = given;
        const dryRun = await ask(
          deployment,
          secret.reencryption.function,
          { operation: 'reencryptionDryRun', secret: secret.name },
          reencryptionDryRunSchema,
        );
        if (json) terminal.out(JSON.stringify(given.report('told', { dryRun }), null, 2));
        else for (const line of rendered(dryRun, terminal.columns)) terminal.out(line);
        return blocking(dryRun.findings).length > 0 ? exitCodes.findings : exitCodes.ok;
      }),
    );
};

type Leaf = ReencryptionDryRun['leaves'][number];
type Left = ReencryptionDryRun['rowsLeft'][number];

function rendered({ targetKid, findings, leaves, rowsLeft }: ReencryptionDryRun, width: number) {
  const found = renderFindings(findings, width);
  const total = rowsLeft.reduce((sum, { rows }) => sum + rows, 0);
  return [
    '',
    `Rows would move to key ${targetKid}.`,
    ...(leaves.length === 0
      ? []
      : [
          '',
          ...table(
            [
              { title: 'TABLE', cell: ({ leaf }: Leaf) => leaf },
              { title: 'WALKED BY', cell: ({ walk }) => walk },
              {
                title: 'ROWS, ABOUT',
                cell: ({ rowsEstimated }) => count(Math.round(rowsEstimated)),
                align: 'right',
              },
              { title: 'RANGES', cell: ({ ranges }) => count(ranges), align: 'right' },
            ],
            leaves,
            width,
          ),
        ]),
    ...(rowsLeft.length === 0
      ? []
      : [
          '',
          ...table(
            [
              { title: 'COLUMN', cell: ({ columnId }: Left) => columnId },
              { title: 'TABLE', cell: ({ leaf }) => leaf, optional: true },
              { title: 'UNDER KEY', cell: ({ kid }) => kid ?? '(names none)' },
              { title: 'VALUES', cell: ({ rows }) => count(rows), align: 'right' },
            ],
            rowsLeft,
            width,
          ),
        ]),
    '',
    ...found,
    blocking(findings).length > 0
      ? 'A job would be refused until this is mended. Nothing was changed.'
      : total === 0
        ? 'No value is left to rewrite. Nothing was changed.'
        : `${count(total)} values would be rewritten, or quarantined where no key opens them. Nothing was changed.`,
  ];
}
