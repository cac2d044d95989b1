/**
 * A value is out: the named secrets rotate at once, unattended, as an emergency, each at most once in
 * `perSecretHours`. What an emergency does without a person is the protective part:
 *
 * jwt         every session ends, tokens of every earlier key are refused
 * encryption  a new key is primary, the leaked ones stay readable, rows follow online
 * database    the leaked credential is refused, its sessions end
 *
 * No consumer is stopped. Where that would not do, a person is told what to run:
 *
 * 1. its owners change it where it is issued (userManaged)
 * 2. it is not armed, or was never adopted: nothing rotates it yet
 * 3. encryption whose readers know one key, or whose rows move with consumers stopped: a new primary would make rows
 *    unreadable for them
 * 4. it was rotated for another exposure a moment ago: whoever reports may be the one who reads
 *
 * Taken first, whatever comes of it, so that a flood is one rotation a secret; then compromised material is recorded,
 * then the intent, then the way is cleared, then RotateSecret: each of them may be done twice.
 */
import type { ManifestSecret, RotatedManifestSecret } from '../../domain/config/manifest.ts';
import type { ExposureRecord } from '../../domain/events/control-records.ts';
import type { Exposure, TriggeredSecret } from '../../domain/events/triggers.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import { currentVersion } from '../../domain/policy/labels.ts';
import type { SecretDescription } from '../../doors/secrets-manager.ts';
import { adoptCommand, emergencyCommand } from './by-hand.ts';
import { NotEverythingAskedError, TriggerRefusedError } from './errors.ts';
import { failureIn, type Handling, known, reasonOf, secretsNamed } from './handling.ts';
import type { Arrival } from './parse-trigger.ts';
import { tell } from './tell.ts';

const hour = 3_600_000;

/** @throws TriggerRefusedError, NotEverythingAskedError */
export async function exposure(
  handling: Handling,
  arrival: Arrival,
  asked: Exposure,
): Promise<readonly TriggeredSecret[]> {
  const { doors, manifest, deployment } = handling;
  const secrets = secretsNamed(manifest, asked.secrets);
  if ((await known(doors, asked.id, arrival)) === 'handled') return [];

  const outcomes: TriggeredSecret[] = [];
  let taken = 0;
  for (const secret of secrets) {
    const standing = await take(handling, secret, arrival, asked);
    taken += standing === undefined ? 1 : 0;
    const outcome =
      standing === undefined
        ? await protect(handling, secret, arrival, asked)
        : tooSoon(handling, secret, standing);
    // Whoever reports it next need not wait for what came to nothing.
    if (outcome.state === 'failed') await take(handling, secret, arrival, asked, 'failed');
    outcomes.push(outcome);
  }
  const by = { ...arrival.by, ...(asked.reportedBy && { reportedBy: asked.reportedBy }) };
  if (taken === 0) {
    throw new AllTooSoonError(outcomes, by);
  }
  const failed = outcomes.filter(({ state }) => state === 'failed');
  // Told first: whoever dies in between tells it again, under the same id.
  if (failed.length === 0 || (await isFirstFailure(doors, arrival))) {
    await tell(
      doors,
      {
        deployment,
        trigger: 'exposure',
        by,
        requestId: asked.id,
        ...(asked.reason !== undefined && { reason: asked.reason }),
        outcome: 'accepted',
        secrets: outcomes,
      },
      asked.id,
      ...outcomes.map(({ key, state }) => `${key} ${state}`),
    );
  }
  await doors.records.putTrigger(asked.id, {
    trigger: 'exposure',
    eventId: arrival.eventId,
    at: doors.clock.now().toISOString(),
    done: failed.length === 0,
    secrets: outcomes,
  });
  if (failed.length > 0) {
    throw new NotEverythingAskedError(failed.map(({ key, code = 'unknown' }) => ({ key, code })));
  }
  return outcomes;
}

/** Nothing of it was new: with what came of each secret, for whoever is told. */
export class AllTooSoonError extends TriggerRefusedError {
  readonly secrets: readonly TriggeredSecret[];
  readonly by: Arrival['by'];
  constructor(secrets: readonly TriggeredSecret[], by: Arrival['by']) {
    const which = secrets.map(({ message }) => message).join('; ');
    super('ERR_ROTATION_TRIGGER_TOO_SOON', `Nothing was rotated: ${which}`.slice(0, 1024));
    this.secrets = secrets;
    this.by = by;
  }
}

/** A flood over a secret that cannot be asked for is told once an hour; every event is tried, and in the log. */
async function isFirstFailure(
  { records, clock }: Handling['doors'],
  { eventId }: Arrival,
): Promise<boolean> {
  const at = clock.now().toISOString();
  const told = { at, eventId };
  return (
    (await records.putRefusal(
      'ERR_ROTATION_TRIGGER_NOT_EVERYTHING_ASKED',
      at.slice(0, 13),
      told,
    )) === 'stored'
  );
}

