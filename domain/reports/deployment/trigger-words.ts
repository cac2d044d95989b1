/** What set a rotation off, in words. */
import type { Provenance } from '../../events/control-records.ts';
import type { RotationEntry } from '../deployment-report.ts';

type Known = Pick<Provenance, 'attributed' | 'requestedBy' | 'reason' | 'backstopProbably'>;

export function triggerOf(provenance: Known): NonNullable<RotationEntry['trigger']> {
  const { attributed, requestedBy, reason } = provenance;
  return {
    attributed,
    ...(requestedBy !== undefined && { by: requestedBy }),
    ...(reason !== undefined && { reason }),
    words: wordsFor(provenance),
  };
}

function wordsFor({ attributed, requestedBy, backstopProbably }: Known): string {
  if (!attributed || requestedBy === undefined) {
    return backstopProbably === true
      ? 'probably Secrets Manager’s own rule, the backstop'
      : 'the console, or Secrets Manager’s own rule: nobody was recorded';
  }
  if (requestedBy === 'cadence') return 'the schedule';
  if (requestedBy === 'after-rotation') return 'the rotation that published the key';
  return principal(requestedBy);
}

/** `arn:aws:sts::123456789012:assumed-role/on-call/mara` → `on-call/mara`; the whole of it stays in `by`. */
const principal = (name: string): string =>
  /^arn:[^:]*:(?:iam|sts):[^:]*:\d*:(?:assumed-role\/)?(.+)$/.exec(name)?.[1] ?? name;
