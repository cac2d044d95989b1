/** What somebody takes upon themselves is asked for, or said beforehand with `--yes`. */
import { type ExitCode, exitCodes } from '../command.ts';
import type { Asked } from './context.ts';

export async function confirmed(
  { terminal, json }: Asked,
  question: string,
  yes: boolean | undefined,
): Promise<boolean> {
  if (yes) return true;
  return !json && terminal.interactive && terminal.confirm(question);
}

export function notConfirmed({ terminal, json, report }: Asked): ExitCode {
  if (json) terminal.out(JSON.stringify(report('notConfirmed'), null, 2));
  else terminal.err('Not confirmed; nothing was changed. Say yes, or use --yes.');
  return exitCodes.failed;
}
