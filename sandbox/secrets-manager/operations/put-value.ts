/** Storing a value under a version id: what CreateSecret, PutSecretValue and UpdateSecret share. */
import type { Caller } from '../../service.ts';
import type { Backend } from '../backend.ts';
import { changeSecret } from '../change.ts';
import { exists } from '../errors.ts';
import type { PlainValue } from '../input.ts';
import type { Secret, SecretState } from '../secret.ts';
import {
  addVersion,
  CURRENT,
  labelled,
  moveLabel,
  PENDING,
  pendingElsewhere,
  removeLabel,
} from '../versions.ts';

export interface NewValue {
  token: string;
  value: PlainValue;
  stages: readonly string[];
}

export function tokenInUse(token: string, secret: Secret) {
  return exists(
    `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${secret.arn}.`,
  );
}

/**
 * 1. the version does not exist: it is made
 * 2. it exists without value (AWSPENDING's placeholder): it is filled
 * 3. it holds the same value: success, nothing changes (the service decrypts to compare)
 * 4. it holds another value: ResourceExistsException
 *
 * A put that moves AWSCURRENT also ends a rotation under way, and takes AWSPENDING off. The first value of a secret
 * becomes AWSCURRENT, whatever labels were asked for.
 */
export function putValue(backend: Backend, caller: Caller, secret: Secret, put: NewValue): void {
  const existing = secret.state.versions.get(put.token)?.value;
  if (existing !== undefined) {
    const stored = backend.values.open(caller, secret, existing);
    if (stored.kind !== put.value.kind || !stored.bytes.equals(put.value.bytes)) {
      throw tokenInUse(put.token, secret);
    }
    return;
  }
  const { kmsKeyId, versions } = secret.state;
  // "If this operation creates the first version for the secret, then Secrets Manager automatically attaches the staging
  // label AWSCURRENT to it" (API_PutSecretValue); AWSPENDING's placeholder is no version yet (API_DescribeSecret).
  const isFirst = [...versions.values()].every((version) => version.value === undefined);
  const stages = isFirst ? [...new Set([...put.stages, CURRENT])] : put.stages;
  const value = backend.values.seal(caller, secret.arn, kmsKeyId, put.token, put.value);
  const pending = pendingElsewhere(secret.state);
  changeSecret(backend, secret, (draft, now) => {
    const version = draft.versions.get(put.token) ?? addVersion(draft, put.token, now);
    version.value = value;
    for (const stage of stages) {
      moveLabel(draft, stage, version);
    }
    if (stages.includes(CURRENT)) {
      // "Manually updating the secret value … is considered a valid rotation" (RotationRulesType).
      draft.cadenceBase = now;
      takePendingFromOthers(draft, put.token);
    }
  });
  if (stages.includes(CURRENT)) {
    backend.schedule.arm(secret);
    if (pending !== undefined && pending.versionId !== put.token) {
      backend.rotations.abandon(secret, pending.versionId);
    }
  }
}

function takePendingFromOthers(draft: SecretState, versionId: string): void {
  const pending = labelled(draft, PENDING);
  if (pending !== undefined && pending.versionId !== versionId) {
    removeLabel(draft, PENDING, pending);
  }
}
