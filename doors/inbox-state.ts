/**
 * What became of the value that lies in an inbox, from labels and records: one answer for the schedule and whoever
 * looks. No value is read.
 */
import type { InboxManifestSecret } from '../domain/config/manifest.ts';
import type { FailureNote } from '../domain/events/control-records.ts';
import { inboxToken } from '../domain/policy/derived-token.ts';
import {
  currentVersion,
  previousVersion,
  type VersionIdsToStages,
} from '../domain/policy/labels.ts';
import { type Asked, type AskingDoors, askForRotation } from './ask-for-rotation.ts';
import type { ControlTableDoor } from './control-table.ts';
import type { SecretsManagerDoor } from './secrets-manager.ts';

export type InboxState =
  /** Nobody has put a value yet. */
  | { readonly state: 'empty' }
  /** A rotation took it. */
  | { readonly state: 'taken'; readonly versionId: string }
  /** A rotation was asked for, and is under way or refused it. */
  | { readonly state: 'asked'; readonly versionId: string; readonly failure?: FailureNote }
  /** No rotation was ever asked to take it. */
  | { readonly state: 'waits'; readonly versionId: string };

/** @param own labels of the secret. @param inbox labels of its inbox */
export async function inboxStateOf(
  { controlTable }: { controlTable: Pick<ControlTableDoor, 'getRotation'> },
  { name }: Pick<InboxManifestSecret, 'name'>,
  own: VersionIdsToStages,
  inbox: VersionIdsToStages,
): Promise<InboxState> {
  const versionId = currentVersion(inbox);
  // The first version is the deployment's: the marker of a new secret.
  if (versionId === undefined || previousVersion(inbox) === undefined) return { state: 'empty' };
  const [asked, ...made] = await Promise.all(
    [inboxToken(name, versionId), currentVersion(own), previousVersion(own)].map((token) =>
      token === undefined ? undefined : controlTable.getRotation(name, token),
    ),
  );
  const isTaken = made.some((record) =>
    record?.evidence.some(
      ({ fact, detail }) => fact === 'inboxRead' && detail?.versionId === versionId,
    ),
  );
  if (isTaken || asked?.steps.finishSecret !== undefined) return { state: 'taken', versionId };
  if (asked === undefined) return { state: 'waits', versionId };
  return { state: 'asked', versionId, ...(asked.failure && { failure: asked.failure }) };
}

/**
 * Asks for the rotation that takes this version of an inbox; whoever asks, the event or the schedule, asks with one
 * token, so that one rotation starts.
 */
export async function askFromInbox(
  doors: AskingDoors & { secretsManager: Pick<SecretsManagerDoor, 'describe'> },
  secret: InboxManifestSecret,
  versionId: string,
): Promise<Asked> {
  const description = await doors.secretsManager.describe(secret.name);
  return askForRotation(doors, secret, description, {
    token: inboxToken(secret.name, versionId),
    requestedBy: 'inbox',
    reason: `version ${versionId} of ${secret.inbox.name}`,
  });
}
