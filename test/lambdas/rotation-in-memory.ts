/** A Rotation and a secret that live in memory, for strategies called directly. */
import { randomBytes } from 'node:crypto';
import type {
  Evidence,
  Intent,
  Rotation,
  RotationStrategy,
  Versions,
} from '../../lambdas/rotation/strategy.ts';

export interface InMemoryRotation<Value> extends Rotation<Value> {
  facts: Evidence[];
}

export function rotation<Value>(
  intent: Intent,
  more: Partial<Rotation<Value>> = {},
): InMemoryRotation<Value> {
  const facts: Evidence[] = [];
  return {
    intent,
    compromised: new Set(),
    rotatedBefore: false,
    provenance: { intent, token: '00000000-0000-0000-0000-000000000001', attributed: true },
    now: new Date('2026-05-17T17:00:02.000Z'),
    random: async (bytes) => randomBytes(bytes),
    companion: async (name) => {
      throw new Error(`no companion ${name}`);
    },
    assertNotSuperseded: async () => undefined,
    evidence: (fact) => facts.push(fact),
    ...more,
    facts,
  };
}

/** One whole rotation, every step after createSecret twice, through the stored text as in the service. */
export async function rotate<Value>(
  strategy: RotationStrategy<Value>,
  versions: Versions<Value>,
  request: Rotation<Value>,
): Promise<Value> {
  const { labelled: _only, ...held } = versions;
  const stored = strategy.serialize(await strategy.createSecret(versions, request));
  const pending = strategy.parse(stored);
  for (let run = 0; run < 2; run += 1) {
    await strategy.setSecret({ ...held, pending }, request);
  }
  for (let run = 0; run < 2; run += 1) {
    await strategy.testSecret({ ...held, pending }, request);
  }
  return pending;
}
