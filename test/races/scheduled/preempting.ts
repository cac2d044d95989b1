/** Races of those who preempt a rotation that is under way: a rollback, an emergency, the AfterRotation of another. */
import { askForRollBack, type RollBackDoors } from '../../../doors/ask-for-roll-back.ts';
import { broken } from '../invariants.ts';
import type { Place, Race } from '../race.ts';
import { unwrap } from '../schedule.ts';
import { secretName } from '../world.ts';
import { ask, messageOf } from './steps.ts';

/** As the terminal and AfterRotation ask for it. */
export function rollBack({ world, before }: Place, restoreVersionId: string, token: string) {
  const { secretsManager, controlTable, clock } = world.doorsOf('rollback');
  const invoke = world.functionOf('rollback');
  const doors: RollBackDoors = {
    secretsManager,
    controlTable,
    clock,
    functions: { invoke: (_name, request) => invoke(request) },
  };
  const at = clock.now().toISOString();
  const until = new Date(clock.now().getTime() + 72 * 3_600_000).toISOString();
  return askForRollBack(doors, {
    functionName: 'rotation',
    secretArn: world.secretArn,
    secretName,
    current: before,
    token,
    requestedBy: 'on-call',
    restoreVersionId,
    hold: { reason: 'rolled back', at, until },
  });
}

/** What is recorded as leaked before anything else: the material of every labelled version that was in use. */
async function recordCompromised({ world }: Place): Promise<void> {
  const { controlTable } = world.doorsOf('emergency');
  for (const { primary, publishedKid } of await controlTable.getAfterRotations(secretName)) {
    for (const material of [primary, publishedKid]) {
      if (material === undefined) continue;
      await controlTable.putCompromised(secretName, {
        material,
        at: world.clock.now().toISOString(),
        recordedBy: 'emergency',
      });
    }
  }
}

/** Tries of RotateSecret, and pauses of seconds between them, as the machine of an emergency makes them. */
const tries = 6;

export async function emergency(place: Place, token: string): Promise<string> {
  const { world } = place;
  const { controlTable, secretsManager, clock } = world.doorsOf('emergency');
  await recordCompromised(place);
  const intent = world.intent('emergency', token, { owner: 'emergency#1' });
  await controlTable.putIntent(secretName, intent);
  await world.functionOf('emergency')({
    operation: 'preempt',
    token,
    owner: 'emergency#1',
    minutes: 120,
  });
  for (let attempt = 0; attempt < tries; attempt++) {
    const answer = await secretsManager.rotate({
      secretId: world.secretArn,
      clientRequestToken: token,
    });
    if (answer === 'started') return answer;
    await clock.sleep(5_000);
  }
  return 'inProgress';
}

/** AWSCURRENT is the emergency's, and nothing that leaked works any more. */
export async function onlyTheNewWorks({ world, room }: Place, token: string): Promise<void> {
  const { AWSCURRENT } = await world.labels();
  if (AWSCURRENT !== token) broken('emergency', `${AWSCURRENT} is AWSCURRENT, expected ${token}`);
  const compromised = await world.control.getCompromised(secretName);
  const after = await world.control.getAfterRotation(secretName, token);
  if (after?.primary === undefined || compromised.has(after.primary)) {
    broken('emergency', 'leaked material is primary');
  }
  for (const versionId of Object.keys(await world.stages())) {
    const text = await world.valueOf(versionId);
    if (versionId === token || room.kind !== 'singleUser' || text === undefined) continue;
    if (room.cluster?.accepts(JSON.parse(text)) === true) {
      broken('emergency', `the credential of ${versionId} still logs in`);
    }
  }
}

/** What followed the version that was replaced has ended, also where that one was promoted only just before. */
async function nobodyElseFollows({ world, watch }: Place, token: string): Promise<void> {
  const records = await world.control.getAfterRotations(secretName);
  const replaced = new Set(watch.promotions.map(({ to }) => to).filter((to) => to !== token));
  const going = records.filter(
    ({ versionId, state }) => replaced.has(versionId) && (state === 'due' || state === 'running'),
  );
  for (const { versionId, state } of going) {
    broken('after', `what follows ${versionId}, which was replaced, is ${state}`);
  }
}

export const rollBackAgainstFinish: Race = {
  name: 'a rollback against a running finishSecret',
  kinds: ['jwt', 'singleUser'],
  held: ['rollback', 'service'],
  calls: 70,
  participants: (place) => {
    const planned = place.world.nextToken();
    return [
      { name: 'caller', run: () => ask(place, 'caller', planned) },
      {
        name: 'rollback',
        after: place.after,
        async run() {
          const { AWSPREVIOUS = '' } = await place.world.labels();
          const token = place.world.nextToken();
          return { token, restored: AWSPREVIOUS, took: await rollBack(place, AWSPREVIOUS, token) };
        },
      },
    ];
  },
  async judge(place, outcomes) {
    const { world, watch } = place;
    const outcome = outcomes.get('rollback');
    const { AWSCURRENT } = await world.labels();
    if (outcome?.status === 'rejected') {
      const code = (outcome.reason as { code?: string }).code;
      // AWSCURRENT moved before the way was cleared: what was to be rolled back from is no longer in use.
      if (code !== 'ERR_ROTATION_BASE_MOVED') broken('refusal', messageOf(outcome));
      if (watch.promotions.length !== 1) broken('winner', `${watch.promotions.length} promotions`);
      return 'finish';
    }
    const { token, restored } = unwrap<{ token: string; restored: string }>(outcome);
    const [first] = watch.promotions;
    if (AWSCURRENT !== token) {
      broken('winner', `${AWSCURRENT} is AWSCURRENT after a rollback that was taken`);
    }
    const [now, then] = await Promise.all(
      [token, restored].map((id) => world.control.getAfterRotation(secretName, id)),
    );
    if (now?.primary === undefined || now.primary !== then?.primary) {
      broken('winner', 'what became current is not what was asked for');
    }
    await nobodyElseFollows(place, token);
    return first?.to === token ? 'rollback' : 'finish, then rollback';
  },
  ways: ['finish', 'rollback'],
  // finishSecret looked for a lease before this one stood, and promoted after the rollback had looked at AWSCURRENT.
  // The rollback is based on what it finds then, and what was asked for becomes current.
  rareWays: ['finish, then rollback'],
};

export const emergencyDuringSteps: Race = {
  name: 'an emergency during each of the four steps',
  kinds: ['jwt', 'singleUser', 'multiUser'],
  held: ['emergency', 'service'],
  calls: 80,
  participants: (place) => {
    const planned = place.world.nextToken();
    const token = place.world.nextToken();
    tokens.set(place.world, token);
    return [
      { name: 'caller', run: () => ask(place, 'caller', planned) },
      { name: 'emergency', after: place.after, run: () => emergency(place, token) },
    ];
  },
  async judge(place, outcomes) {
    const answer = unwrap<string>(outcomes.get('emergency'));
    if (answer !== 'started') broken('emergency', `RotateSecret was answered ${answer}`);
    const token = tokens.get(place.world) ?? '';
    await onlyTheNewWorks(place, token);
    await nobodyElseFollows(place, token);
    return place.watch.promotions.length === 1 ? 'emergency alone' : 'planned first';
  },
  ways: ['emergency alone', 'planned first'],
};

const tokens = new WeakMap<Place['world'], string>();
