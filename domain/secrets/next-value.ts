/**
 * From the versions a secret has to the value it gets next: one way for both kinds of keyset.
 *
 * | intent    | no value yet            | plain value                       | keyset                     |
 * |-----------|-------------------------|-----------------------------------|----------------------------|
 * | planned   | first key, primary      | adopt it, publish a new key       | publish a new key          |
 * | activate  | refused                 | refused                           | published becomes primary  |
 * | rollback  | refused                 | refused                           | earlier key, or withdraw   |
 * | emergency | first key, primary      | adopt it as leaked, new primary   | union, all leaked, new one |
 *
 * "No value yet" and "plain value" hold only when no version ever was a keyset.
 */
import type { Buffer } from 'node:buffer';
import { keyFromRandom, randomBytesNeeded } from './encoding.ts';
import { DevelopmentFallbackError, TransitionRefusedError, ValueTooLargeError } from './errors.ts';
import { developmentFallback } from './fallbacks.ts';
import { isTombstone } from './key-states.ts';
import { type Keyset, type KeysetRotation, primaryOf } from './keyset.ts';
import { kidFromRandom } from './kid.ts';
import { type Leaving, leave } from './leaving.ts';
import {
  type KeysetSettings,
  type KeysetValue,
  type OtherMembers,
  type PlainValue,
  type SecretValue,
  serializedBytes,
} from './secret-value.ts';
import { maximumValueBytes } from './strict-json.ts';
import {
  activate,
  adoptedKeyset,
  emergency,
  firstKeyset,
  publish,
  rollback,
  type Step,
} from './transitions.ts';
import { assertNothingLost, keysetLost, union, withWithdrawn } from './union.ts';

/** Planned rotations stop here, in bytes, so that an emergency still fits. */
export const plannedBytes = 48 * 1024;

export type KeysetIntent = 'planned' | 'activate' | 'rollback' | 'emergency';

export interface HeldVersions {
  current?: SecretValue;
  previous?: SecretValue;
  /** Every other labelled version, newest first. */
  labelled?: readonly SecretValue[];
}

export interface Change {
  intent: KeysetIntent;
  /** rollback: the value whose primary key becomes primary again. */
  restore?: SecretValue;
  /** activate: the published key. */
  activateKid?: string;
  compromised: ReadonlySet<string>;
  /** A rotation of this secret was promoted before. */
  rotatedBefore: boolean;
  provenance: KeysetRotation;
  now: Date;
  random(bytes: number): Promise<Buffer>;
  /** planned: the keys that are proven unused and leave, of the keyset that the next one is made from. */
  leaving?(keyset: Keyset): Leaving;
}

export interface NextValueSettings extends KeysetSettings {
  acceptForSeconds?: number;
  /** Only a development environment may adopt a development fallback. */
  developmentFallbacks?: 'refused' | 'allowed';
}

/**
 * @throws TransitionRefusedError, KeysetLostError, KidCollisionError, ValueTooLargeError,
 *   DevelopmentFallbackError
 */
export async function nextValue(
  settings: NextValueSettings,
  versions: HeldVersions,
  change: Change,
): Promise<KeysetValue> {
  const step: Step = {
    now: change.now,
    rotation: change.provenance,
    compromised: change.compromised,
    ...(settings.acceptForSeconds === undefined
      ? {}
      : { acceptForSeconds: settings.acceptForSeconds }),
  };
  const keyset = await waysOn[change.intent](settings, versions, change, step);
  const value: KeysetValue = { shape: 'keyset', keyset, others: othersOf(versions, change) };
  const limit = change.intent === 'planned' ? plannedBytes : maximumValueBytes;
  const bytes = serializedBytes(value, settings);
  if (bytes > limit) {
    throw new ValueTooLargeError(
      `The next value would have ${bytes} bytes, allowed are ${limit}; prune keys that nothing uses.`,
    );
  }
  return value;
}

type WayOn = (
  settings: NextValueSettings,
  versions: HeldVersions,
  change: Change,
  step: Step,
) => Promise<Keyset>;

