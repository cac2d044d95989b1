/**
 * Somebody put a value into the inbox of a user-managed secret: asks for the rotation that takes it, as the
 * terminal would, once for each version of the inbox.
 *
 * What keeps it waiting is thrown: Lambda calls again, twice within minutes, by when another rotation and its
 * AfterRotation are over; after that the event lies among the dead letters, and the cadence tells of the value that
 * waits.
 */
import type { InboxManifestSecret } from '../../domain/config/manifest.ts';
import { inboxToken } from '../../domain/policy/derived-token.ts';
import { currentVersion, previousVersion } from '../../domain/policy/labels.ts';
import { askFromInbox } from '../../doors/inbox-state.ts';
import type { StarterDoors } from './start.ts';

export class InboxWaitsError extends Error {
  override readonly name = 'InboxWaitsError';
  readonly code: `ERR_ROTATION_${string}`;
  constructor(code: `ERR_ROTATION_${string}`, message: string) {
    super(`The value in the inbox waits: ${message}`);
    this.code = code;
  }
}

/** @throws InboxWaitsError when its rotation cannot begin now */
export async function rotateFromInbox(
  doors: StarterDoors,
  secret: InboxManifestSecret,
  inboxArn: string,
): Promise<'rotationStarted' | 'alreadyStarted' | 'uninitialised'> {
  const inbox = (await doors.secretsManager.describe(inboxArn)).versionIdsToStages;
  const versionId = currentVersion(inbox);
  // The first version is the deployment's: the marker of a new secret.
  if (versionId === undefined || previousVersion(inbox) === undefined) return 'uninitialised';

  const token = inboxToken(secret.name, versionId);
  if ((await doors.controlTable.getRotation(secret.name, token)) !== undefined) {
    return 'alreadyStarted';
  }
  const asked = await askFromInbox(doors, secret, versionId);
  switch (asked.outcome) {
    case 'started':
      return 'rotationStarted';
    case 'inProgress':
      throw new InboxWaitsError(
        'ERR_ROTATION_IN_PROGRESS',
        'another rotation is in progress; expected none. It is asked for again.',
      );
    case 'refused':
      throw new InboxWaitsError(asked.refusal.code, asked.refusal.message);
  }
}
