/**
 * `quarterturn drill`: an emergency without effects. The same machine goes the same way, tries every permission and
 * connection it would use, and writes the same report, marked as a drill. `--escrow` practises something else: that
 * rows can be restored from escrow alone.
 */
import type { Command } from 'commander';
import { type DeploymentOptions, deploymentOptions, type RegisterCommand } from '../command.ts';
import { restoreFromEscrow, rowsIn } from '../drill/escrow.ts';
import { askFor, followTo } from '../emergency/ask.ts';
import { type Asked, assertAsked } from '../emergency/asked.ts';
import { exitCodeOf } from '../emergency/document.ts';
import { findFollowed } from '../emergency/find.ts';
import { tellEnd } from '../emergency/tell-end.ts';
import { UsageError } from '../errors.ts';
import { heading } from '../status/render.ts';

interface DrillOptions extends DeploymentOptions {
  all?: boolean;
  reason?: string;
  wait: boolean;
  follow?: string | true;
  escrow?: string;
  versionId?: string;
  rows?: string;
}

export const registerDrill: RegisterCommand = (program, run) => {
  withOptions(program.command('drill')).action(
    run(async ({ terminal, open }, names: string[], options: DrillOptions) => {
      assertOneThing(names, options);
      const { escrow, follow, json = false, wait } = options;
      if (escrow !== undefined) {
        const { versionId } = options;
        const rowsPerColumn = rowsIn(options.rows);
        const asked = { secret: escrow, versionId, rowsPerColumn, json };
        return restoreFromEscrow(await open(options), asked, terminal);
      }
      const asked = askedOf(names, options);
      assertAsked(asked);
      const deployment = await open(options);
      // With --json standard output is the document's alone.
      const say = json ? terminal.err : terminal.out;
      say(heading({ deployment: deployment.manifest, caller: deployment.caller }));
      const watching = { terminal, json, say, wait, yes: true };
      const document =
        follow === undefined
          ? await askFor(deployment, asked, watching)
          : await followTo(
              deployment,
              await findFollowed(deployment, follow === true ? undefined : follow),
              watching,
            );
      if (json) terminal.out(JSON.stringify(document, null, 2));
      else await tellEnd(deployment, document, terminal);
      return exitCodeOf(document);
    }),
  );
};

const withOptions = (command: Command): Command =>
  deploymentOptions(command)
    .description('an emergency without effects: every permission and connection is tried')
    .argument('[secrets...]', 'as if these were exposed, by key or name (default: all)')
    .option('--all', 'as if everything were exposed')
    .option('--reason <text>', 'why; stands in the report (default: drill)')
    .option('--no-wait', 'return as soon as the machine has it')
    .option('--follow [id]', 'follow the newest, or this one, instead of beginning one')
    .option('--escrow <secret>', 'instead: restore rows of this secret from escrow alone')
    .option('--version-id <id>', "of --escrow: whose copy (default: AWSCURRENT's, else the newest)")
    .option(
      '--rows <count>',
      'of --escrow: sealed values to open of each column, 1 to 1000 (default: 100)',
    );

const askedOf = (names: readonly string[], { all, reason }: DrillOptions): Asked => ({
  names,
  all: all === true || names.length === 0,
  andAll: false,
  reason: reason ?? 'drill',
  suspects: [],
  keepRunning: false,
  drill: true,
});

/** @throws UsageError */
function assertOneThing(names: readonly string[], options: DrillOptions): void {
  const { all, escrow, follow, reason, rows, versionId, wait } = options;
  const begins = names.length > 0 || all !== undefined || reason !== undefined;
  if (escrow !== undefined && (begins || follow !== undefined || !wait)) {
    throw new UsageError(
      '--escrow restores the rows of one secret; expected it with --version-id, --rows and --json alone.',
    );
  }
  if (follow !== undefined && begins) {
    throw new UsageError('--follow is about a drill that was begun; expected it alone.');
  }
  if (escrow === undefined && (rows !== undefined || versionId !== undefined)) {
    throw new UsageError('--version-id and --rows belong to --escrow; expected them with it.');
  }
}
