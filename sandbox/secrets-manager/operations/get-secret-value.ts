import type { AccessCheck, Caller, Operation } from '../../service.ts';
import { checkSecret } from '../access.ts';
import type { Backend } from '../backend.ts';
import { invalidRequest, notFound } from '../errors.ts';
import { type Input, optionalString, secretId, versionId } from '../input.ts';
import type { SealedValue, Secret, SecretState, SecretVersion } from '../secret.ts';
import { CURRENT, labelled } from '../versions.ts';

export function getSecretValue(backend: Backend): Operation {
  return {
    authorize: (input) => [checkValue(backend.store.get(secretId(input)), input)],
    run: async (input, caller) => {
      const id = versionId(input, 'VersionId');
      const stage = optionalString(input, 'VersionStage', 1, 256);
      const secret = backend.store.live(secretId(input));
      const version = find(secret.read(), id, stage);
      return readValue(backend, caller, secret, version);
    },
  };
}

export function checkValue(secret: Secret, input: Input): AccessCheck {
  return checkSecret('GetSecretValue', secret, input, {
    ...(typeof input.VersionId === 'string' ? { 'secretsmanager:VersionId': input.VersionId } : {}),
    ...(typeof input.VersionStage === 'string'
      ? { 'secretsmanager:VersionStage': input.VersionStage }
      : {}),
  });
}

export type ReadableVersion = SecretVersion & { value: SealedValue };

export function readValue(
  backend: Backend,
  caller: Caller,
  secret: Secret,
  version: ReadableVersion,
): Record<string, unknown> {
  const plain = backend.values.open(caller, secret, version.value);
  const now = backend.clock.now();
  secret.lastAccessed = now;
  version.lastAccessed = now;
  return {
    ARN: secret.arn,
    Name: secret.name,
    VersionId: version.versionId,
    ...(plain.kind === 'string'
      ? { SecretString: plain.bytes.toString('utf8') }
      : { SecretBinary: plain.bytes.toString('base64') }),
    ...(version.labels.size === 0 ? {} : { VersionStages: [...version.labels] }),
    CreatedDate: version.created.getTime() / 1000,
  };
}

/** A version without value is not there: neither by its label nor by its id. */
export function find(
  state: SecretState,
  id: string | undefined,
  stage: string | undefined,
): ReadableVersion {
  if (id === undefined) {
    const label = stage ?? CURRENT;
    return readable(labelled(state, label)) ?? missingStage(label);
  }
  const version = state.versions.get(id);
  if (version === undefined) {
    return missingId(id);
  }
  if (stage !== undefined && !version.labels.has(stage)) {
    throw invalidRequest(
      'You provided a VersionStage that is not associated to the provided VersionId.',
    );
  }
  return readable(version) ?? (stage === undefined ? missingId(id) : missingStage(stage));
}

function readable(version: SecretVersion | undefined): ReadableVersion | undefined {
  return version?.value === undefined ? undefined : (version as ReadableVersion);
}

function missingStage(label: string): never {
  throw notFound(
    `Secrets Manager can't find the specified secret value for staging label: ${label}`,
  );
}

function missingId(id: string): never {
  throw notFound(`Secrets Manager can't find the specified secret value for VersionId: ${id}`);
}
