/** What a look shows, as happenings under names: each is told once. */
import type { Manifest } from '../../domain/config/manifest.ts';
import type { RolloutRecord, Round } from '../../domain/events/rollout.ts';
import { consumersOf, nextWave } from '../../domain/policy/rounds.ts';
import { type Following, type Happening, stepNames } from './happening.ts';
import type { Look } from './look.ts';

type News = readonly [name: string, happening: Happening];

export function* newsOf(
  look: Look,
  promoted: boolean,
  { manifest, secret, now }: { manifest: Manifest; now: Date } & Pick<Following, 'secret'>,
): Generator<News> {
  const { record, after, rollouts, activation } = look;
  for (const step of stepNames) {
    const done = record?.steps[step];
    if (done === undefined) continue;
    const { outcome, milliseconds } = done;
    yield [step, { kind: 'step', step, outcome, milliseconds }];
  }
  if (!promoted) return;
  yield ['promoted', { kind: 'promoted' }];
  if (after?.state === 'due' || after?.state === 'running') {
    const { state, publishedKid } = after;
    yield [
      `afterRotation ${state}`,
      { kind: 'afterRotation', state, ...(publishedKid !== undefined && { publishedKid }) },
    ];
  }
  const published = rollouts.filter(({ round }) => round === 'publish');
  yield* consumerNews(published);
  if (activation !== undefined) {
    const { versionId, kid } = activation;
    yield ['activation', { kind: 'activation', state: 'begun', versionId, kid }];
    if (activation.promoted) {
      yield ['activated', { kind: 'activation', state: 'promoted', versionId, kid }];
    }
  }
  yield* consumerNews(rollouts.filter(({ round }) => round !== 'publish'));
  if (after?.state === 'running') yield* pauseNews(rollouts, { manifest, secret, now });
}

function* consumerNews(rollouts: readonly RolloutRecord[]): Generator<News> {
  const inOrder = rollouts.toSorted((a, b) => a.at.localeCompare(b.at));
  for (const record of inOrder) {
    const { consumer, round, state, startedAt, at, proof, reason } = record;
    yield [
      // One that is begun again after a person resumed is told again.
      `${round} ${consumer} ${startedAt} ${state}`,
      {
        kind: 'consumer',
        consumer,
        round,
        state,
        milliseconds: Date.parse(at) - Date.parse(startedAt),
        restarted: wasRestarted(record),
        ...(proof && { proof }),
        ...(reason && { reason }),
      },
    ];
  }
}

/** The instant is written down before the platform is asked, which may refuse. */
export const wasRestarted = ({ state, restartedAt, restart }: RolloutRecord): boolean =>
  restartedAt !== undefined && !(state === 'failed' && restart === undefined);

/** By the rule AfterRotation decides by, over the records it reads. */
function* pauseNews(
  records: readonly RolloutRecord[],
  { manifest, secret, now }: { manifest: Manifest; now: Date } & Pick<Following, 'secret'>,
): Generator<News> {
  const round = latestRound(records);
  const ofRound = records.filter((record) => record.round === round);
  // While one is at work nobody waits; and after one that failed nobody knows yet what comes.
  const atRest = ofRound.length > 0 && ofRound.every(({ state }) => state === 'healthy');
  if (manifest.rollout === undefined || round === undefined || !atRest) return;
  const consumers = consumersOf(round, secret, manifest.consumers);
  const wave = nextWave({ round, consumers, waves: manifest.rollout.waves, records, now });
  if (wave === undefined || wave.pauseSeconds === 0) return;
  const until = new Date(now.getTime() + wave.pauseSeconds * 1_000);
  yield [
    `pause ${round} ${wave.consumers.join()}`,
    { kind: 'pause', round, consumers: wave.consumers, until },
  ];
}

const latestRound = (records: readonly RolloutRecord[]): Round | undefined =>
  records.toSorted((a, b) => b.at.localeCompare(a.at))[0]?.round;
