/**
 * A target that accepts one credential at a time, as a role with one password does: what it accepts and no labelled
 * version holds is lost for good. The core must never let that happen, whatever fails.
 */
import type { Rotation, Versions } from '../../lambdas/rotation/strategy.ts';
import { PlainStrategy, type PlainValue } from '../in-process/plain-strategy.ts';

export class OneLoginStrategy extends PlainStrategy {
  override async setSecret(versions: Versions<PlainValue>, rotation: Rotation<PlainValue>) {
    this.accepted.clear();
    await super.setSecret(versions, rotation);
  }
}
