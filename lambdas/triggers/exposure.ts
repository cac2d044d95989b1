/**
 * A value is out: one emergency of the named secrets begins at once, unattended, each secret at most once in
 * `perSecretHours`. What an emergency does with nobody deciding is the protective part, and no consumer is stopped:
 *
 * jwt         every session ends, tokens of every earlier key are refused
 * encryption  a new key is primary, the leaked ones stay readable, rows follow online
 * database    the leaked credential is refused, its sessions end
 *
 * Where that would not do, a person is told what to run:
 *
 * 1. the configuration leaves such events to people (`triggers.exposure.unattended`)
 * 2. its owners change it where it is issued (userManaged)
 * 3. it is not armed, or was never adopted: nothing rotates it yet
 * 4. encryption whose readers know one key, or whose rows move with consumers stopped: a new primary would make rows
 *    unreadable for them
 * 5. it was changed for another exposure a moment ago: whoever reports may be the one who reads
 *
 * What an emergency that is running has taken already is left to that one; where that one has changed it, what came
 * with it may be out, and a person decides.
 *
 * Taken first, whatever comes of it, so that a flood is one emergency; then the event is on record, then the machine
 * is started under a name that the same event always gives: each of them may be done twice.
 */
import type { ManifestSecret } from '../../domain/config/manifest.ts';
import type { ExposureRecord } from '../../domain/events/control-records.ts';
import type { Exposure, TriggeredSecret } from '../../domain/events/triggers.ts';
import { emergencyId, startEmergency, underWay } from './emergency.ts';
import { NotEverythingAskedError, TriggerRefusedError } from './errors.ts';
import { failureIn, type Handling, known, reasonOf, replayed, secretsNamed } from './handling.ts';
import { leftToPeople } from './left-to-people.ts';
import { begun, failed, following, personFor, tooSoon } from './outcomes.ts';
import type { Arrival } from './parse-trigger.ts';
import { tell } from './tell.ts';

const hour = 3_600_000;

/** @throws TriggerRefusedError, NotEverythingAskedError */
export async function exposure(
  handling: Handling,
  arrival: Arrival,
  asked: Exposure,
): Promise<readonly TriggeredSecret[]> {
  const { doors, manifest } = handling;
  const secrets = secretsNamed(manifest, asked.secrets);
  if ((await known(doors, asked.id, arrival)) === 'handled') return [];
  if (!mayBegin(handling, arrival)) return leftToPeople(handling, arrival, asked, secrets);

  const running = await underWay(
    doors,
    secrets.map(({ key }) => key),
  );
  const at = await firstSeenAt(handling, arrival, asked);
  const id = emergencyId(handling.deployment, asked.id, at);
  const outcomes: TriggeredSecret[] = [];
  let taken = 0;
  for (const secret of secrets) {
    const other = running.get(secret.key);
    if (other !== undefined && other.id !== id) {
      outcomes.push(following(handling, secret, other, asked));
      continue;
    }
    const standing = await take(handling, secret, arrival, asked);
    taken += standing === undefined ? 1 : 0;
    outcomes.push(
      standing === undefined
        ? (personFor(handling, secret, asked) ?? begun(secret, id))
        : tooSoon(handling, secret, standing, asked),
    );
  }
  if (taken === 0) {
    throw new AllTooSoonError(outcomes, byOf(arrival, asked));
  }
  const failure = await begin(handling, arrival, asked, { id, at, outcomes });
  const settled = outcomes.map((outcome) =>
    outcome.state === 'emergency' && failure !== undefined
      ? failed(handling, outcome, asked, failure)
      : outcome,
  );
  await keep(handling, arrival, asked, { at, outcomes: settled });
  return settled;
}

const mayBegin = ({ settings }: Handling, { by }: Arrival): boolean =>
  settings.exposure?.unattended.some((source) => source === by.source) ?? false;

const byOf = ({ by }: Arrival, { reportedBy }: Exposure): Arrival['by'] => ({
  ...by,
  ...(reportedBy && { reportedBy }),
});

/** An earlier run of this event has its time on record: the id of its emergency is made of that. */
async function firstSeenAt(
  { doors }: Handling,
  { eventId }: Arrival,
  { id }: Exposure,
): Promise<string> {
  const record = await doors.records.getTrigger(id);
  return record?.eventId === eventId ? record.at : doors.clock.now().toISOString();
}

/** @returns why the machine could not be started */
async function begin(
  handling: Handling,
  arrival: Arrival,
  asked: Exposure,
  { id, at, outcomes }: { id: string; at: string; outcomes: readonly TriggeredSecret[] },
): Promise<ReturnType<typeof failureIn> | undefined> {
  const { doors, emergencyMachine = '' } = handling;
  const keys = outcomes.flatMap(({ key, state }) => (state === 'emergency' ? [key] : []));
  if (keys.length === 0) return undefined;
  const record = { trigger: 'exposure', eventId: arrival.eventId, at } as const;
  const other = await doors.records.putTrigger(asked.id, { ...record, done: false, secrets: [] });
  if (other !== undefined) {
    await release(handling, arrival, asked, keys);
    throw replayed(asked.id, other.at, other.eventId);
  }
  const { account = 'unknown' } = arrival.by;
  try {
    await startEmergency(doors, emergencyMachine, {
      id,
      secrets: keys,
      reason: reasonOf('exposure', asked.reason).slice(0, 512),
      requestedBy: `trigger: ${asked.reportedBy ?? `account ${account}`}`,
    });
    return undefined;
  } catch (error) {
    await release(handling, arrival, asked, keys);
    return failureIn(error);
  }
}

/** Whoever reports one of them next need not wait for what came to nothing. */
async function release(
  handling: Handling,
  arrival: Arrival,
  asked: Exposure,
  keys: readonly string[],
): Promise<void> {
  for (const secret of secretsNamed(handling.manifest, keys)) {
    await take(handling, secret, arrival, asked, 'failed');
  }
}

/** Told first: whoever dies in between tells it again, under the same id. @throws NotEverythingAskedError */
async function keep(
  { doors, deployment }: Handling,
  arrival: Arrival,
  asked: Exposure,
  { at, outcomes }: { at: string; outcomes: readonly TriggeredSecret[] },
): Promise<void> {
  const left = outcomes.filter(({ state }) => state === 'failed');
  if (left.length === 0 || (await isFirstFailure(doors, arrival))) {
    await tell(doors, {
      deployment,
      trigger: 'exposure',
      by: byOf(arrival, asked),
      requestId: asked.id,
      ...(asked.reason !== undefined && { reason: asked.reason }),
      outcome: 'accepted',
      secrets: [...outcomes],
    });
  }
  await doors.records.putTrigger(asked.id, {
    trigger: 'exposure',
    eventId: arrival.eventId,
    at,
    done: left.length === 0,
    secrets: [...outcomes],
  });
  if (left.length > 0) {
    throw new NotEverythingAskedError(left.map(({ key, code = 'unknown' }) => ({ key, code })));
  }
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

/** A flood over a machine that cannot be started is told once an hour; every event is tried, and in the log. */
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
