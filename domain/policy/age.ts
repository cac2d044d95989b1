/** Since when the material of a secret is in use, read from staging labels; values are never read. */
import {
  currentVersion,
  dateLabelsOf,
  parseDateLabel,
  previousVersion,
  type VersionIdsToStages,
} from './labels.ts';
import type { AfterRotationOfCurrent } from './preflight.ts';

export interface AgeFacts {
  readonly origin: 'new' | 'adopted';
  readonly versionIdsToStages: VersionIdsToStages;
  /** Since when the material of an adopted secret is in use; counts until its first date label. */
  readonly adoptedMaterialSince?: string | undefined;
  /** The AfterRotation of AWSCURRENT; absent when no rotation of ours made that version. */
  readonly afterRotation?: AfterRotationOfCurrent | undefined;
  /** Its owners change it, and wrote it themselves before it had an inbox. */
  readonly asNeeded?: boolean;
  readonly now: Date;
}

export interface Age {
  readonly since?: Date | undefined;
  readonly problem?: string | undefined;
  readonly unmanaged?: boolean;
  readonly uninitialised?: boolean;
}

/**
 * 1. AWSCURRENT carries a date label: that instant (of several, the oldest: too early is the safe error).
 * 2. Our rotation made AWSCURRENT and its label is still on its way: AWSPREVIOUS's label. Once the
 *    AfterRotation is finished the label has arrived, so a missing one is lost.
 * 3. Other versions carry date labels, but no rotation made AWSCURRENT: an unmanaged write; the age
 *    continues from the last label. Of a new secret without AWSPREVIOUS: no value yet, a first one was given up.
 * 4. Nothing was ever labelled: an adopted secret counts from its adoption; a new one without
 *    AWSPREVIOUS has no value yet; a new one with AWSPREVIOUS was written by somebody else, which is right where
 *    its owners did so before it had an inbox.
 */
export function ageOf(facts: AgeFacts): Age {
  const stages = facts.versionIdsToStages;
  const current = currentVersion(stages);
  if (current === undefined) return { problem: 'no version carries AWSCURRENT' };

  const own = datesOf([current], facts);
  if (own.oldest !== undefined) return { since: own.oldest };

  const previous = previousVersion(stages);
  const all = datesOf(Object.keys(stages), facts);
  if (all.problem !== undefined) return all;
  const ours = facts.afterRotation?.versionId === current ? facts.afterRotation : undefined;
  if (all.newest !== undefined) {
    if (ours === undefined) {
      // AWSPREVIOUS follows every move of AWSCURRENT: without it there was none, and the label is that of a first
      // value that was given up before it was promoted.
      const neverMoved = facts.origin === 'new' && previous === undefined;
      return neverMoved ? { uninitialised: true } : { since: all.newest, unmanaged: true };
    }
    // Without AWSPREVIOUS nothing is carried: AWSCURRENT has no label here.
    const carried = datesOf([previous ?? current], facts).oldest;
    if (carried !== undefined && ours.state !== 'finished') {
      return { since: carried };
    }
    return {
      since: all.newest,
      problem: `the date label of version ${current} is lost; expected rotated-<instant> on AWSCURRENT. Attach it again from the audit event of that rotation`,
    };
  }

  if (facts.origin === 'adopted') return adoptionAge(facts);
  if (ours !== undefined)
    return { problem: `version ${current} was rotated, but no version carries a date label` };
  if (previous === undefined) return { uninitialised: true };
  return facts.asNeeded === true ? {} : { unmanaged: true };
}

function adoptionAge({ adoptedMaterialSince, now }: AgeFacts): Age {
  if (adoptedMaterialSince === undefined) return {};
  const since = new Date(adoptedMaterialSince);
  if (!(since.getTime() <= now.getTime())) {
    return {
      problem: `the adoption record says "${adoptedMaterialSince}"; expected an instant in the past`,
    };
  }
  return { since };
}

function datesOf(versionIds: readonly string[], { versionIdsToStages, now }: AgeFacts) {
  const found: Date[] = [];
  for (const label of versionIds.flatMap((id) => dateLabelsOf(id, versionIdsToStages))) {
    const parsed = parseDateLabel(label, now);
    if (!parsed.ok) return { problem: parsed.problem };
    found.push(parsed.at);
  }
  found.sort((a, b) => a.getTime() - b.getTime());
  return { oldest: found[0], newest: found.at(-1) };
}
