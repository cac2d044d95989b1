/** How every document of the command line begins: `heading` of domain/reports/heading.ts, filled in. */
import type { OpenDeployment } from './command.ts';

export function documentHead({
  manifest: { name, environment },
  caller,
  clock,
}: Pick<OpenDeployment, 'manifest' | 'caller' | 'clock'>) {
  return {
    version: 1 as const,
    at: clock.now().toISOString(),
    deployment: { name, environment },
    caller: { ...caller },
  };
}
