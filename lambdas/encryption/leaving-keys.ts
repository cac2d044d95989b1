/** Keys that leave with a planned rotation: what the control table and the keyset know, put to the policy. */
import { leavingKeys, type Ruling } from '../../domain/policy/prune.ts';
import type { Keyset } from '../../domain/secrets/keyset.ts';
import { type Leaving, left } from '../../domain/secrets/leaving.ts';
import type { Evidence, Gone, Rotation, Rows } from '../rotation/strategy.ts';
import type { EncryptionValue } from './encryption-strategy.ts';

/** Days the longest-lived copy of a row is kept; `forever`: no key is ever pruned. */
export type Retention = number | 'forever';

/** The policy's rulings over a keyset, and why the others stay, as facts. */
export function leavingOf(
  rows: Rows,
  { retentionDays, scope }: { retentionDays: Retention; scope: string },
  rotation: Pick<Rotation<EncryptionValue>, 'now' | 'evidence'>,
): (keyset: Keyset) => Leaving {
  return ({ keys }) => {
    const { job, zeroProofs } = rows;
    const rulings = leavingKeys({ keys, job, zeroProofs, scope, retentionDays, now: rotation.now });
    const leaving = new Map<string, 'disable' | 'prune'>();
    for (const ruling of rulings) {
      if (ruling.act !== 'stay') {
        leaving.set(ruling.kid, ruling.act);
      } else if (ruling.why !== 'inUse') {
        rotation.evidence(stays(ruling, keys));
      }
    }
    return leaving;
  };
}

function stays({ kid, why }: Ruling & { act: 'stay' }, keys: Keyset['keys']): Evidence {
  const state = keys.find((entry) => entry.kid === kid)?.state ?? '';
  return { fact: 'keyNotPruned', detail: { kid, state, reason: why } };
}

/** What left with this value, read off the two values: a step that is repeated says the same. */
export function leftWith(
  current: EncryptionValue | undefined,
  pending: EncryptionValue,
): Evidence[] {
  if (current?.shape !== 'keyset' || pending.shape !== 'keyset') {
    return [];
  }
  const { disabled, pruned } = left(current.keyset, pending.keyset);
  return [
    ...disabled.map((kid) => ({ fact: 'keyDisabled', detail: { kid } })),
    ...pruned.map((kid) => ({ fact: 'keyPruned', detail: { kid } })),
  ];
}

/** The tombstones. */
export function goneKeys(value: EncryptionValue): Gone[] {
  return value.shape === 'plain'
    ? []
    : value.keyset.keys.flatMap(({ kid, createdAt, prunedAt, adopted }) =>
        prunedAt === undefined
          ? []
          : [{ material: kid, createdAt, prunedAt, ...(adopted && { adopted }) }],
      );
}

/** A plain value is from before the first rotation: its one key is the one that was adopted. */
export function holdsKey(value: EncryptionValue, { material, adopted }: Gone): boolean {
  return value.shape === 'plain'
    ? adopted === true
    : value.keyset.keys.some(({ kid, key }) => kid === material && key !== undefined);
}
