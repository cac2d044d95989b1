import type { Operation } from '../../service.ts';
import { checkAccount } from '../access.ts';
import type { Backend } from '../backend.ts';
import { invalidParameter } from '../errors.ts';
import { optionalBoolean, optionalString } from '../input.ts';
import type { Secret, SecretState } from '../secret.ts';
import { metadata, stages } from './describe-secret.ts';
import { page } from './paging.ts';
import { secretFilters } from './secret-filters.ts';

type Order = (secret: Secret, state: SecretState) => number | string;

const ORDERS: Readonly<Record<string, Order>> = {
  'created-date': (secret) => secret.created.getTime(),
  'last-accessed-date': (secret) => secret.lastAccessed?.getTime() ?? 0,
  'last-changed-date': (_, state) => state.lastChanged.getTime(),
  name: (secret) => secret.name,
};

export function listSecrets(backend: Backend): Operation {
  return {
    authorize: () => [checkAccount('ListSecrets')],
    run: async (input) => {
      const wanted = secretFilters(input);
      const planned = optionalBoolean(input, 'IncludePlannedDeletion') ?? false;
      const by = optionalString(input, 'SortBy') ?? 'created-date';
      const order = ORDERS[by];
      if (order === undefined) {
        throw invalidParameter(`SortBy ${by} is not one of ${Object.keys(ORDERS).join(', ')}.`);
      }
      const descending = optionalString(input, 'SortOrder') !== 'asc';
      const stale = backend.takeStaleListing();
      const found = backend.store
        .all()
        .map((secret) => ({ secret, state: stale ? secret.beforeLastWrite : secret.state }))
        .filter(({ state }) => planned || state.deletion === undefined)
        .filter(({ secret, state }) => wanted(secret, state))
        .sort((a, b) => compare(order(a.secret, a.state), order(b.secret, b.state)));
      const { items, next } = page(input, descending ? found.reverse() : found);
      return {
        SecretList: items.map(({ secret, state }) => ({
          ...metadata(backend, secret, state),
          // Named otherwise than in DescribeSecret.
          SecretVersionsToStages: stages(state),
        })),
        ...next,
      };
    },
  };
}

function compare(a: number | string, b: number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
