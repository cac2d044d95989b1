/** Follows a rotation to its very end: what follows it, and the rollback that may take it back. */
import type { RotationReport, Seen } from '../../domain/reports/rotation-report.ts';
import type { OpenDeployment, Terminal } from '../command.ts';
import { commandsFor } from '../status/commands.ts';
import { follow } from './follow.ts';
import type { Ending, Following, Happening } from './happening.ts';
import { type Outcome, outcomeOf, rolledBackOutcome } from './outcome.ts';
import { lines, list, type Progress } from './progress.ts';

export interface Watching {
  readonly terminal: Terminal;
  /** Standard output is a document's alone. */
  readonly json: boolean;
  readonly say: (line: string) => void;
}

export interface Followed {
  readonly outcome: Outcome;
  readonly seen: Seen;
  readonly rollback?: RotationReport['rollback'];
}

export async function followToEnd(
  deployment: OpenDeployment,
  following: Following,
  watching: Watching,
): Promise<Followed> {
  const { outcome, seen, ending } = await followOne(deployment, following, watching);
  if (ending.kind !== 'rolledBack') return { outcome, seen };

  const { rollback } = ending;
  const by = rollback.consumer === undefined ? '' : ` because ${rollback.consumer} is not well`;
  watching.say(
    `Rotation ${following.token} is taken back${by}: ${rollback.reason ?? 'no reason recorded'}`,
  );
  watching.say(`Rollback ${rollback.versionId} has begun.`);
  const { known: _met, ...same } = following;
  const back = await followOne(deployment, { ...same, token: rollback.versionId }, watching);
  return {
    outcome: rolledBackOutcome(rollback, back.outcome, following, commandsFor(deployment)),
    seen,
    rollback: { ...rollback, ...back.seen },
  };
}

async function followOne(
  deployment: OpenDeployment,
  following: Following,
  { terminal, json, say }: Watching,
): Promise<{ outcome: Outcome; seen: Seen; ending: Ending }> {
  const progress = terminal.stream && !json ? list(terminal.stream) : lines(say);
  const happened = await tellAll(follow(deployment, following), progress);
  const ending = happened.at(-1) as Ending;
  const seen = seenIn(happened);
  return {
    outcome: outcomeOf(ending, following, seen.promoted, commandsFor(deployment)),
    seen,
    ending,
  };
}

async function tellAll(
  happenings: AsyncIterable<Happening>,
  progress: Progress,
): Promise<Happening[]> {
  const happened: Happening[] = [];
  for await (const happening of happenings) {
    happened.push(happening);
    progress.tell(happening);
  }
  await progress.done();
  return happened;
}

function seenIn(happened: readonly Happening[]): Seen {
  const steps: Seen['steps'] = [];
  const consumers = new Map<string, Seen['consumers'][number]>();
  let activation: Seen['activation'];
  let failure: Seen['failure'];
  for (const happening of happened) {
    switch (happening.kind) {
      case 'step': {
        const { step, outcome, milliseconds } = happening;
        steps.push({ step, outcome, milliseconds });
        break;
      }
      case 'consumer': {
        const { kind: _kind, ...news } = happening;
        consumers.set(`${news.round} ${news.consumer}`, news);
        break;
      }
      case 'activation':
        activation = { versionId: happening.versionId, kid: happening.kid };
        break;
      case 'failed':
      case 'givenUp':
        failure = happening.failure;
        break;
    }
  }
  return {
    steps,
    promoted: happened.some(({ kind }) => kind === 'promoted'),
    consumers: [...consumers.values()],
    ...(activation && { activation }),
    ...(failure && { failure }),
  };
}
