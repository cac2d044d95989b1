/**
 * Before a major deployment: what is named, or due within so many days, rotates now as planned. The pipeline reads
 * what was asked for under its id and waits for it (`quarterturn gate`). A rotation that is under way already is the
 * one to wait for; what is refused is told there and not tried again, because somebody waits for the answer.
 */
import type { ManifestSecret } from '../../domain/config/manifest.ts';
import type { DeploymentTrigger, TriggeredSecret } from '../../domain/events/triggers.ts';
import { ageOf } from '../../domain/policy/age.ts';
import { derivedToken } from '../../domain/policy/derived-token.ts';
import { datesOf } from '../../domain/policy/due.ts';
import { currentVersion, rotationInProgress } from '../../domain/policy/labels.ts';
import { askForRotation } from '../../doors/ask-for-rotation.ts';
import { ageFactsOf } from '../../doors/secret-facts.ts';
import { adoptCommand } from './by-hand.ts';
import { failureIn, type Handling, known, reasonOf, replayed, secretsNamed } from './handling.ts';
import type { Arrival } from './parse-trigger.ts';
import { tell } from './tell.ts';

const day = 86_400_000;

/** @throws TriggerRefusedError */
export async function deploy(
  handling: Handling,
  arrival: Arrival,
  asked: DeploymentTrigger,
): Promise<readonly TriggeredSecret[]> {
  const { doors, manifest, deployment } = handling;
  const secrets =
    asked.secrets === undefined
      ? manifest.secrets.filter(({ kind }) => kind !== 'userManaged')
      : secretsNamed(manifest, asked.secrets);
  const before = await known(doors, asked.id, arrival);
  if (before === 'handled') return [];
  // Told again it says the same, whatever has become of a rotation since.
  const recorded = before === 'begun' ? await doors.records.getTrigger(asked.id) : undefined;
  const outcomes =
    (recorded?.secrets as TriggeredSecret[] | undefined) ??
    (await askEach(handling, secrets, asked));
  const record = {
    trigger: 'deployment' as const,
    eventId: arrival.eventId,
    at: doors.clock.now().toISOString(),
    secrets: outcomes,
  };
  // Whose id it is first; that it is done when it was told, too.
  const other = await doors.records.putTrigger(asked.id, { ...record, done: false });
  if (other !== undefined) throw replayed(asked.id, other.at, other.eventId);
  await tell(doors, {
    deployment,
    trigger: 'deployment',
    by: arrival.by,
    requestId: asked.id,
    ...(asked.reason !== undefined && { reason: asked.reason }),
    outcome: 'accepted',
    // A large deployment's undue secrets say nothing.
    secrets: outcomes.filter(({ state }) => state !== 'notDue').slice(0, 50),
  });
  await doors.records.putTrigger(asked.id, { ...record, done: true });
  return outcomes;
}

async function askEach(
  handling: Handling,
  secrets: readonly ManifestSecret[],
  asked: DeploymentTrigger,
): Promise<TriggeredSecret[]> {
  const outcomes: TriggeredSecret[] = [];
  for (const secret of secrets) {
    try {
      outcomes.push(await ask(handling, secret, asked));
    } catch (error) {
      outcomes.push({ key: secret.key, name: secret.name, state: 'refused', ...failureIn(error) });
    }
  }
  return outcomes;
}

async function ask(
  { doors, manifest }: Handling,
  secret: ManifestSecret,
  { id, withinDays, reason }: DeploymentTrigger,
): Promise<TriggeredSecret> {
  const about = { key: secret.key, name: secret.name };
  if (secret.kind === 'userManaged') {
    const message = `nothing here can make its value (${secret.purpose.slice(0, 256)}): its owners change it`;
    return { ...about, state: 'person', message };
  }
  const description = await doors.secretsManager.describe(secret.name);
  const stages = description.versionIdsToStages;
  if (withinDays !== undefined) {
    const { rotateAt } = datesOf(secret, ageOf(await ageFactsOf(doors, secret, description)));
    const until = doors.clock.now().getTime() + withinDays * day;
    // What has no age is nothing to call fresh: its preflight says what is wrong with it.
    if (rotateAt !== undefined && rotateAt.getTime() > until) return { ...about, state: 'notDue' };
  }
  if (!secret.armed) {
    const message = 'it is not armed: nothing rotates it yet';
    return {
      ...about,
      state: 'person',
      code: 'ERR_ROTATION_NOT_ARMED',
      message,
      command: adoptCommand(secret, manifest),
    };
  }
  const current = currentVersion(stages) ?? 'none';
  const asked = await askForRotation(doors, secret, description, {
    token: derivedToken('deployment', secret.name, id, current),
    requestedBy: 'trigger: deployment',
    reason: reasonOf(`before deployment ${id}`, reason),
  });
  if (asked.outcome === 'started') return { ...about, state: 'rotating', versionId: asked.token };
  const { code, message } =
    asked.outcome === 'refused'
      ? asked.refusal
      : { code: 'ERR_ROTATION_IN_PROGRESS', message: 'another rotation began a moment ago' };
  const underWay = {
    ERR_ROTATION_IN_PROGRESS: rotationInProgress(
      (await doors.secretsManager.describe(secret.name)).versionIdsToStages,
    ),
    ERR_ROTATION_AFTER_ROTATION_PENDING: currentVersion(stages),
  }[code as string];
  return underWay === undefined
    ? { ...about, state: 'refused', code, message: message.slice(0, 1024) }
    : { ...about, state: 'following', versionId: underWay, code };
}
