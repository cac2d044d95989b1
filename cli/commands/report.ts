/** `quarterturn report`: inventory, schedule and history of a deployment, for whoever has to show it. Changes nothing. */
import { writeFile } from 'node:fs/promises';
import { withControls } from '../../domain/reports/controls/controls.ts';
import { deploymentReport } from '../../domain/reports/deployment/build.ts';
import { deploymentFacts } from '../../doors/deployment-facts.ts';
import {
  type DeploymentOptions,
  deploymentOptions,
  exitCodes,
  type RegisterCommand,
} from '../command.ts';
import { ReportFileError } from '../errors.ts';
import { formatOf, formats, rendered } from '../report/formats.ts';

interface ReportOptions extends DeploymentOptions {
  format?: string;
  out?: string;
  control?: boolean;
}

export const registerReport: RegisterCommand = (program, run) => {
  deploymentOptions(program.command('report'))
    .description('inventory, schedule and history of every secret, to read, to file or to show')
    .option(
      '--format <format>',
      `${formats.join(', ')} (default: the file's ending, else terminal)`,
    )
    .option('--out <file>', 'writes it there instead of to standard output')
    .option('--control', 'with the evidence beside the controls of Security Hub, HIPAA and SOC 2')
    .action(
      run(async ({ terminal, open }, options: ReportOptions) => {
        // A wrong command line is said before anything is asked.
        const format = formatOf(options);
        const { out, control } = options;
        const deployment = await open(options);
        const { manifest, caller } = deployment;
        const told = deploymentReport(await deploymentFacts(deployment, manifest, caller));
        const report = control === true ? withControls(told) : told;
        const look = { columns: terminal.columns, colours: terminal.colours && out === undefined };
        const text = rendered(report, format, look);
        // Of a pipe, lines are the shell's; a file of CSV has those of RFC 4180.
        if (out === undefined) terminal.out(text.replaceAll('\r\n', '\n').trimEnd());
        else {
          await write(out, text);
          terminal.err(`The report is in ${out}.`);
        }
        return report.findings > 0 ? exitCodes.findings : exitCodes.ok;
      }),
    );
};

async function write(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    const { code } = error as { code?: string };
    throw new ReportFileError(
      `The report could not be written to ${file} (${code ?? 'unknown'}); expected a file this user may write, in a folder that exists.`,
    );
  }
}
