/** Which consumers get to the new value next, from what is recorded of them: none is dealt with twice in a round. */
import { consumersOf, nextWave as waveAfter } from '../../../domain/policy/rounds.ts';
import type { AfterRotationDoors } from '../doors.ts';
import { NoAfterRotationError } from '../errors.ts';
import { expectedIn } from '../expected.ts';
import { type Progress, progressSchema } from '../progress.ts';
import { rotatingSecret } from '../rotating-secret.ts';
import { assertStillOurs } from '../still-ours.ts';

const over = { done: true, pauseSeconds: 0, consumers: [] };

export async function nextWave(
  doors: AfterRotationDoors,
  execution: string,
  given: unknown,
): Promise<Progress> {
  const progress = progressSchema.parse(given);
  await assertStillOurs(doors, execution, progress);
  const { results: _results, well: _well, ...rest } = progress;
  const { secretArn, secretName, versionId, activation, intent } = progress;
  const { round, rolledOutAs = versionId } = progress;
  const manifest = await doors.manifest();
  const secret = rotatingSecret(manifest, secretName);
  const published = await doors.controlTable.getAfterRotation(secretName, versionId);
  const activated =
    activation === null
      ? undefined
      : await doors.controlTable.getAfterRotation(secretName, activation);
  if (published === undefined || round === undefined) {
    throw new NoAfterRotationError(secretName, versionId);
  }
  // Resumed after the key came into use: consumers hold the version of its activation by now.
  const isPast = round === 'publish' && activated !== undefined;
  if (manifest.rollout === undefined || isPast) return { ...rest, wave: over };

  const wave = waveAfter({
    round,
    consumers: consumersOf(round, secret, manifest.consumers),
    waves: manifest.rollout.waves,
    records: await doors.rolloutRecords.getRollouts(secretName, rolledOutAs),
    now: doors.clock.now(),
  });
  if (wave === undefined) return { ...rest, wave: over };
  const expected = expectedIn(round, secret, published, activated ?? published);
  return {
    ...rest,
    wave: {
      done: false,
      // What they hold is closed or revoked: waiting protects nobody.
      pauseSeconds: intent === 'emergency' ? 0 : wave.pauseSeconds,
      consumers: wave.consumers.map((consumer) => ({
        secretArn,
        secretName,
        versionId: rolledOutAs,
        intent,
        round,
        consumer,
        expected,
        afterRotation: execution,
      })),
    },
  };
}
