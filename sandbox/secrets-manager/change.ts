/** One change of a secret: all of it or nothing, then its label events. */
import type { Backend } from './backend.ts';
import type { Secret, SecretState } from './secret.ts';
import { assertFewLabels } from './versions.ts';

export function changeSecret<T>(
  backend: Pick<Backend, 'clock' | 'serviceEvents'>,
  secret: Secret,
  change: (draft: SecretState, now: Date) => T,
): T {
  const before = secret.state;
  const now = backend.clock.now();
  const result = secret.write(now, (draft) => {
    const done = change(draft, now);
    assertFewLabels(draft);
    return done;
  });
  backend.serviceEvents.labels(secret, before);
  return result;
}
