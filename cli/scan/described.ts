/** A value that was found, in the words of the report. */
import type { ScanFinding } from '../../domain/reports/scan-report.ts';
import type { Found } from './content-scan.ts';
import type { KnownValue } from './known-values.ts';

export const described = ({
  value,
  part,
  spellings,
}: Found): Omit<ScanFinding, 'place' | 'times'> => ({
  kind: 'value',
  deployment: value.deployment,
  secret: value.secret.name,
  key: value.secret.key,
  what: value.what,
  state: stateOf(value),
  versions: value.versions,
  part,
  spellings,
});

/** A key that readers refuse opens nothing any more, whatever label its version has. */
const refused: ReadonlySet<string> = new Set(['disabled', 'revoked', 'pruned']);

function stateOf({ versions }: KnownValue): NonNullable<ScanFinding['state']> {
  const used = versions.filter(({ state }) => state === undefined || !refused.has(state));
  const has = (label: string) => used.some(({ labels }) => labels.includes(label));
  if (has('AWSCURRENT')) return 'live';
  if (has('AWSPREVIOUS')) return 'previous';
  return has('AWSPENDING') ? 'pending' : 'old';
}
