/**
 * May a rotation after which a consumer is not well be taken back without anybody deciding it? Restored is what was
 * in use before, and every consumer is started again for it, so this must never go round in circles.
 *
 * Once for every material, only after a planned rotation, only when the consumer was well before it, and never to
 * what is compromised. Everything else stops and waits for a person.
 */

export interface Unwell {
  readonly consumer: string;
  /** `unhealthy`: the consumer's own; anything else says nothing about it. */
  readonly state: string;
  /** Before anything was done to it for this version; undefined: nobody knows. */
  readonly wasHealthy?: boolean | undefined;
  readonly reason: string;
}

export interface RollBackFacts {
  readonly intent: 'planned' | 'activate' | 'rollback' | 'emergency';
  readonly onFailure: 'rollBack' | 'stop';
  /** Consumers were stopped, and every row is under the new key. */
  readonly maintenance: boolean;
  /** At least one. */
  readonly unwell: readonly Unwell[];
  /** What it would go back to; absent: the secret had no value before. */
  readonly restored?: { readonly versionId: string; readonly material: string } | undefined;
  /** Material, by id. */
  readonly compromised: ReadonlySet<string>;
  /** The new material was rolled back from before, by itself. */
  readonly rolledBackBefore: boolean;
}

export type RollBackDecision =
  | { readonly rollBack: true; readonly consumer: string; readonly reason: string }
  /** Why not, as the end of a sentence. */
  | { readonly rollBack: false; readonly because: string };

export function mayRollBack(facts: RollBackFacts): RollBackDecision {
  const because = (text: string) => ({ rollBack: false as const, because: text });
  const { intent, onFailure, maintenance, unwell, restored, compromised } = facts;
  if (intent === 'rollback') return because('this is a rollback, and none follows another');
  if (intent === 'emergency') return because('an emergency is never taken back');
  if (onFailure === 'stop') return because('the deployment says onFailure: "stop"');
  if (maintenance) return because('every row is under the new key already (maintenance mode)');

  const itsOwn = unwell.filter(({ state }) => state === 'unhealthy');
  if (itsOwn.length === 0) {
    return because('the consumer itself did not fail: nothing is known of it');
  }
  const turned = itsOwn.find(({ wasHealthy }) => wasHealthy === true);
  if (turned === undefined) {
    return because(
      itsOwn.some(({ wasHealthy }) => wasHealthy === false)
        ? 'it was not well before anything was done to it, either'
        : 'nobody knows whether it was well before anything was done to it',
    );
  }
  if (facts.rolledBackBefore) return because('this material was rolled back from once already');
  if (restored === undefined)
    return because('there is nothing to go back to: it is the first value');
  if (compromised.has(restored.material)) {
    return because(`what it would go back to (${restored.material}) is compromised`);
  }
  return { rollBack: true, consumer: turned.consumer, reason: turned.reason };
}