/** @returns the exposure that has it; undefined: this one does, now or since an earlier run */
function take(
  { doors, settings }: Handling,
  { name }: ManifestSecret,
  { eventId }: Arrival,
  { id }: Exposure,
  state: ExposureRecord['state'] = 'taken',
): Promise<ExposureRecord | undefined> {
  const now = doors.clock.now();
  const hours = settings.exposure?.perSecretHours ?? 6;
  return doors.records.putExposure(
    name,
    {
      requestId: id,
      eventId,
      state,
      at: now.toISOString(),
      until: new Date(now.getTime() + hours * hour).toISOString(),
    },
    (standing) =>
      standing.state === 'failed' ||
      (standing.requestId === id && standing.eventId === eventId) ||
      new Date(standing.until).getTime() <= now.getTime(),
  );
}

function tooSoon(
  { manifest }: Handling,
  secret: ManifestSecret,
  { at, until }: ExposureRecord,
): TriggeredSecret {
  return {
    key: secret.key,
    name: secret.name,
    state: 'person',
    code: 'ERR_ROTATION_TRIGGER_TOO_SOON',
    message: `${secret.key} was taken for another exposure at ${at}; expected none until ${until}. A person decides whether the value after that is out, too`,
    ...(secret.kind !== 'userManaged' && { command: emergencyCommand(secret, manifest) }),
  };
}

async function protect(
  handling: Handling,
  secret: ManifestSecret,
  arrival: Arrival,
  asked: Exposure,
): Promise<TriggeredSecret> {
  const { doors } = handling;
  const about = { key: secret.key, name: secret.name };
  try {
    const unsafe = personFor(handling, secret);
    if (unsafe !== undefined) return { ...about, state: 'person', ...unsafe };
    const rotated = secret as RotatedManifestSecret;
    const description = await doors.secretsManager.describe(secret.name);
    const stages = description.versionIdsToStages;
    const token = derivedToken('exposure', secret.name, asked.id);
    // An earlier run of this event came as far as that.
    if (stages[token] !== undefined) {
      return { ...about, state: 'rotating', versionId: token };
    }
    await recordCompromised(handling, rotated, description, asked);
    await doors.controlTable.putIntent(secret.name, {
      intent: 'emergency',
      token,
      requestedBy: `trigger: ${asked.reportedBy ?? `account ${arrival.by.account ?? 'unknown'}`}`,
      reason: reasonOf('exposure', asked.reason),
      at: doors.clock.now().toISOString(),
    });
    await doors.functions.invoke(rotated.function, {
      operation: 'preempt',
      token,
      owner: 'triggers',
    });
    const answer = await doors.secretsManager.rotate({
      secretId: description.arn,
      clientRequestToken: token,
    });
    if (answer === 'inProgress') {
      return {
        ...about,
        state: 'failed',
        code: 'ERR_ROTATION_IN_PROGRESS',
        message:
          'another rotation began in between; it is preempted and asked for again in a minute',
      };
    }
    return { ...about, state: 'rotating', versionId: token };
  } catch (error) {
    const manifest = handling.manifest;
    return {
      ...about,
      state: 'failed',
      ...failureIn(error),
      ...(secret.kind !== 'userManaged' && { command: emergencyCommand(secret, manifest) }),
    };
  }
}

function personFor(
  { manifest }: Handling,
  secret: ManifestSecret,
): Pick<TriggeredSecret, 'code' | 'message' | 'command'> | undefined {
  if (secret.kind === 'userManaged') {
    return {
      message: `nothing here can make its value (${secret.purpose.slice(0, 256)}): its owners revoke it where it is issued and put a new one`,
    };
  }
  if (!secret.armed) {
    return {
      code: 'ERR_ROTATION_NOT_ARMED',
      message: 'it is not armed: nothing rotates it yet. Change it where it is used, or adopt it',
      command: adoptCommand(secret, manifest),
    };
  }
  if (
    secret.kind === 'encryption' &&
    (secret.readers === 'scalar' || secret.reencryption?.mode === 'maintenance')
  ) {
    return {
      code: 'ERR_ROTATION_NEEDS_MAINTENANCE',
      message:
        'its readers know one key, or its rows move with consumers stopped: stop its consumers first, then rotate',
      command: emergencyCommand(secret, manifest),
    };
  }
  return undefined;
}

/**
 * What the labelled versions used, as far as our rotations recorded it. What an adopted secret held before is not
 * known here by any id; an emergency refuses it all the same.
 */
async function recordCompromised(
  { doors }: Handling,
  { name }: RotatedManifestSecret,
  { versionIdsToStages }: SecretDescription,
  asked: Exposure,
): Promise<void> {
  const current = currentVersion(versionIdsToStages);
  const records = await doors.controlTable.getAfterRotations(name);
  const labelled = records.filter(({ versionId }) => versionIdsToStages[versionId] !== undefined);
  const materials = labelled.flatMap(({ versionId, primary, publishedKid, replaced }) => [
    primary,
    publishedKid,
    versionId === current ? replaced : undefined,
  ]);
  for (const material of new Set(materials)) {
    if (material === undefined) continue;
    await doors.controlTable.putCompromised(name, {
      material,
      at: doors.clock.now().toISOString(),
      recordedBy: 'trigger: exposure',
      reason: reasonOf(asked.id, asked.reason),
    });
  }
}
