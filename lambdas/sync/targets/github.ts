/**
 * A secret of GitHub Actions, at least once: what is in it cannot be read, so nobody knows whether it holds the value
 * already. What can be read is that it was changed.
 */
import { readCredential } from '../credential.ts';
import type { SyncTargetOf } from '../environment.ts';
import { ReadBackError } from '../errors.ts';
import type { MakeCopy } from './copy.ts';

/** As long as anybody's token is, and nothing that could end a header or is a JSON document. */
const token = /^[A-Za-z0-9_.-]{10,1024}$/;

/** A read may miss the write before it; times are whole seconds. */
const pausesMilliseconds = [1_000, 2_000];

export const copyToGitHub: MakeCopy<SyncTargetOf<'github'>> = async (doors, { target, text }) => {
  const { gitHub, clock } = doors;
  const credential = await readCredential(doors, target.token, 'a token of GitHub', token);
  const before = await gitHub.updatedAt(target, credential);
  const outcome = await gitHub.put(target, credential, text);
  let after = await gitHub.updatedAt(target, credential);
  for (const pause of pausesMilliseconds) {
    if (isLater(after, before)) break;
    await clock.sleep(pause);
    after = await gitHub.updatedAt(target, credential);
  }
  if (after === undefined || !isLater(after, before)) {
    throw new ReadBackError(`its updated_at is still ${after ?? 'absent'}`);
  }
  return { wrote: true, outcome, readBack: 'updatedAt', updatedAt: after };
};

const isLater = (after: string | undefined, before: string | undefined): boolean =>
  after !== undefined && (before === undefined || Date.parse(after) > Date.parse(before));