const waysOn: Record<KeysetIntent, WayOn> = {
  async planned(settings, versions, change, step) {
    const { current } = versions;
    if (current?.shape === 'keyset') {
      const complete = completed(current.keyset, versions, step);
      const kept = leave(complete, change.leaving?.(complete) ?? new Map(), change.now);
      return publish(kept, await newKey(settings, change), step);
    }
    assertNeverRotated(versions, change);
    if (current === undefined) {
      return firstKeyset(settings, await newKey(settings, change), step);
    }
    const found = developmentFallback(current.key.export());
    if (found !== undefined && settings.developmentFallbacks !== 'allowed') {
      throw new DevelopmentFallbackError(
        `The key in ${settings.field} is a development fallback (${found}); it is not adopted. ` +
          'Replace it as in an emergency: everybody who has read the repository knows it.',
      );
    }
    const adopted = await adopt(settings, current, change, step);
    return publish(adopted, await newKey(settings, change), step);
  },

  async activate(_settings, versions, change, step) {
    const keyset = completed(currentKeyset(versions, change), versions, step);
    if (change.activateKid === undefined) {
      throw new TransitionRefusedError(
        'activate names no key; it is called with the published kid.',
      );
    }
    return activate(keyset, change.activateKid, step);
  },

  async rollback(_settings, versions, change, step) {
    const keyset = completed(currentKeyset(versions, change), versions, step, change.restore);
    return rollback(keyset, restoreKid(keyset, change.restore ?? versions.previous), step);
  },

  async emergency(settings, versions, change, step) {
    const held = [
      versions.current,
      versions.previous,
      change.restore,
      ...(versions.labelled ?? []),
    ];
    const values = held.filter((value) => value !== undefined);
    const [base, ...others] = values.filter((value) => value.shape === 'keyset');
    const key = await newKey(settings, change);
    const plain = versions.current?.shape === 'plain' ? versions.current : undefined;
    if (base === undefined) {
      const oldest = plain ?? values.find((value) => value.shape === 'plain');
      return oldest === undefined
        ? firstKeyset(settings, key, step)
        : emergency(await adopt(settings, oldest, change, step), key, step);
    }
    // A plain value written over a keyset may already have sealed rows.
    const stray = plain && (await adopt(settings, plain, change, step));
    const keysets = others.map(({ keyset }) => keyset);
    const everything = union(base.keyset, stray ? [...keysets, stray] : keysets, change.now);
    return emergency(everything, key, step);
  },
};

/** The kid the restored value had as primary; of a plain value, the kid its key was adopted under. */
function restoreKid(keyset: Keyset, restore: SecretValue | undefined): string {
  if (restore === undefined) {
    throw new TransitionRefusedError('There is no earlier version to go back to.');
  }
  if (restore.shape === 'keyset') {
    return primaryOf(restore.keyset).kid;
  }
  const adopted = keyset.keys.find(({ key }) => key?.equals(restore.key));
  if (adopted === undefined) {
    const gone = keyset.keys.find((entry) => entry.adopted && isTombstone(entry.state));
    if (gone !== undefined) {
      throw new TransitionRefusedError(
        `Key ${gone.kid} cannot become primary: it is ${gone.state}, and the plain value to restore has no other.`,
      );
    }
    throw keysetLost('AWSCURRENT lacks the key of the plain value to restore');
  }
  return adopted.kid;
}

function completed(
  keyset: Keyset,
  { previous, labelled = [] }: HeldVersions,
  step: Step,
  restore?: SecretValue,
): Keyset {
  const others = [...labelled, ...(restore === undefined ? [] : [restore])]
    .filter((value) => value.shape === 'keyset')
    .map((value) => value.keyset);
  assertNothingLost(keyset, previous?.shape === 'keyset' ? previous.keyset : undefined, others);
  return withWithdrawn(keyset, others, step.now);
}

function currentKeyset(versions: HeldVersions, change: Change): Keyset {
  if (versions.current?.shape === 'keyset') {
    return versions.current.keyset;
  }
  assertNeverRotated(versions, change);
  throw new TransitionRefusedError(
    `${change.intent} needs a keyset; the secret was never rotated. Run a planned rotation first.`,
  );
}

/** A plain value, or the marker of a new secret, beside an older keyset is a loss, not a beginning. */
function assertNeverRotated(versions: HeldVersions, change: Change): void {
  const older = [versions.previous, change.restore, ...(versions.labelled ?? [])];
  const marker = versions.current === undefined;
  if (
    change.rotatedBefore ||
    older.some((value) => value?.shape === 'keyset' || (marker && value !== undefined))
  ) {
    throw keysetLost(
      `AWSCURRENT is ${marker ? 'uninitialised' : 'a plain value'} and lacks the keys`,
    );
  }
}

async function adopt(
  settings: NextValueSettings,
  { key }: PlainValue,
  change: Change,
  step: Step,
): Promise<Keyset> {
  return adoptedKeyset(settings, key.export(), kidFromRandom(await change.random(8)), step);
}

async function newKey(settings: NextValueSettings, change: Change): Promise<Buffer> {
  return keyFromRandom(await change.random(randomBytesNeeded(settings)), settings);
}

/** Members of the application: those of the newest value that has some. */
function othersOf(versions: HeldVersions, change: Change): OtherMembers {
  const value = versions.current ?? versions.previous ?? change.restore ?? versions.labelled?.[0];
  return value?.others ?? new Map();
}
