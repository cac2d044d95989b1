/**
 * Somebody leaves: everything that person could read rotates, as planned rotations outside of the window, so that
 * nobody is logged out. The preflight of each secret says when it may start; what is refused is remembered and asked
 * for again every hour, and told after a day.
 *
 * A rotation that was under way before may have been read as well: it is waited for, and another one follows.
 */
import type { ManifestSecret } from '../../domain/config/manifest.ts';
import type { WaitingRecord } from '../../domain/events/control-records.ts';
import type { Offboarding, TriggeredSecret } from '../../domain/events/triggers.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import {
  currentVersion,
  pendingVersion,
  previousVersion,
  type VersionIdsToStages,
} from '../../domain/policy/labels.ts';
import { askForRotation } from '../../doors/ask-for-rotation.ts';
import { adoptCommand } from './by-hand.ts';
import { TriggerRefusedError } from './errors.ts';
import { failureIn, type Handling, known, reasonOf, secretsNamed } from './handling.ts';
import type { Arrival } from './parse-trigger.ts';
import { tell } from './tell.ts';

const day = 86_400_000;
const waits: readonly string[] = ['waiting', 'failed'];

/** @throws TriggerRefusedError */
export async function offboarding(
  handling: Handling,
  arrival: Arrival,
  asked: Offboarding,
): Promise<readonly TriggeredSecret[]> {
  const { doors, manifest, settings, deployment } = handling;
  const people = settings.people ?? {};
  const keys = Object.hasOwn(people, asked.person) ? people[asked.person] : undefined;
  if (keys === undefined) {
    throw new TriggerRefusedError(
      'ERR_ROTATION_TRIGGER_UNKNOWN_PERSON',
      'The event names a person the configuration does not know; expected one of triggers.offboarding.people. Nothing was rotated: add what that person could read and send it under a new id.',
    );
  }
  if ((await known(doors, asked.id, arrival)) === 'handled') return [];
  const now = doors.clock.now().toISOString();
  const begun = (await doors.records.getWaiting()).find(({ requestId }) => requestId === asked.id);
  const waiting: WaitingRecord = {
    requestId: asked.id,
    person: asked.person,
    ...(arrival.by.account && { account: arrival.by.account }),
    ...(asked.reason !== undefined && { reason: asked.reason }),
    since: now,
    secrets: [...keys],
    ...(begun?.asked && { asked: begun.asked }),
    told: false,
  };
  // Before anything is asked for: whoever dies from here on is caught up with by the hourly tick.
  await doors.records.putWaiting(waiting);
  const outcomes = await askEach(handling, secretsNamed(manifest, keys), waiting);
  const needsPerson = outcomes.some(({ state }) => state === 'person');
  await tell(doors, {
    deployment,
    trigger: 'offboarding',
    by: arrival.by,
    requestId: asked.id,
    person: asked.person,
    ...(asked.reason !== undefined && { reason: asked.reason }),
    outcome: needsPerson ? 'open' : 'accepted',
    secrets: outcomes,
  });
  await doors.records.putTrigger(asked.id, {
    trigger: 'offboarding',
    eventId: arrival.eventId,
    at: now,
    done: true,
    secrets: outcomes,
  });
  // Last: whoever is asked again after a crash finds there what was asked for, and tells the same.
  await keep(handling, waiting, outcomes);
  return outcomes;
}

/** The hourly tick: what still waits is asked for again. */
export async function askAgain(handling: Handling): Promise<number> {
  const { doors, manifest, deployment } = handling;
  let left = 0;
  for (const waiting of await doors.records.getWaiting()) {
    // A secret that left the deployment since waits for nobody.
    const secrets = manifest.secrets.filter(({ key }) => waiting.secrets.includes(key));
    const outcomes = await askEach(handling, secrets, waiting);
    const open = outcomes.filter(({ state }) => waits.includes(state));
    left += open.length;
    const late = doors.clock.now().getTime() - new Date(waiting.since).getTime() >= day;
    const tellNow = open.length > 0 && late && !waiting.told;
    if (tellNow) {
      const { requestId, person, account, reason } = waiting;
      await tell(
        doors,
        {
          deployment,
          trigger: 'offboarding',
          by: { source: 'bus', ...(account !== undefined && { account }) },
          requestId,
          person,
          ...(reason !== undefined && { reason }),
          outcome: 'open',
          secrets: outcomes,
        },
        'a day',
      );
    }
    await keep(handling, { ...waiting, told: waiting.told || tellNow }, outcomes);
  }
  return left;
}

async function keep(
  { doors }: Handling,
  waiting: WaitingRecord,
  outcomes: readonly TriggeredSecret[],
): Promise<void> {
  const secrets = outcomes.filter(({ state }) => waits.includes(state)).map(({ key }) => key);
  if (secrets.length === 0) await doors.records.removeWaiting(waiting.requestId);
  else await doors.records.putWaiting({ ...waiting, secrets });
}

async function askEach(
  handling: Handling,
  secrets: readonly ManifestSecret[],
  waiting: WaitingRecord,
): Promise<TriggeredSecret[]> {
  const outcomes: TriggeredSecret[] = [];
  for (const secret of secrets) {
    try {
      outcomes.push(await ask(handling, secret, waiting));
    } catch (error) {
      outcomes.push({
        key: secret.key,
        name: secret.name,
        state: 'failed',
        ...failureIn(error),
      });
    }
  }
  return outcomes;
}

async function ask(
  { doors, manifest }: Handling,
  secret: ManifestSecret,
  waiting: WaitingRecord,
): Promise<TriggeredSecret> {
  const { requestId, reason, person } = waiting;
  const about = { key: secret.key, name: secret.name };
  if (secret.kind === 'userManaged') {
    const message = `nothing here can make its value (${secret.purpose.slice(0, 256)}): its owners change it where it is issued`;
    return { ...about, state: 'person', message };
  }
  if (!secret.armed) {
    const message =
      'it is not armed: nothing rotates it yet. Change it where it is used, or adopt it';
    return { ...about, state: 'person', message, command: adoptCommand(secret, manifest) };
  }
  const description = await doors.secretsManager.describe(secret.name);
  const stages = description.versionIdsToStages;
  const before = waiting.asked?.[secret.key];
  // The answer was lost: it is under way, or over and what is current was made by it. Once is enough.
  if (before !== undefined && isOf(stages, before)) {
    return { ...about, state: 'rotating', versionId: before };
  }
  const current = currentVersion(stages) ?? 'none';
  // One that failed for good is asked for anew in the next hour.
  const at = doors.clock.now().toISOString().slice(0, 13);
  const token = derivedToken('offboarding', secret.name, requestId, current, at);
  waiting.asked = { ...waiting.asked, [secret.key]: token };
  await doors.records.putWaiting(waiting);
  const asked = await askForRotation(doors, secret, description, {
    token,
    requestedBy: 'trigger: offboarding',
    reason: reasonOf(`offboarding of ${person}`, reason),
  });
  if (asked.outcome === 'started') {
    return { ...about, state: 'rotating', versionId: asked.token };
  }
  return {
    ...about,
    state: 'waiting',
    ...(asked.outcome === 'refused'
      ? { code: asked.refusal.code, message: asked.refusal.message.slice(0, 1024) }
      : { code: 'ERR_ROTATION_IN_PROGRESS', message: 'another rotation began a moment ago' }),
  };
}

/** AWSPREVIOUS: its published key is activated by now. */
const isOf = (stages: VersionIdsToStages, token: string): boolean =>
  [pendingVersion(stages), currentVersion(stages), previousVersion(stages)].includes(token);
