/** Keys, values and an engine over them. Nothing here starts anything, so that a process of its own may use it. */
import { createHash, createSecretKey } from 'node:crypto';
import type { Binding } from '../../../domain/ciphertext/format.ts';
import { CipherKey, KeyRing } from '../../../domain/ciphertext/keys.ts';
import { qt1 } from '../../../domain/ciphertext/qt1.ts';
import { defaultThrottle } from '../../../domain/policy/throttle.ts';
import type { Clock } from '../../../doors/clock.ts';
import { pooledRandom } from '../../../doors/pooled-random.ts';
import { bulkPostgres } from '../../../doors/postgres/bulk-session.ts';
import type { Credential, Endpoint } from '../../../doors/postgres/door.ts';
import { declaredCipher } from '../../../lambdas/reencryption/cipher.ts';
import type { ReencryptedColumn } from '../../../lambdas/reencryption/column.ts';
import type { PlanLimits } from '../../../lambdas/reencryption/plan.ts';
import type { Engine } from '../../../lambdas/reencryption/worker.ts';

/** Where the rows are, and the engine's login role. */
export interface Place {
  endpoint: Endpoint;
  worker: Credential;
}

function keyOf(name: string): CipherKey {
  const bytes = createHash('sha256').update(name).digest();
  const kid = createHash('sha256')
    .update('quarterturn kid v1')
    .update(bytes)
    .digest('hex')
    .slice(0, 16);
  return new CipherKey({ kid, key: createSecretKey(bytes) });
}
export const k1 = keyOf('the first key');
export const k2 = keyOf('the second key');
export const k3 = keyOf('the third key');

const random = pooledRandom();

export function columnOf(id: string, more: Partial<ReencryptedColumn> = {}): ReencryptedColumn {
  const [table = '', column = ''] = id.split('.');
  return { id, table: `public.${table}`, column, format: 'qt1', profile: 'column', ...more };
}

export function bound(
  id: string,
  profile: 'none' | 'column' | 'row' = 'column',
  row: string[] = [],
): Binding {
  return profile === 'none'
    ? { profile }
    : profile === 'column'
      ? { profile, column: id }
      : { profile, column: id, row };
}

export function sealed(plaintext: string, key: CipherKey, binding: Binding): string {
  return qt1.seal(Buffer.from(plaintext), key, binding, random, { nested: true });
}

export function opened(stored: string, binding: Binding, keys = new KeyRing([k1, k2, k3])): string {
  return qt1.open(stored, keys, binding).plaintext.toString();
}

/** Stands still unless told otherwise; sleeping only moves it. */
export function stillClock(): Clock & { slept: number[] } {
  let now = Date.UTC(2026, 4, 17, 17);
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(now),
    sleep: async (milliseconds) => {
      slept.push(milliseconds);
      now += milliseconds;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

export const planAll: PlanLimits = { rowsPerRange: 400, rowsCutExactly: 1_000_000 };

export type EngineChanges = Partial<Omit<Engine, 'limits'>> & {
  limits?: Partial<Engine['limits']>;
};

export function engineOf(
  { endpoint, worker }: Place,
  columns: readonly ReencryptedColumn[],
  more: EngineChanges = {},
): Engine {
  return {
    door: bulkPostgres,
    endpoint,
    credential: worker,
    clock: stillClock(),
    columns,
    cipherOf: declaredCipher,
    keys: new KeyRing([k1, k2, k3]),
    random: pooledRandom(),
    ...more,
    limits: {
      rows: 250,
      bytes: 4_000_000,
      strides: 8,
      lockTimeout: 2_000,
      leaseSeconds: 60,
      statementTimeout: 15_000,
      quarantined: 1_000,
      tries: 5,
      throttle: defaultThrottle,
      ...more.limits,
    },
  };
}

export const later = new Date(Date.UTC(2030, 0));
