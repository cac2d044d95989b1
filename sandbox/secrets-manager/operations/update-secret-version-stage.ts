import type { Operation } from '../../service.ts';
import { checkSecret } from '../access.ts';
import type { Backend } from '../backend.ts';
import { changeSecret } from '../change.ts';
import { invalidParameter, notFound } from '../errors.ts';
import { requiredString, secretId, versionId } from '../input.ts';
import type { SecretState, SecretVersion } from '../secret.ts';
import { CURRENT, labelled, moveLabel, PENDING, removeLabel } from '../versions.ts';

export function updateSecretVersionStage(backend: Backend): Operation {
  return {
    authorize: (input) => [
      checkSecret('UpdateSecretVersionStage', backend.store.get(secretId(input)), input, {
        'secretsmanager:VersionStage': requiredString(input, 'VersionStage', 1, 256),
      }),
    ],
    run: async (input) => {
      const label = requiredString(input, 'VersionStage', 1, 256);
      const removeFrom = versionId(input, 'RemoveFromVersionId');
      const moveTo = versionId(input, 'MoveToVersionId');
      const secret = backend.store.live(secretId(input));
      if (removeFrom === undefined && moveTo === undefined) {
        throw invalidParameter(
          'You must specify RemoveFromVersionId, MoveToVersionId or both to change a staging label.',
        );
      }
      assertMove(secret.state, label, removeFrom, moveTo);
      const holder = labelled(secret.state, label)?.versionId;
      if (holder !== moveTo) {
        changeSecret(backend, secret, (draft) => {
          apply(draft, label, removeFrom, moveTo);
          // The user guide's finishSecret: the move of a rotation. Outside of one both labels stay (as recorded).
          const ofRotation = moveTo !== undefined && backend.rotations.running(secret) === moveTo;
          if (
            label === CURRENT &&
            ofRotation &&
            backend.behaviour.pendingEndState === 'withTheMove'
          ) {
            removeLabel(draft, PENDING, valueVersion(draft, moveTo));
          }
        });
      }
      return { ARN: secret.arn, Name: secret.name };
    },
  };
}

/** The parameter text of RemoveFromVersionId is a compare and swap: the label must be where one says. */
function assertMove(
  state: SecretState,
  label: string,
  removeFrom: string | undefined,
  moveTo: string | undefined,
): void {
  const holder = labelled(state, label)?.versionId;
  if (moveTo !== undefined) {
    valueVersion(state, moveTo);
    if (holder !== undefined && holder !== moveTo && holder !== removeFrom) {
      throw invalidParameter(
        `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
      );
    }
  }
  if (removeFrom !== undefined && removeFrom !== holder) {
    if (state.versions.get(removeFrom) === undefined) {
      throw versionNotFound(removeFrom);
    }
    throw invalidParameter(
      `Staging label ${label} is not currently attached to version ${removeFrom}.`,
    );
  }
  if (label === CURRENT && moveTo === undefined) {
    throw invalidParameter(
      "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
    );
  }
}

function apply(
  draft: SecretState,
  label: string,
  removeFrom: string | undefined,
  moveTo: string | undefined,
): void {
  if (moveTo === undefined) {
    const from = draft.versions.get(removeFrom ?? '');
    if (from !== undefined) {
      removeLabel(draft, label, from);
    }
    return;
  }
  moveLabel(draft, label, valueVersion(draft, moveTo));
}

/** A placeholder has no value to point at: it is no version yet. */
function valueVersion(state: SecretState, id: string): SecretVersion {
  const version = state.versions.get(id);
  if (version?.value === undefined) {
    throw versionNotFound(id);
  }
  return version;
}

function versionNotFound(id: string) {
  return notFound(`Secrets Manager can't find the specified secret value for VersionId: ${id}`);
}
