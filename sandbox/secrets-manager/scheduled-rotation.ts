/** What happens when a secret's rotation window opens. */
import { randomUUID } from 'node:crypto';
import type { Backend } from './backend.ts';
import { changeSecret } from './change.ts';
import type { RotationWindow } from './schedule-expression.ts';
import type { Secret } from './secret.ts';
import { addVersion, moveLabel, PENDING, pendingElsewhere } from './versions.ts';

/** Begins a new rotation, or takes up the one that is not complete, with its token. */
export function rotateOnSchedule(backend: Backend, secret: Secret, window: RotationWindow): void {
  if (backend.rotations.running(secret) !== undefined) {
    return;
  }
  const unfinished = pendingElsewhere(secret.state);
  if (unfinished !== undefined) {
    backend.rotations.start(secret, unfinished.versionId, window.closes);
    return;
  }
  const token = randomUUID();
  changeSecret(backend, secret, (draft, now) => {
    moveLabel(draft, PENDING, addVersion(draft, token, now));
  });
  backend.rotations.start(secret, token, window.closes);
}
