/** What `rotate`, `rollback` and `release` have in common: the secret they are about, and how they end. */
import {
  isRotated,
  type Manifest,
  type RotatedManifestSecret,
} from '../../domain/config/manifest.ts';
import type { RotationReport } from '../../domain/reports/rotation-report.ts';
import { type ExitCode, exitCodes, type Terminal } from '../command.ts';
import { NotRotatedError, UsageError } from '../errors.ts';
import { findSecret } from '../find-secret.ts';
import { wrap } from '../table.ts';

/** What of an intent record holds (domain/events/control-records.ts). */
const longestReason = 1024;

/** @throws UsageError */
export function assertReason(reason: string | undefined): void {
  if ((reason?.length ?? 0) > longestReason) {
    throw new UsageError(
      `--reason has ${reason?.length} characters; expected at most ${longestReason}.`,
    );
  }
}

/** @throws UnknownSecretError, NotRotatedError */
export function rotatedSecret(manifest: Manifest, name: string): RotatedManifestSecret {
  const secret = findSecret(manifest, name);
  if (!isRotated(secret)) {
    throw new NotRotatedError(
      `"${secret.key}" is user-managed (${secret.purpose}); expected a secret that rotates here, or one with an inbox. Its owner changes it.`,
    );
  }
  return secret;
}

export const endCode: Record<RotationReport['outcome'], ExitCode> = {
  finished: exitCodes.ok,
  started: exitCodes.ok,
  refused: exitCodes.failed,
  failed: exitCodes.failed,
  stopped: exitCodes.failed,
  rolledBack: exitCodes.failed,
  stalled: exitCodes.failed,
  interrupted: exitCodes.interrupted,
};

/** What went wrong, and what to run next. */
export function tellProblem(
  {
    outcome,
    problem,
    next,
    secret,
  }: Pick<RotationReport, 'outcome' | 'problem' | 'next' | 'secret'>,
  terminal: Terminal,
): void {
  const calm = outcome === 'interrupted' || outcome === 'finished' || outcome === 'started';
  const tell = calm ? terminal.out : terminal.err;
  if (problem !== undefined) {
    const text = `${secret.name}: ${problem.message} (${problem.code})`;
    for (const line of wrap(text, terminal.columns)) tell(line);
  }
  if (next !== undefined) tell(`Next: ${next}`);
}
