/** The answer in a sentence, and how long it took against what is aimed at. */
import type { IncidentReport } from '../../events/incident-report.ts';
import type { Told } from './build.ts';
import { deadAt } from './standing.ts';
import { isOpen, length, plural, secondsBetween } from './words.ts';

/** Old credentials dead within five minutes, everything over within the hour (docs/incident-report.md). */
const targetSeconds = { dead: 300, over: 3600 } as const;

type Overview = IncidentReport['overview'];

export function overviewOf(told: Told): Overview {
  const { facts, secrets } = told;
  const { emergency, drilled, now } = facts;
  const exposed = secrets.filter((secret) => secret.exposed);
  const dead = exposed.filter(({ standing }) => standing === 'dead').length;
  const readableOnly = exposed.filter(({ standing }) => standing === 'readableOnly').length;
  const at = emergency.drill ? undefined : deadAt(facts.secrets);
  const { startedAt, endedAt } = emergency;
  return {
    words: emergency.drill
      ? ofDrill(told)
      : sentence(exposed.length, dead, readableOnly, startedAt, at),
    exposed: exposed.length,
    dead,
    readableOnly,
    notProven: emergency.drill ? [] : notProvenOf(exposed),
    untilDead: {
      targetSeconds: targetSeconds.dead,
      ...(at !== undefined && { at, seconds: secondsBetween(startedAt, at) }),
      ...(drilled && { expectedSeconds: drilled.deadWithinSeconds }),
    },
    untilOver: {
      targetSeconds: targetSeconds.over,
      ...(endedAt !== undefined && { at: endedAt }),
      seconds: secondsBetween(startedAt, endedAt ?? now.toISOString()),
      ...(drilled && { expectedSeconds: drilled.overWithinSeconds }),
    },
  };
}

function sentence(
  exposed: number,
  dead: number,
  readableOnly: number,
  startedAt: string,
  at: string | undefined,
): string {
  const reading =
    readableOnly === 0
      ? ''
      : ` ${plural(readableOnly, 'encryption key')} can still read what ${readableOnly === 1 ? 'it' : 'they'} sealed.`;
  if (dead + readableOnly < exposed) {
    return `NOT every exposed credential is proven dead: ${dead} of ${exposed}.${reading}`;
  }
  const when =
    at === undefined ? '' : `, ${length(secondsBetween(startedAt, at))} after the beginning`;
  if (dead === 0) return `Nothing is sealed with what was exposed any more${when}.${reading}`;
  return `${dead === 1 ? 'The exposed credential is' : `All ${dead} exposed credentials are`} proven dead${when}.${reading}`;
}

const ofDrill = ({ outcome, problems, facts: { drilled } }: Told): string =>
  problems.length > 0
    ? `An emergency would NOT go through as it is: ${plural(drilled?.findings || problems.length, 'finding')}.`
    : outcome === 'closed'
      ? 'Every right and connection that an emergency would use was there.'
      : 'The drill did not come to its end.';

export const notProvenOf = (
  secrets: readonly Pick<
    IncidentReport['secrets'][number],
    'key' | 'standing' | 'words' | 'notProven'
  >[],
): string[] =>
  secrets
    .filter(isOpen)
    .flatMap(({ key, words, notProven }) =>
      notProven.length === 0
        ? [`${key}: ${words}`]
        : notProven.map(({ where, why }) => `${key}: ${where}: ${why}`),
    );
