import { type Caller, type Operation, ServiceException } from '../../service.ts';
import { checkAccount } from '../access.ts';
import type { Backend } from '../backend.ts';
import { invalidParameter } from '../errors.ts';
import { optionalList, requiredString } from '../input.ts';
import { checkValue, find, readValue } from './get-secret-value.ts';
import { page } from './paging.ts';
import { secretFilters } from './secret-filters.ts';

/** AWSCURRENT of up to 20 secrets, each with the caller's own right to it; refusals are listed, not thrown. */
export function batchGetSecretValue(backend: Backend): Operation {
  return {
    authorize: () => [checkAccount('BatchGetSecretValue')],
    run: async (input, caller) => {
      const ids = optionalList(input, 'SecretIdList', 1, 20, (id) =>
        requiredString({ SecretId: id }, 'SecretId'),
      );
      const filtered = input.Filters !== undefined && input.Filters !== null;
      if ((ids === undefined) === !filtered) {
        throw invalidParameter('You must specify either Filters or SecretIdList, but not both.');
      }
      const wanted = secretFilters(input);
      const found =
        ids ??
        backend.store
          .all()
          .filter((secret) => secret.state.deletion === undefined && wanted(secret, secret.state))
          .map((secret) => secret.arn);
      const { items, next } = page(input, found, 20);
      const answers = items.map((id) => read(backend, caller, id));
      return {
        SecretValues: answers.flatMap((answer) => answer.value ?? []),
        Errors: answers.flatMap((answer) => answer.error ?? []),
        ...next,
      };
    },
  };
}

function read(
  backend: Backend,
  caller: Caller,
  id: string,
): { value?: Record<string, unknown>; error?: Record<string, unknown> } {
  try {
    const secret = backend.store.live(id);
    backend.iam.authorize(caller, checkValue(secret, { SecretId: id }));
    const version = find(secret.read(), undefined, undefined);
    const value = readValue(backend, caller, secret, version);
    backend.trail?.secretRead({ caller, secretId: id });
    return { value };
  } catch (error) {
    if (!(error instanceof ServiceException)) {
      throw error;
    }
    backend.trail?.secretRead({ caller, secretId: id, error });
    return { error: { SecretId: id, ErrorCode: error.code, Message: error.message } };
  }
}
