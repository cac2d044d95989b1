/** `quarterturn release <secret>`: ends the hold a rollback left, so that the schedule rotates the secret again. */

import type { HoldRecord } from '../../domain/events/control-records.ts';
import type { ReleaseReport } from '../../domain/reports/release-report.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  type ExitCode,
  exitCodes,
  type OpenDeployment,
  type RegisterCommand,
  type Terminal,
} from '../command.ts';
import { documentHead } from '../document-head.ts';
import { rotatedSecret } from '../rotation/asked.ts';
import { requesterOf } from '../rotation/rotate-one.ts';
import { heading } from '../status/render.ts';
import { wrap } from '../table.ts';

interface ReleaseOptions extends DeploymentOptions {
  yes?: boolean;
}

export const registerRelease: RegisterCommand = (program, run) => {
  deploymentOptions(program.command('release'))
    .description('end the hold of a secret: the schedule rotates it again')
    .argument('<secret>', 'its key or name')
    .option('--yes', 'do not ask')
    .action(
      run(async ({ terminal, open }, name: string, options: ReleaseOptions) => {
        const deployment = await open(options);
        const report = await release(deployment, name, options, terminal);
        if (options.json) terminal.out(JSON.stringify(report, null, 2));
        else tellEnd(report, terminal);
        return exitCodeOf[report.outcome];
      }),
    );
};

const exitCodeOf: Record<ReleaseReport['outcome'], ExitCode> = {
  released: exitCodes.ok,
  notHeld: exitCodes.ok,
  notConfirmed: exitCodes.failed,
  refused: exitCodes.failed,
};

async function release(
  deployment: OpenDeployment,
  name: string,
  { yes = false, json = false }: ReleaseOptions,
  terminal: Terminal,
): Promise<ReleaseReport> {
  const { manifest, caller, clock, controlTable } = deployment;
  const secret = rotatedSecret(manifest, name);
  // With --json standard output is the document's alone.
  const say = json ? terminal.err : terminal.out;
  say(heading({ deployment: manifest, caller }));
  const hold = await controlTable.getHold(secret.name);
  const report = (
    outcome: ReleaseReport['outcome'],
    more: Partial<ReleaseReport> = {},
  ): ReleaseReport => ({
    report: 'quarterturn-release',
    ...documentHead(deployment),
    secret: { key: secret.key, name: secret.name },
    outcome,
    ...(hold && { hold }),
    ...more,
  });
  if (hold === undefined || new Date(hold.until) <= clock.now()) return report('notHeld');

  for (const line of wrap(`${secret.name} is on hold ${sinceWhen(hold)}`, terminal.columns))
    say(line);
  if (!yes && !(terminal.interactive && (await terminal.confirm('Release it?')))) {
    return report('notConfirmed');
  }
  const now = clock.now().toISOString();
  const ended = { ...hold, until: now, releasedBy: requesterOf(deployment) };
  const standing = await controlTable.endHold(secret.name, hold, ended);
  return standing === undefined
    ? report('released')
    : report('refused', {
        hold: standing,
        problem: {
          code: 'ERR_ROTATION_HOLD_CHANGED',
          message: `Another hold was put on ${secret.name} meanwhile (${sinceWhen(standing)}); expected the one that was shown. Nothing was changed. Look at it, and release it again.`,
        },
      });
}

const sinceWhen = ({ at, until, reason }: HoldRecord): string =>
  `since ${at} until ${until}: ${reason}`;

function tellEnd({ outcome, secret, hold, problem }: ReleaseReport, terminal: Terminal): void {
  switch (outcome) {
    case 'released':
      terminal.out(`Released: the schedule rotates ${secret.name} again when it is due.`);
      return;
    case 'notHeld': {
      const ended = hold?.releasedBy === undefined ? 'ended' : `was ended by ${hold.releasedBy}`;
      terminal.out(
        `${secret.name} is not on hold.${hold === undefined ? '' : ` The last one ${ended} at ${hold.until}.`}`,
      );
      return;
    }
    case 'notConfirmed':
      terminal.err(
        terminal.interactive
          ? 'Not confirmed. Nothing was changed.'
          : 'Nobody can be asked here; expected --yes. Nothing was changed.',
      );
      return;
    case 'refused':
      for (const line of wrap(`${problem?.message} (${problem?.code})`, terminal.columns)) {
        terminal.err(line);
      }
  }
}
