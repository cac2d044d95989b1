/**
 * The smallest strategy there is: a value is `{ id, published? }`, and its target is a set of ids in memory.
 * It shows the core's protocol without a domain.
 */
import type { Rotation, RotationStrategy, Versions } from '../../lambdas/rotation/strategy.ts';

export interface PlainValue {
  id: string;
  published?: string;
}

export class PlainStrategy implements RotationStrategy<PlainValue> {
  /** What the target accepts. */
  readonly accepted = new Set<string>();
  readonly calls: { step: string; versions: Versions<PlainValue>; intent: string }[] = [];
  /** Set by a test: the next planned rotation publishes its key instead of using it. */
  publishes = false;
  /** Set by a test: thrown by the named step. */
  failing: { step: string; error: Error } | undefined;

  parse(secretString: string): PlainValue {
    return JSON.parse(secretString);
  }

  serialize(value: PlainValue): string {
    return JSON.stringify(value);
  }

  material({ id, published }: PlainValue) {
    return { primary: id, all: [id], ...(published && { published }) };
  }

  async createSecret(versions: Versions<PlainValue>, rotation: Rotation<PlainValue>) {
    this.#called('createSecret', versions, rotation);
    const { current } = versions;
    if (rotation.intent === 'rollback') {
      return { id: rotation.restore?.id ?? '' };
    }
    if (rotation.intent === 'activate') {
      return { id: rotation.activateKid ?? '' };
    }
    const id = (await rotation.random(8)).toString('hex');
    return this.publishes && current && rotation.intent === 'planned'
      ? { id: current.id, published: id }
      : { id };
  }

  async setSecret(versions: Versions<PlainValue>, rotation: Rotation<PlainValue>) {
    this.#called('setSecret', versions, rotation);
    this.accepted.add(versions.pending?.id ?? '');
    rotation.evidence({ fact: 'accepted' });
  }

  async testSecret(versions: Versions<PlainValue>, rotation: Rotation<PlainValue>) {
    this.#called('testSecret', versions, rotation);
    if (!this.accepted.has((versions.pending ?? versions.current)?.id ?? '')) {
      throw Object.assign(new Error('The target refuses this value; set it first.'), {
        name: 'LoginRefusedError',
        code: 'ERR_ROTATION_LOGIN_REFUSED',
      });
    }
  }

  #called(step: string, versions: Versions<PlainValue>, rotation: Rotation<PlainValue>): void {
    this.calls.push({ step, versions, intent: rotation.intent });
    if (this.failing?.step === step) {
      throw this.failing.error;
    }
  }
}
