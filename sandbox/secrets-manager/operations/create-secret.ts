import type { Caller, Operation } from '../../service.ts';
import type { Backend } from '../backend.ts';
import { exists, invalidRequest, validation } from '../errors.ts';
import {
  type Input,
  optionalString,
  requestToken,
  requiredString,
  secretValue,
  tagList,
} from '../input.ts';
import type { Secret } from '../secret.ts';
import { CURRENT } from '../versions.ts';
import { putValue } from './put-value.ts';

export function createSecret(backend: Backend): Operation {
  return {
    authorize: (input) => [
      {
        action: 'secretsmanager:CreateSecret',
        resource: backend.store.futureArn(requiredString(input, 'Name', 1, 512)),
        context: creationContext(input),
      },
    ],
    run: async (input, caller) => {
      const token = requestToken(input);
      const secret = create(backend, caller, input, token);
      return {
        ARN: secret.arn,
        Name: secret.name,
        ...(secret.state.versions.size === 0 ? {} : { VersionId: token }),
      };
    },
  };
}

/** @param suffix the six characters of the ARN, for a secret that stood before the stack */
export function create(
  backend: Backend,
  caller: Caller,
  input: Input,
  token: string,
  suffix?: string,
): Secret {
  const name = requiredString(input, 'Name', 1, 512);
  if (!/^[A-Za-z0-9/_+=.@!-]+$/.test(name)) {
    throw validation(
      'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
    );
  }
  const value = secretValue(input);
  const existing = backend.store.named(name);
  if (existing !== undefined) {
    return again(backend, caller, existing, input, token);
  }
  const description = optionalString(input, 'Description', 0);
  const kmsKeyId = optionalString(input, 'KmsKeyId', 0);
  const tags = tagList(input) ?? [];
  const secret = backend.store.add(name, backend.clock.now(), suffix);
  try {
    secret.write(backend.clock.now(), (draft) => {
      draft.tags = new Map(tags.map((tag) => [tag.key, tag.value]));
      if (description !== undefined) {
        draft.description = description;
      }
      if (kmsKeyId !== undefined && kmsKeyId !== '') {
        draft.kmsKeyId = kmsKeyId;
      }
    });
    if (value !== undefined) {
      putValue(backend, caller, secret, { token, value, stages: [CURRENT] });
    }
  } catch (error) {
    backend.store.remove(secret);
    throw error;
  }
  return secret;
}

/** The same creation once more (same token, same value) succeeds; any other is refused. */
function again(
  backend: Backend,
  caller: Caller,
  secret: Secret,
  input: Input,
  token: string,
): Secret {
  if (secret.state.deletion !== undefined) {
    throw invalidRequest(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  const stored = secret.state.versions.get(token)?.value;
  const value = secretValue(input);
  if (stored !== undefined && value !== undefined) {
    const plain = backend.values.open(caller, secret, stored);
    if (plain.kind === value.kind && plain.bytes.equals(value.bytes)) {
      return secret;
    }
  }
  throw exists(`The operation failed because the secret ${secret.name} already exists.`);
}

function creationContext(input: Input): Record<string, string | readonly string[]> {
  const tags = tagList(input) ?? [];
  return {
    'secretsmanager:Name': String(input.Name),
    ...(typeof input.KmsKeyId === 'string' ? { 'secretsmanager:KmsKeyId': input.KmsKeyId } : {}),
    ...Object.fromEntries(tags.map((tag) => [`aws:RequestTag/${tag.key}`, tag.value])),
    ...(tags.length > 0 ? { 'aws:TagKeys': tags.map((tag) => tag.key) } : {}),
  };
}
