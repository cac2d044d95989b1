/**
 * Follows an emergency from outside, by its records: the machine works on it whether anybody looks or not, and so
 * whoever comes later, or after their terminal was closed, sees the same.
 *
 * It is over when its record says so and its execution has ended. It has died when no execution is at work and its
 * record says that one is; another execution under the same id goes on with it.
 */
import type { OpenDeployment } from '../command.ts';
import type { Happening } from './happening.ts';
import { type Followed, type Look, lookAt } from './look.ts';
import { newsOf } from './news.ts';

/** As fast as a person reads at first; what follows the first minutes takes longer. */
const pause = (lookedFor: number): number => (lookedFor < 10 * 60_000 ? 1_000 : 5_000);
/** "eventually consistent" (API_DescribeExecution): what was started may not be seen yet, nor an end recorded. */
const unseenFor = 15_000;
/** Silence for this long is explained. */
const silence = 15_000;

/** Yields what happens as it happens; the last is an `Ending`. @returns what was seen last */
export async function* follow(
  deployment: OpenDeployment,
  followed: Followed,
  interrupted: AbortSignal,
): AsyncGenerator<Happening, Look> {
  const { clock } = deployment;
  const aborted = new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve();
    else interrupted.addEventListener('abort', () => resolve(), { once: true });
  });
  const began = clock.now().getTime();
  const told = new Set<string>();
  let newsAt = began;
  let aliveAt = began;

  for (;;) {
    const look = await lookAt(deployment, followed);
    const now = clock.now().getTime();
    let silent = now - newsAt >= silence;
    for (const [name, happening] of newsOf(look, followed.since)) {
      if (told.has(name)) continue;
      told.add(name);
      newsAt = now;
      silent = false;
      yield happening;
    }
    if (look.live !== false) aliveAt = now;
    if (isOver(look, followed)) {
      yield { kind: 'over' };
      return look;
    }
    if (look.live === false && now - aliveAt >= unseenFor) {
      yield { kind: 'died' };
      return look;
    }
    if (interrupted.aborted) {
      yield { kind: 'interrupted' };
      return look;
    }
    const words = silent ? waitsFor(look) : undefined;
    if (words !== undefined && !told.has(words)) {
      told.add(words);
      yield { kind: 'waiting', words };
    }
    await Promise.race([clock.sleep(pause(now - began)), aborted]);
  }
}

function isOver({ head, live }: Look, { execution }: Followed): boolean {
  if (head === undefined || head.state === 'running' || live === true) return false;
  // Of another execution that was just started, the record may still tell how the one before ended.
  return execution === undefined || head.execution === execution;
}

function waitsFor({ head, stages, secrets }: Look): string | undefined {
  if (head === undefined) return 'the machine has begun, and nothing is recorded yet';
  const running = stages.find(({ state }) => state === 'running');
  if (running === undefined) return undefined;
  const { stage } = running;
  if (stage !== 'protect' && stage !== 'protectOthers') return `${stage} is at work`;
  const under = secrets.filter(
    ({ exposed, state }) =>
      exposed === (stage === 'protect') &&
      (state === 'waiting' || state === 'asked' || state === 'promoted'),
  );
  return under.length === 0
    ? `${stage} is at work`
    : `${stage} is at work: ${under.map(({ key, state }) => `${key} ${next[state as keyof typeof next]}`).join(', ')}`;
}

const next = {
  waiting: 'is about to be asked for',
  asked: 'goes through its four steps',
  promoted: 'has its old credential tried',
} as const;
