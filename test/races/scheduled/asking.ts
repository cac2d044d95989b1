/** Races of those who ask for a rotation: the schedule, a person at the console, a person who writes by hand. */
import type { Manifest } from '../../../domain/config/manifest.ts';
import { tick } from '../../../lambdas/cadence/tick.ts';
import { recordedBus, recordedExecutions, recordedMetrics } from '../../doors/recorded.ts';
import { pharmacy, signingSecret } from '../../lambdas/pharmacy.ts';
import { broken } from '../invariants.ts';
import type { Place, Race } from '../race.ts';
import { type Outcome, unwrap } from '../schedule.ts';
import { secretName } from '../world.ts';
import { firstTo, onePromotion } from './steps.ts';

const manifest: Manifest = {
  ...pharmacy,
  secrets: [signingSecret('secret', secretName)],
  consumers: [],
};

/** The tick of an hour in which the secret is overdue. */
async function cadence({ world }: Place) {
  const bus = recordedBus();
  const { secretsManager, controlTable, clock, log } = world.doorsOf('cadence');
  const doors = {
    secretsManager: {
      ...secretsManager,
      // The tags of a deployment are CloudFormation's, and there is none here.
      listTagged: async () => [await world.secrets.describe(world.secretArn)],
    },
    controlTable,
    stepFunctions: recordedExecutions(),
    eventBus: bus,
    metrics: recordedMetrics(),
    clock,
    log,
  };
  const summary = await tick(doors, manifest, { afterRotation: 'after-rotation' });
  return { summary, alarms: bus.events.length };
}

type Ticked = Awaited<ReturnType<typeof cadence>>;

/** 86 of 90 days: inside the lead. It was announced, and the hour that was said has come. */
async function due(place: Place): Promise<void> {
  const { world } = place;
  await world.pass(86 * 86_400_000);
  const { summary } = await cadence(place);
  const plannedAt = summary.results[0]?.plannedAt;
  await world.clock.advanceTo(new Date(plannedAt ?? broken('prepared', JSON.stringify(summary))));
}

/** Who came second says so, and no more: a rotation is under way, as wished. */
function withoutAlarm(outcomes: ReadonlyMap<string, Outcome>): string {
  const { summary } = unwrap<Ticked>(outcomes.get('cadence'));
  const [result] = summary.results;
  if (result === undefined || result.finding) {
    broken('alarm', JSON.stringify(result ?? 'the cadence has no result'));
  }
  return String(result?.done);
}

export const cadenceAgainstConsole: Race = {
  name: 'the cadence against a RotateSecret of the console',
  kinds: ['jwt'],
  held: ['cadence', 'service'],
  calls: 30,
  prepare: due,
  participants: (place) => [
    { name: 'cadence', run: () => cadence(place) },
    {
      name: 'console',
      after: place.after,
      // Nothing says who asks: the console writes no record.
      run: () =>
        place.world.doorsOf('console').secretsManager.rotate({
          secretId: place.world.secretArn,
          clientRequestToken: place.world.nextToken(),
        }),
    },
  ],
  judge(place, outcomes) {
    const done = withoutAlarm(outcomes);
    const answer = unwrap<string>(outcomes.get('console'));
    const [first] = place.watch.promotions;
    onePromotion(place, first?.to ?? 'a new version');
    const won = { cadence: done === 'rotationStarted', console: answer === 'started' };
    // Both are started where the second comes when the first is over: its own preflight refuses it then.
    const winner = firstTo(place, 'RotateSecret') === 'console' ? 'console' : 'cadence';
    if (!won[winner]) broken('winner', `cadence ${done}, console ${answer}`);
    return winner;
  },
  ways: ['cadence', 'console'],
};

/** The same text again: what a person does who believes that this resets something. */
export const cadenceAgainstPut: Race = {
  name: 'the cadence against a PutSecretValue by hand',
  kinds: ['multiUser'],
  held: ['cadence', 'service', 'person'],
  calls: 110,
  prepare: due,
  participants: (place) => [
    { name: 'cadence', run: () => cadence(place) },
    {
      name: 'person',
      after: place.after,
      async run() {
        const { world } = place;
        const { AWSCURRENT = '' } = await world.labels();
        const SecretString = await world.valueOf(AWSCURRENT);
        await world.request('person', 'PutSecretValue', {
          SecretId: world.secretArn,
          ClientRequestToken: world.nextToken(),
          SecretString,
        });
      },
    },
  ],
  judge(place, outcomes) {
    // What it finds wrong is the write by hand, and that is right.
    unwrap<Ticked>(outcomes.get('cadence'));
    const moves = place.watch.promotions.length;
    if (moves < 1 || moves > 2) broken('winner', `${moves} promotions`);
    return firstTo(place, 'UpdateSecretVersionStage AWSCURRENT') === 'nobody' || moves === 1
      ? 'person'
      : 'both';
  },
  ways: ['person', 'both'],
};
