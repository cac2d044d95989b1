/** Native rules: one recurring timer per secret, at the opening of its next window. */
import type { SandboxClock } from '../clock.ts';
import {
  daysUntilNext,
  nextAttempt,
  nextWindow,
  type RotationWindow,
} from './schedule-expression.ts';
import type { Secret, SecretState } from './secret.ts';

export class NativeSchedule {
  readonly #clock: SandboxClock;
  readonly #takeBack = new Map<string, () => void>();
  readonly #rotate: (secret: Secret, window: RotationWindow) => void;

  /** @param rotate starts or takes up the rotation of a secret whose window has opened */
  constructor(clock: SandboxClock, rotate: (secret: Secret, window: RotationWindow) => void) {
    this.#clock = clock;
    this.#rotate = rotate;
  }

  /** "The rotation will occur on or before this date"; none while rotation is off or has no rule. */
  nextRotationDate(state: SecretState): Date | undefined {
    return windowAfterLastRotation(state)?.closes;
  }

  automaticallyAfterDays(state: SecretState): number | undefined {
    const { rotation, cadenceBase } = state;
    return rotation?.rules === undefined ? undefined : daysUntilNext(rotation.rules, cadenceBase);
  }

  /** To be called whenever rule, enablement or last rotation changed. */
  arm(secret: Secret): void {
    this.disarm(secret);
    const window = windowAfterLastRotation(secret.state);
    const rules = secret.state.rotation?.rules;
    if (window === undefined || rules === undefined) {
      return;
    }
    // A date in the past is that of a rotation that keeps failing: its next chance is the next window.
    const late = window.opens <= this.#clock.now();
    this.#set(secret, late ? nextAttempt(rules, this.#clock.now()) : window);
  }

  disarm(secret: Secret): void {
    this.#takeBack.get(secret.arn)?.();
    this.#takeBack.delete(secret.arn);
  }

  #set(secret: Secret, window: RotationWindow): void {
    const fire = async (): Promise<void> => {
      this.arm(secret);
      this.#rotate(secret, window);
    };
    this.#takeBack.set(
      secret.arn,
      this.#clock.at(window.opens, `rotation window of ${secret.name}`, fire, { recurring: true }),
    );
  }
}

function windowAfterLastRotation(state: SecretState): RotationWindow | undefined {
  const { rotation, cadenceBase, deletion } = state;
  if (rotation?.enabled !== true || rotation.rules === undefined || deletion !== undefined) {
    return undefined;
  }
  return nextWindow(rotation.rules, cadenceBase);
}
